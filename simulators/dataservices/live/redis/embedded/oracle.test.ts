import { fc, test } from "@fast-check/vitest";
import { hash } from "node:crypto";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { serverOwner } from "../../owner.ts";
import { OPERATOR } from "../acl.ts";
import { formatFolder } from "../folder.ts";
import { findProgram } from "../program.ts";
import { RespClient } from "../resp/client.ts";
import type { Reply } from "../resp/reply.ts";
import { Server } from "../server.ts";
import { areAlike, normal, Ours } from "./testing/comparison.ts";
import { GRAMMAR, CALLS } from "./testing/grammar.ts";

const program = findProgram();
if (program === undefined)
  process.stderr.write("skipped: our engine beside the real one: no redis-server 7 or valkey-server on the PATH\n");

/** A campaign is limited by its number of draws. */
const TEST_MS_MAX = process.env.DRYDOCK_ORACLE_RUNS === undefined ? 900_000 : 36_000_000;
const SETTINGS = { maxmemory: "0", "maxmemory-policy": "noeviction", maxclients: "100" };

const PREPARED = [
  "SET s text",
  "SET big 9223372036854775807",
  "RPUSH l a b",
  "HSET h f x",
  "SADD m a",
  "ZADD z 1 a",
  "XADD x 5-5 f v",
].map((line) => line.split(" "));
/** Calls with one fault each. */
const REFUSED = [
  "GET",
  "GET l",
  "LPUSH s a",
  "HGET s f",
  "SADD z a",
  "ZADD s 1 a",
  "XADD s 1-1 f v",
  "INCR s",
  "INCR big",
  "DECRBY big -9223372036854775808",
  "INCRBYFLOAT s 1",
  "INCRBYFLOAT big x",
  "HINCRBY h f 1",
  "HINCRBYFLOAT h f 1",
  "SET a",
  "SET a b NX XX",
  "SET a b EX 0",
  "SET a b EX x",
  "SETEX a 0 b",
  "EXPIRE s x",
  "EXPIRE s 100 ZZ",
  "EXPIRE s 100 NX XX",
  "EXPIRE s 100 GT LT",
  "RENAME none a",
  "COPY s s",
  "MOVE s 0",
  "MOVE s 99",
  "SELECT 99",
  "SELECT x",
  "SETRANGE s -1 a",
  "SETBIT s -1 0",
  "SETBIT s 0 2",
  "BITOP NOT a s l x",
  "BITCOUNT s 0",
  "LSET l 9 a",
  "LSET none 0 a",
  "LINSERT l X a b",
  "LPOP l -1",
  "LPOS l a RANK 0",
  "LPOS l a COUNT -1",
  "LMOVE l l UP LEFT",
  "LMPOP 0 l LEFT",
  "LMPOP 1 l LEFT COUNT 0",
  "SINTERCARD 0 m",
  "SINTERCARD 9 m",
  "SINTERCARD 1 m LIMIT -1",
  "SPOP m -1",
  "ZADD z x a",
  "ZADD z NX XX 1 a",
  "ZADD z GT LT 1 a",
  "ZADD z INCR 1 a 2 b",
  "ZADD z 1",
  "ZINCRBY z nan a",
  "ZRANGE z x 1",
  "ZRANGE z x 1 BYSCORE",
  "ZRANGE z a b BYLEX",
  "ZRANGE z 0 1 LIMIT 0 1",
  "ZRANGE z - + BYLEX WITHSCORES",
  "ZUNION 0 z",
  "ZUNIONSTORE a 1 z WEIGHTS x",
  "ZINTERCARD 0 z",
  "XADD x 1-1 f v",
  "XADD x 0-0 f v",
  "XADD x a f v",
  "XADD x * f",
  "XRANGE x a b",
  "XREAD STREAMS x",
  "XGROUP CREATE none g 0",
  "XGROUP SETID x g 0",
  "XREADGROUP GROUP g c STREAMS x >",
  "XPENDING x g",
  "XINFO STREAM none",
  "XSETID x 1-1",
  "XTRIM x MAXLEN -1",
  "OBJECT ENCODING",
  "SCAN x",
  "SCAN 0 COUNT 0",
  "EXEC",
  "DISCARD",
  "NOSUCH a b",
  "HSET h a",
  "MSET a",
  "BLPOP l x",
  "BLPOP l -1",
].map((line) => line.split(" "));

