import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { setTimeout as sleep } from "node:timers/promises";
import { DATABASE, PASSWORD, USER } from "../testing/rig.ts";
import { findProgram } from "./program.ts";
import { type RespClient, textOf } from "./resp/client.ts";
import { RedisRig } from "./testing/rig.ts";

const program = findProgram();
if (program === undefined)
  process.stderr.write("skipped: groups of Redis servers: no redis-server 7 or valkey-server on the PATH\n");

const TEST_MS_MAX = 120_000;
const WAIT_MS_MAX = 30_000;

describe.skipIf(program === undefined)("a group of three Redis servers", { timeout: TEST_MS_MAX }, () => {
  let rig: RedisRig;
  let nodes: readonly string[];

  const primary = (): string => rig.services.primaryOf(DATABASE, "redis")?.address ?? "";
  const statusOf = async (address: string): Promise<string> => {
    const reply = await rig.ask("GET", "/v1/status", undefined, address).catch(() => undefined);
    return reply === undefined ? "gone" : ((await reply.json()) as { phase: string }).phase;
  };
  const until = async (isSo: () => Promise<boolean>): Promise<void> => {
    for (let waited = 0; waited < WAIT_MS_MAX; waited += 50) {
      if (await isSo().catch(() => false)) return;
      await sleep(50);
    }
    throw new Error(`not within ${WAIT_MS_MAX} ms: ${(await Promise.all(nodes.map(statusOf))).join(", ")}`);
  };
  const using = async <T>(address: string, work: (client: RespClient) => Promise<T>): Promise<T> => {
    const client = await rig.connect(USER, PASSWORD, address);
    try {
      return await work(client);
    } finally {
      client.end();
    }
  };
  const isWhole = async (): Promise<boolean> => {
    await using(primary(), (client) => client.ask("PING"));
    return String((await Promise.all(nodes.map(statusOf))).sort()) === "primary,replica,replica";
  };
  const deleteVm = (address: string): void => {
    const index = nodes.indexOf(address);
    const place = { deployment: DATABASE, index, bootstrap: index === 0, ip: address, diskCid: `disk-${address}` };
    rig.services.jobs.redis.stop({ ...place, properties: {} }, true);
  };

  beforeAll(async () => {
    rig = await RedisRig.open();
    const [net] = /^[\d.]*\./.exec(rig.address) ?? [];
    nodes = [rig.address, `${net}21`, `${net}22`];
    for (const index of [1, 2]) await rig.boot("redis", nodes[index] ?? "", index);
    await until(isWhole);
  }, TEST_MS_MAX);
  afterAll(async () => {
    await rig.close();
    expect(rig.troubles).toEqual([]);
  });

  it("replicates to every node, and its replicas refuse writes", async () => {
    await using(primary(), async (client) => {
      await client.ask("SET", "a", "1");
      expect(textOf(await client.ask("WAIT", "2", "5000"))).toBe("2");
    });
    for (const address of nodes)
      expect(await using(address, async (client) => textOf(await client.ask("GET", "a")))).toBe("1");
    const replica = nodes.find((address) => address !== primary()) ?? "";
    expect(textOf(await using(replica, (client) => client.send("SET", "a", "2")))).toMatch(/^READONLY/);
  });

  it("has the users of the instance on every node, and no others", async () => {
    await rig.ask("PUT", "/v1/credentials/u2", JSON.stringify({ password: "p2" }), primary());
    for (const address of nodes) (await rig.connect("u2", "p2", address)).end();
    const sessions = await Promise.all(nodes.map((address) => rig.connect("u2", "p2", address)));
    await rig.ask("DELETE", "/v1/credentials/u2", undefined, primary());
    await expect.poll(() => sessions.map(({ isOpen }) => isOpen)).toEqual([false, false, false]);
    for (const address of nodes) await expect(rig.connect("u2", "p2", address)).rejects.toThrow("WRONGPASS");
  });

  it("promotes a replica when the primary's VM is deleted; no write that WAIT confirmed is lost; the old node comes back as a replica", async () => {
    const old = primary();
    const confirmed: string[] = [];
    const writer = await rig.connect(USER, PASSWORD, old);
    const writing = (async () => {
      for (let at = 0; writer.isOpen; at++) {
        await writer.ask("SET", `w${at}`, String(at));
        if (Number(textOf(await writer.ask("WAIT", "1", "1000"))) > 0) confirmed.push(`w${at}`);
      }
    })().catch(() => {});
    await expect.poll(() => confirmed.length, { timeout: WAIT_MS_MAX }).toBeGreaterThan(200);
    const killedMs = performance.now();
    deleteVm(old);
    await writing;
    await until(
      async () =>
        primary() !== old &&
        primary() !== "" &&
        (await using(primary(), async (client) => textOf(await client.ask("SET", "after", "1")))) === "OK",
    );
    const withoutMs = performance.now() - killedMs;
    expect(withoutMs).toBeLessThan(WAIT_MS_MAX);
    await using(primary(), async (client) => {
      const reply = await client.ask("MGET", ...confirmed);
      const values = reply.type === "array" ? (reply.items ?? []).map(textOf) : [];
      expect(values).toEqual(confirmed.map((key) => key.slice(1)));
    });
    await rig.boot("redis", old, nodes.indexOf(old));
    await until(isWhole);
    expect(primary()).not.toBe(old);
    expect(await using(old, async (client) => textOf(await client.ask("GET", "after")))).toBe("1");
  });

  it("restores to all its nodes", async () => {
    const dump = new Uint8Array(await (await rig.ask("POST", "/v1/dumps", undefined, primary())).arrayBuffer());
    await using(primary(), (client) => client.ask("SET", "after", "2"));
    const reply = await rig.ask("POST", "/v1/restores", dump, primary());
    expect(reply.status).toBe(200);
    await until(isWhole);
    for (const address of nodes)
      expect(await using(address, async (client) => textOf(await client.ask("GET", "after")))).toBe("1");
  });
});
