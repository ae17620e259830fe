import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { howMany } from "../../../../scripts/tests/slice.ts";
import { whyNoServer } from "./binaries.ts";
import { NODES, Trio } from "./testing/trio.ts";
import { Writers } from "./testing/writers.ts";

const whyNot = await whyNoServer();
if (whyNot !== undefined) process.stderr.write(`skipped: writers under fail-over: ${whyNot}\n`);

/** One VM is deleted; in a whole run, a server is killed as well. */
const ROUNDS = Number(process.env.DRYDOCK_FAILOVERS ?? howMany(1, 2));

describe.skipIf(whyNot !== undefined)("applications that write while primaries die", () => {
  let trio: Trio;

  beforeAll(async () => {
    trio = await Trio.open();
    await trio.query(
      trio.primary ?? "",
      "CREATE TABLE ledger (key text PRIMARY KEY, node text DEFAULT inet_server_addr())",
    );
  });
  afterAll(async () => {
    await trio?.rig.close();
  });

  it("lose no acknowledged write, and find only one node at a time that accepts writes", async () => {
    const writers = new Writers(trio);
    const gaps: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const old = trio.primary ?? "";
      // Drawn, so that the kill falls anywhere between two writes.
      await new Promise((resolve) => setTimeout(resolve, 200 + Math.random() * 800));
      const index = NODES.indexOf(old);
      if (round % 2 === 0) trio.deleteVm(index);
      else await trio.killServer(old);
      await trio.until(async () => trio.primary !== undefined && trio.primary !== old);
      if (round % 2 === 0) await trio.boot(index);
      await trio.whole();
      gaps.push(writers.takeLongestGapMs());
    }
    await writers.stop();
    const rows = await trio.query(trio.primary ?? "", "SELECT key FROM ledger");
    const there = new Set(rows.map(({ key }) => String(key)));
    expect(writers.acknowledged.size).toBeGreaterThan(20 * ROUNDS);
    expect([...writers.acknowledged].filter((key) => !there.has(key))).toEqual([]);
    expect([...there].filter((key) => !writers.acknowledged.has(key) && !writers.unknown.has(key))).toEqual([]);
    expect(writers.doubled).toEqual([]);
    for (const address of NODES)
      expect(await trio.query(address, "SELECT count(*)::int AS n FROM ledger")).toEqual([{ n: there.size }]);
    process.stderr.write(
      `${ROUNDS} primaries killed: ${writers.acknowledged.size} writes acknowledged, 0 lost, ${writers.unknown.size} unknown; ` +
        `longest gap between acknowledged writes, ms: ${gaps.join(", ")}; by the journal: ${trio.journaledGapsMs().join(", ")}\n`,
    );
  });
});
