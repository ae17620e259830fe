import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { setTimeout as sleep } from "node:timers/promises";
import { readAll, sealStream, streamOf } from "../../wire/dump-stream.ts";
import { redis, redisEmbedded } from "./engine.ts";
import { findProgram } from "./program.ts";
import { type RespClient, textOf } from "./resp/client.ts";
import { RedisRig } from "./testing/rig.ts";

const program = findProgram();
if (program === undefined)
  process.stderr.write("skipped: Redis instances: no redis-server 7 or valkey-server on the PATH\n");

/** A slow machine starts a server slowly. */
const TEST_MS_MAX = 60_000;

const SERVERS = [
  { served: "by a server of the machine", engine: redis, isEmbedded: false, isMissing: program === undefined },
  { served: "by our own engine", engine: redisEmbedded, isEmbedded: true, isMissing: false },
];

describe.each(SERVERS.filter(({ isMissing }) => !isMissing))("a Redis instance served $served", (served) => {
  const { engine, isEmbedded } = served;
  let rig: RedisRig;

  beforeAll(async () => {
    rig = await RedisRig.open({ maxmemory: "4mb", maxclients: 40 }, engine);
  }, TEST_MS_MAX);
  afterAll(async () => {
    await rig.close();
    expect(rig.troubles).toEqual([]);
  });

  const using = async <T>(work: (client: RespClient) => Promise<T>): Promise<T> => {
    const client = await rig.connect();
    try {
      return await work(client);
    } finally {
      client.end();
    }
  };
  /** A dump with a valid checksum and contents that are not data. */
  const foreign = (content: string): Promise<Uint8Array> =>
    readAll(sealStream(isEmbedded ? "redis-embedded" : "redis", streamOf(Buffer.from(content))), 1000);
  const codeOf = async (client: RespClient, ...words: string[]): Promise<string> => {
    const reply = await client.send(...words);
    return reply.type === "error" ? (reply.text.split(" ")[0] ?? "") : "done";
  };

  it("names the program that serves", async () => {
    const engines = await rig.plane.identify();
    const { engine: named } = (await (await rig.ask("GET", "/v1/status")).json()) as { engine: object };
    const [served] = engines.filter(({ kind }) => kind === "redis");
    expect(served).toMatchObject({ name: "name" in named && named.name, version: "version" in named && named.version });
    expect(engines.find(({ kind }) => kind === "redis")).toEqual({
      kind: "redis",
      name: isEmbedded ? "Drydock's engine for the Redis protocol" : program?.name,
      version: isEmbedded ? "7.0.0" : program?.version,
      isEmbedded,
    });
    const info = textOf(await using((client) => client.ask("INFO", "server")));
    expect(/server_name:drydock/.test(info)).toBe(isEmbedded);
  });

  it("serves nobody without a password, not even the default user", async () => {
    const client = rig.dial();
    expect(await codeOf(client, "GET", "a")).toBe("NOAUTH");
    expect(await codeOf(client, "AUTH", "p1")).toBe("WRONGPASS");
    expect(await codeOf(client, "AUTH", "u1", "wrong")).toBe("WRONGPASS");
    client.end();
  });

  it("lets a tenant do anything with its data, and nothing with the server", async () => {
    await using(async (client) => {
      expect(textOf(await client.ask("SET", "a", "1"))).toBe("OK");
      for (const words of [["GET", "a"], ["INFO"], ["KEYS", "*"], ["XADD", "s", "*", "f", "v"], ["FLUSHDB"]])
        expect([words[0], await codeOf(client, ...words)]).toEqual([words[0], "done"]);
      for (const words of [["CONFIG", "GET", "*"], ["ACL", "LIST"], ["CLIENT", "KILL", "TYPE", "normal"], ["FLUSHALL"]])
        expect([words[0], await codeOf(client, ...words)]).toEqual([words[0], "NOPERM"]);
      // Disabled for everybody, regardless of rights; our own engine also refuses unknown commands regardless
      // of rights.
      expect(await codeOf(client, "DEBUG", "JMAP")).toBe("ERR");
      for (const words of [
        ["REPLICAOF", "NO", "ONE"],
        ["MODULE", "LIST"],
        ["SHUTDOWN"],
        ["MONITOR"],
        ["BGSAVE"],
        ["SYNC"],
      ])
        expect([words[0], await codeOf(client, ...words)]).toEqual([words[0], isEmbedded ? "ERR" : "NOPERM"]);
      expect(await codeOf(client, "EVAL", "return 1", "0")).toBe(isEmbedded ? "ERR" : "done");
    });
  });

  it.skipIf(isEmbedded)(
    "keeps acknowledged writes when the process is killed, and serves the next connection",
    async () => {
      await using(async (client) => client.ask("SET", "kept", "yes"));
      const client = await rig.connect();
      const pid = /process_id:(\d+)/.exec(textOf(await client.ask("INFO", "server")))?.[1];
      process.kill(Number(pid), "SIGKILL");
      await expect.poll(() => client.isOpen).toBe(false);
      expect(textOf(await using((next) => next.ask("GET", "kept")))).toBe("yes");
    },
  );

  it("ends the sessions of a deleted user, and of no other", async () => {
    await rig.ask("PUT", "/v1/credentials/u2", JSON.stringify({ password: "p2" }));
    const [one, two] = [await rig.connect(), await rig.connect("u2", "p2")];
    expect((await rig.ask("DELETE", "/v1/credentials/u2")).status).toBe(200);
    await expect.poll(() => two.isOpen).toBe(false);
    expect(textOf(await one.ask("PING"))).toBe("PONG");
    await expect(rig.connect("u2", "p2")).rejects.toThrow("WRONGPASS");
    one.end();
  });

  it("refuses writes beyond the plan's memory, and clients beyond its number", async () => {
    await using(async (client) => {
      let answered = "done";
      for (let at = 0; at < 4000 && answered === "done"; at++)
        answered = await codeOf(client, "SET", `fill-${at}`, "x".repeat(2048));
      expect(answered).toBe("OOM");
      await client.ask("FLUSHDB");
    });
    const clients = Array.from({ length: 60 }, () => rig.dial());
    await sleep(100);
    const answers = await Promise.all(clients.map((client) => client.send("PING").then(textOf, () => "cut")));
    expect(answers.filter((text) => /max number of clients|cut/.test(text)).length).toBeGreaterThanOrEqual(20);
    expect(answers.some((text) => text.startsWith("NOAUTH"))).toBe(true);
    for (const client of clients) client.end();
  });

  it("replaces all data in a restore, ends sessions, keeps users, and brings no user back", async () => {
    await rig.ask("PUT", "/v1/credentials/u3", JSON.stringify({ password: "p3" }));
    await using(async (client) => {
      await client.ask("FLUSHDB");
      await client.ask("RPUSH", "list", "a", "b");
      await client.ask("SET", "changed", "before");
      await client.ask("SET", "short", "lived", "PX", "100000");
      await client.ask("SET", "bytes", "\x00\r\n\xff");
    });
    const dump = await rig.dump();
    if (!(dump instanceof Uint8Array)) throw new Error(JSON.stringify(dump));
    await rig.ask("DELETE", "/v1/credentials/u3");
    await using(async (client) => {
      await client.ask("SET", "changed", "after");
      await client.ask("SET", "late", "1");
      await client.ask("DEL", "list");
    });
    const session = await rig.connect();
    expect(await rig.restore(dump)).toEqual({ status: 200, body: { restored: true } });
    await expect.poll(() => session.isOpen).toBe(false);
    await expect(rig.connect("u3", "p3")).rejects.toThrow("WRONGPASS");
    await using(async (client) => {
      expect(textOf(await client.ask("GET", "changed"))).toBe("before");
      expect(textOf(await client.ask("GET", "bytes"))).toBe("\x00\r\n\xff");
      expect(textOf(await client.ask("DBSIZE"))).toBe("4");
      expect(Number(textOf(await client.ask("PTTL", "short")))).toBeGreaterThan(1000);
    });
    if (isEmbedded) return;
    // Restored data are as durable as written data.
    const client = await rig.connect();
    const pid = /process_id:(\d+)/.exec(textOf(await client.ask("INFO", "server")))?.[1];
    process.kill(Number(pid), "SIGKILL");
    await expect.poll(() => client.isOpen).toBe(false);
    expect(textOf(await using((next) => next.ask("LLEN", "list")))).toBe("2");
  });

  it("refuses a dump that is damaged, foreign, or not an RDB file, and changes nothing", async () => {
    const dump = await rig.dump();
    if (!(dump instanceof Uint8Array)) throw new Error(JSON.stringify(dump));
    await using((client) => client.ask("SET", "since", "1"));
    const flipped = Uint8Array.from(dump, (byte, at) => (at === dump.length - 20 ? byte ^ 1 : byte));
    for (const each of [flipped, dump.subarray(0, -1), await foreign("REDIS0011 nonsense\n")])
      expect((await rig.restore(each)).status).toBe(422);
    expect(textOf(await using((client) => client.ask("GET", "since")))).toBe("1");
  });

  it.skipIf(isEmbedded)("refuses defects that a real server can't have, rather than ignoring them", async () => {
    rig.kernel.faults.arm({ point: "dataservice:dump torn-snapshot", effect: { kind: "error", message: "planted" } });
    expect(await rig.dump()).toMatchObject({ status: 501 });
  });

  it.runIf(isEmbedded)("does the harm of planted defects", async () => {
    const arm = (point: string): unknown =>
      rig.kernel.faults.arm({ point: `dataservice:${point}`, effect: { kind: "error", message: "planted" } });
    const see = (key: string): Promise<string> => using(async (client) => textOf(await client.ask("GET", key)));
    await using((client) => client.ask("MSET", "x", "1", "y", "1"));
    arm("dump lost-tail");
    const short = await rig.dump();
    const whole = await rig.dump();
    if (!(short instanceof Uint8Array) || !(whole instanceof Uint8Array)) throw new Error("no dump");
    expect(short.length).toBeLessThan(whole.length);
    await using((client) => client.ask("MSET", "x", "2", "late", "1"));
    arm("restore append");
    await rig.restore(whole);
    expect([await see("x"), await see("late")]).toEqual(["2", "1"]);
    const session = await rig.connect();
    arm("restore keep-sessions");
    await rig.restore(whole);
    expect([textOf(await session.ask("GET", "x")), await see("late")]).toEqual(["1", ""]);
    session.end();
  });

  it("has the same users and data when the VM is recreated, and on the disk that replaces another", async () => {
    await using((client) => client.ask("SET", "stays", "yes"));
    const { address, services } = rig;
    services.stop(address, "redis");
    await rig.plane.settle();
    await expect(rig.connect()).rejects.toThrow(/ECONNREFUSED|ended/);
    services.copyDisk(`disk-${address}`, "disk-new");
    await rig.plane.settle();
    await rig.boot("redis", address, 0);
    expect(textOf(await using((client) => client.ask("GET", "stays")))).toBe("yes");
  });
});
