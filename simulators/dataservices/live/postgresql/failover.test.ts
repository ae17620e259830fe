import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { whyNoServer } from "./binaries.ts";
import { NODES, parentOf, Trio } from "./testing/trio.ts";

const whyNot = await whyNoServer();
if (whyNot !== undefined) process.stderr.write(`skipped: fail-over of real servers: ${whyNot}\n`);

/** A process that has ended, but has not been reaped by its parent yet, does not count. */
function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

/** A process and everything that it has started. */
const familyOf = (pid: number): readonly number[] => [
  pid,
  ...readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((each) => {
      try {
        return parentOf(each) === pid;
      } catch {
        return false;
      }
    }),
];

describe.skipIf(whyNot !== undefined)("three real servers", () => {
  let trio: Trio;

  beforeAll(async () => {
    trio = await Trio.open();
  });
  afterAll(async () => {
    await trio?.rig.close();
    // Sessions of the supervisor end with the servers that were killed.
    expect(trio?.rig.troubles.map(String).filter((each) => !/connection|terminat/i.test(each))).toEqual([]);
  });

  it("replicate: a replica shows what the primary acknowledged, and refuses writes in PostgreSQL's own words", async () => {
    const [primary = "", ...replicas] = NODES;
    expect(trio.primary).toBe(primary);
    await trio.query(primary, "CREATE TABLE t AS SELECT 1 AS x");
    for (const replica of replicas) {
      await trio.until(async () => (await trio.query(replica, "SELECT x FROM t")).length === 1);
      await expect(trio.query(replica, "INSERT INTO t VALUES (2)")).rejects.toMatchObject({ code: "25006" });
    }
  });

  it("are copies of the restored data, without anything that came after the backup", async () => {
    const primary = trio.primary ?? "";
    const dumped = await trio.rig.ask("POST", "/v1/dumps", undefined, primary);
    expect(dumped.status).toBe(200);
    const dump = new Uint8Array(await dumped.arrayBuffer());
    await trio.query(primary, "INSERT INTO t VALUES (99)");
    const restored = await trio.rig.ask("POST", "/v1/restores", dump, primary);
    expect([restored.status, await restored.json()]).toEqual([200, { restored: true }]);
    await trio.whole();
    expect(trio.primary).toBe(primary);
    for (const address of NODES) expect(await trio.query(address, "SELECT x FROM t")).toEqual([{ x: 1 }]);
    expect(await trio.query(primary, "INSERT INTO t VALUES (2) RETURNING x")).toEqual([{ x: 2 }]);
    await trio.query(primary, "DELETE FROM t WHERE x = 2");
  });

  it("have a new primary with everything that was acknowledged when the first one's VM is gone", async () => {
    trio.deleteVm(0);
    await expect(trio.connect(NODES[0] ?? "")).rejects.toBeInstanceOf(Error);
    await trio.until(async () => trio.primary !== undefined && trio.primary !== NODES[0]);
    expect(await trio.query(trio.primary ?? "", "INSERT INTO t VALUES (3) RETURNING x")).toEqual([{ x: 3 }]);
    await trio.boot(0);
    await trio.whole();
    expect(await trio.query(NODES[0] ?? "", "SELECT x FROM t ORDER BY x")).toEqual([{ x: 1 }, { x: 3 }]);
    await expect(trio.query(NODES[0] ?? "", "INSERT INTO t VALUES (4)")).rejects.toMatchObject({ code: "25006" });
  });

  it("have a new primary if the first hangs, but only once none of its processes is left", async () => {
    const old = trio.primary ?? "";
    const client = await trio.connect(old);
    const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
    const family = familyOf(parentOf(rows[0]?.pid ?? 0));
    expect(family.length).toBeGreaterThan(4);
    for (const pid of family) process.kill(pid, "SIGSTOP");
    await trio.until(async () => trio.primary !== undefined && trio.primary !== old);
    expect(family.filter(isAlive)).toEqual([]);
    await client.end().catch(() => {});
    await trio.whole();
  });
});