describe.skipIf(program === undefined)("our engine answers like the real one", { timeout: TEST_MS_MAX }, () => {
  let server: Server;
  let folder: string;
  let client: RespClient;

  beforeAll(async () => {
    if (program === undefined) return;
    const owner = await serverOwner();
    folder = await mkdtemp(join(tmpdir(), "drydock-oracle-"));
    await chmod(folder, 0o711);
    const data = join(folder, "data-1");
    await formatFolder(data, owner);
    const secrets = { password: "secret", passwordHash: hash("sha256", "secret", "hex") };
    server = await Server.start({ program, owner, data, settings: SETTINGS, ...secrets }, new Map());
    client = new RespClient(server.dial());
    await client.ask("AUTH", OPERATOR, "secret");
  }, TEST_MS_MAX);
  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const campaign = process.env.DRYDOCK_ORACLE_RUNS;
  const runs = Number(campaign ?? 400);
  // A campaign draws anew each time; ordinary test runs draw the same each time.
  const drawn = campaign === undefined ? { seed: 1 } : {};
  const compare = async (calls: readonly (readonly string[])[], protocol: "2" | "3"): Promise<void> => {
    const ours = new Ours();
    await client.send("RESET");
    await client.ask("AUTH", OPERATOR, "secret");
    await client.ask("FLUSHALL");
    for (const each of [await client.ask("HELLO", protocol), await ours.ask(["HELLO", protocol])])
      expect(each.type).toBe(protocol === "3" ? "map" : "array");
    for (const [at, words] of calls.entries()) {
      const name = (words[0] ?? "").toLowerCase();
      const [theirs, our] = [await client.send(...words), await ours.ask(words)];
      const history = calls.slice(0, at + 1).map((each) => each.join(" "));
      if (!areAlike(name, our, theirs))
        expect({ history, reply: normal(name, our) }).toEqual({ history, reply: normal(name, theirs) });
    }
  };

  test.prop([fc.array(CALLS, { minLength: 1, maxLength: 40 }), fc.constantFrom("2", "3")], { numRuns: runs, ...drawn })(
    "to any commands, in both versions of the protocol",
    compare,
  );

  // Few keys and one kind of commands, so that they meet each other's data rather than a refusal of the wrong kind.
  test.each(["h", "s", "z", "x", "l"])("to commands that begin with %s", async (letter) => {
    const calls = CALLS.filter(([name = ""]) => name.startsWith(letter) || name === "del");
    await fc.assert(
      fc.asyncProperty(
        fc.array(calls, { minLength: 5, maxLength: 40 }),
        fc.constantFrom("2" as const, "3" as const),
        compare,
      ),
      { numRuns: Math.ceil(runs / 3), ...drawn },
    );
  });

  test("with refusals in the same words", async () => {
    const ours = new Ours();
    await client.send("RESET");
    await client.ask("AUTH", OPERATOR, "secret");
    await client.ask("FLUSHALL");
    for (const words of [...PREPARED, ...REFUSED]) {
      const [theirs, our] = [await client.send(...words), await ours.ask(words)];
      // Versions other than the one that ours follows may word them differently.
      const isOther = !program?.version.startsWith("7.0.");
      const wordsOf = (reply: Reply): unknown => (reply.type === "error" && isOther ? reply.text.split(" ")[0] : reply);
      expect([words, wordsOf(our)]).toEqual([words, wordsOf(theirs)]);
    }
  });

  test("for every command of the grammar", async () => {
    const calls = Object.entries(GRAMMAR).flatMap(([name, words]) =>
      fc.sample(words, { numRuns: 5, seed: 1 }).map((each) => [name, ...each]),
    );
    await compare(calls, "3");
  });
});
