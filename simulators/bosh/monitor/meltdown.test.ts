import { describe, expect, it } from "vitest";
import type { Instance } from "../state/deployments.ts";
import { deployGroups, endsOf, isUp, MINUTE_MS } from "../testing/monitor.ts";

describe("a meltdown", () => {
  const cases = [
    { total: 4, down: 4, melts: false },
    { total: 5, down: 4, melts: false },
    { total: 5, down: 5, melts: true },
    { total: 25, down: 5, melts: true },
    { total: 26, down: 5, melts: false },
  ];
  it.each(cases)(
    "of $down of $total instances: $melts",
    async ({ total, down, melts }) => {
      const bench = await deployGroups({ w: total });
      const { instances } = bench.bosh.state().deployments.get("x") ?? { instances: [] };
      for (const each of instances.slice(0, down)) bench.loseVm(each);
      bench.pass(6 * MINUTE_MS);
      expect(bench.alerts().includes("We are in meltdown")).toBe(melts);
      expect(endsOf(bench).length > 0).toBe(!melts);
      expect(instances.every((each) => isUp(bench, each))).toBe(!melts);
    },
    60_000,
  );

  it("ends ten minutes after the last alert, whoever repaired the VMs", async () => {
    const bench = await deployGroups({ w: 5 });
    const { instances } = bench.bosh.state().deployments.get("x") ?? { instances: [] };
    for (const each of instances) bench.loseVm(each);
    bench.pass(4 * MINUTE_MS);
    expect(bench.alerts()).toContain("We are in meltdown");
    const scan = bench.task(bench.send("POST", "/deployments/x/scans", { type: "application/json" }));
    expect(scan.state).toBe("done");
    const { json } = bench.send("GET", "/deployments/x/problems");
    const resolutions = Object.fromEntries((json as { id: number }[]).map(({ id }) => [id, null]));
    expect(bench.task(bench.json("PUT", "/deployments/x/problems", { resolutions })).result).toBe("5 resolved");
    const [first] = instances;
    bench.deleteVm(first as Instance);
    bench.pass(8 * MINUTE_MS);
    expect(first?.vm).toBeNull();
    bench.pass(6 * MINUTE_MS);
    expect(isUp(bench, first as Instance)).toBe(true);
  });
});
