import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { basicHeader } from "../../../kernel/index.ts";
import { AGENT } from "../../testing.ts";
import type { Reply } from "../testing/rig.ts";
import { IS_WHOLE } from "../../../../scripts/tests/slice.ts";
import { whyNoServer } from "./binaries.ts";
import { PostgresqlRig } from "./testing/rig.ts";

const whyNot = await whyNoServer();
if (whyNot !== undefined) process.stderr.write(`skipped: moments on a real server: ${whyNot}\n`);

const TEST_MS_MAX = 240_000;
/** Far more than the difference between the clocks of a commit and of this process. */
const APART_MS = 50;

interface Collected {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly untilMs: number;
}

describe.skipIf(whyNot !== undefined)("a restore to a moment", { timeout: TEST_MS_MAX }, () => {
  let rig: PostgresqlRig;
  let dump: Uint8Array;
  let log: Collected;
  /** A moment between two writes. */
  let between = 0;
  let names = 0;
  beforeAll(async () => {
    rig = await PostgresqlRig.open({ continuous_archiving: true });
    await rig.using((client) => client.query("CREATE TABLE t AS SELECT 1 AS x"));
  }, TEST_MS_MAX);
  afterAll(async () => {
    await rig.close();
    expect(rig.troubles).toEqual([]);
  });

  const write = (x: number): Promise<unknown> => rig.using((client) => client.query(`INSERT INTO t VALUES (${x})`));
  const rows = (): Promise<readonly number[]> =>
    rig.using(async (client) =>
      (await client.query<{ x: number }>("SELECT x FROM t ORDER BY x")).rows.map(({ x }) => x),
    );
  const pause = async (): Promise<number> => {
    await sleep(APART_MS);
    const now = Date.now();
    await sleep(APART_MS);
    return now;
  };
  const dumpNow = async (): Promise<Uint8Array> => {
    const made = await rig.dump();
    if (!(made instanceof Uint8Array)) throw new Error(JSON.stringify(made));
    return made;
  };
  const collect = async (known: Collected["files"] = new Map()): Promise<Collected> => {
    const { files, until_ms: untilMs } = (await (await rig.ask("POST", "/v1/log")).json()) as {
      files: string[];
      until_ms: number;
    };
    const all = new Map(known);
    for (const file of files) {
      all.set(file, new Uint8Array(await (await rig.ask("GET", `/v1/log/${file}`)).arrayBuffer()));
      expect((await rig.ask("DELETE", `/v1/log/${file}`)).status).toBe(200);
    }
    return { files: all, untilMs };
  };
  const restore = async (
    from: Uint8Array,
    { files }: Collected,
    atMs: number,
    name = `r${++names}`,
  ): Promise<Reply> => {
    for (const [file, bytes] of files)
      expect((await rig.ask("PUT", `/v1/restores/${name}/log/${file}`, bytes)).status).toBe(200);
    const reply = await fetch(`http://${rig.address}:${AGENT.port}/v1/restores?at_ms=${atMs}`, {
      method: "POST",
      headers: { authorization: basicHeader(AGENT.username, AGENT.password), "idempotency-key": name },
      body: Uint8Array.from(from),
    });
    return { status: reply.status, body: await reply.json() };
  };

  it("shows the data exactly as of that write", async () => {
    dump = await dumpNow();
    await pause();
    await write(2);
    between = await pause();
    await write(3);
    await pause();
    log = await collect();
    expect(await restore(dump, log, between)).toEqual({ status: 200, body: { restored: true } });
    expect(await rows()).toEqual([1, 2]);
    expect(await restore(dump, log, log.untilMs)).toMatchObject({ status: 200 });
    expect(await rows()).toEqual([1, 2, 3]);
  });

  it("is done once for each name", async () => {
    expect(await restore(dump, log, between, "named")).toMatchObject({ status: 200 });
    await write(9);
    expect(await restore(dump, log, between, "named")).toMatchObject({ status: 200 });
    expect(await rows()).toEqual([1, 2, 9]);
    expect((await rig.ask("GET", "/v1/restores/named")).status).toBe(200);
    expect((await rig.ask("GET", "/v1/restores/never")).status).toBe(404);
  });

  it("is refused outside the range of the dump and the log, and changes nothing", async () => {
    const held = await rows();
    expect(await restore(dump, log, between - 3_600_000)).toMatchObject({ status: 422 });
    expect(await restore(dump, log, log.untilMs + 3_600_000)).toMatchObject({ status: 422 });
    const [first] = [...log.files].filter(([name]) => /^[0-9A-F]{24}$/.test(name)).toReversed();
    const gap = { ...log, files: new Map([...log.files].filter(([name]) => name !== first?.[0])) };
    expect(await restore(dump, gap, log.untilMs)).toMatchObject({ status: 422 });
    expect(await rows()).toEqual(held);
  });

  it.runIf(IS_WHOLE)("follows the branch on which the dump was made", async () => {
    await restore(dump, log, between);
    const later = await dumpNow();
    await write(4);
    const moment = await pause();
    await write(5);
    const branch = await collect();
    expect(await restore(later, branch, moment)).toMatchObject({ status: 200 });
    expect(await rows()).toEqual([1, 2, 4]);
    expect(await restore(dump, log, log.untilMs)).toMatchObject({ status: 200 });
    expect(await rows()).toEqual([1, 2, 3]);
  });
});
