import { describe, expect, it } from "vitest";
import { countsOf, deployGroups, fix, freeze, isUp, problems, scan } from "../testing/problems.ts";

describe("scan and fix", () => {
  it("works on the instances named by index or id, and on no others", async () => {
    const bench = await deployGroups(3);
    const all = [0, 1, 2].map((index) => bench.instance("x", "w", index));
    for (const each of all) bench.deleteVm(each);
    const task = fix(bench, { w: [0, all[2]?.id] });
    expect(task).toMatchObject({ state: "done", result: "scan and fix complete" });
    expect(countsOf(task, /^Scanning 2 VMs$/)).toBe("0 OK, 0 unresponsive, 2 missing, 0 unbound");
    expect(all.map((each) => isUp(bench, each))).toEqual([true, false, true]);
  });

  it("leaves problems of other instances open", async () => {
    const bench = await deployGroups();
    for (const index of [0, 1]) bench.deleteVm(bench.instance("x", "w", index));
    scan(bench);
    fix(bench, { w: [0] });
    expect(problems(bench).map(({ id }) => id)).toEqual([2]);
  });

  it("recreates the VM of a dead agent", async () => {
    const bench = await deployGroups();
    const instance = bench.instance("x", "w");
    const cid = instance.vm?.cid ?? "";
    freeze(bench, instance);
    expect(fix(bench, { w: [0] })).toMatchObject({ state: "done" });
    expect([bench.dummy.isAlive(cid), isUp(bench, instance)]).toEqual([false, true]);
  });

  it("repairs what it can, then reports the rest", async () => {
    const bench = await deployGroups();
    for (const index of [0, 1]) bench.deleteVm(bench.instance("x", "w", index));
    bench.kernel.faults.arm({ point: "cpi:create_vm", effect: { kind: "error", message: "no host" } });
    expect(fix(bench, { w: [0, 1] })).toMatchObject({
      state: "error",
      result: expect.stringContaining("with message 'no host' in 'create_vm'"),
    });
    expect(isUp(bench, bench.instance("x", "w", 1))).toBe(true);
  });

  it("leaves ignored instances alone", async () => {
    const bench = await deployGroups();
    const instance = bench.instance("x", "w");
    bench.deleteVm(instance);
    instance.ignore = true;
    expect(fix(bench, { w: [0] })).toMatchObject({ state: "done" });
    expect(instance.vm).toBeNull();
    bench.instance("x", "w", 1).ignore = true;
    expect(bench.json("PUT", "/deployments/x/scan_and_fix", { jobs: { w: [0] } })).toMatchObject({
      status: 404,
      json: { code: 70001, description: "No instances matched {ignore: false, deployment_id: 1}" },
    });
  });

  it("refuses an unknown instance, and everything while resurrection is paused", async () => {
    const bench = await deployGroups();
    expect(fix(bench, { w: [7] }).events).toMatchObject([{ error: { code: 70001, message: "'x/w/7' doesn't exist" } }]);
    bench.json("PUT", "/resurrection", { resurrection_paused: true });
    expect(bench.json("PUT", "/deployments/x/scan_and_fix", { jobs: { w: [0] } })).toMatchObject({
      status: 400,
      json: { code: 410004, description: "Resurrector is paused" },
    });
  });
});
