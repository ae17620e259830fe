import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DataError, type DataSession, type Login } from "./plane.ts";
import { encodeCommand, RespError, RespReader, type RespReply } from "./resp.ts";
import { socketPlane } from "./sockets.ts";

/** An answer, as a server sends it. */
function encode(reply: RespReply): string {
  if (reply === null) return "$-1\r\n";
  if (typeof reply === "number") return `:${reply}\r\n`;
  if (typeof reply === "string") return `$${Buffer.byteLength(reply)}\r\n${reply}\r\n`;
  if (reply instanceof RespError) return `-${reply.message}\r\n`;
  return `*${reply.length}\r\n${reply.map(encode).join("")}`;
}

describe("Redis's protocol", () => {
  const { reply } = fc.letrec<{ reply: RespReply }>((tie) => ({
    reply: fc.oneof(
      { maxDepth: 4 },
      fc.string({ unit: "grapheme" }),
      fc.integer(),
      fc.constant(null),
      fc.constant(new RespError("WRONGPASS no")),
      fc.array(tie("reply"), { maxLength: 4 }),
    ),
  }));

  it("is read alike however it is split", () => {
    fc.assert(
      fc.property(
        fc.array(reply, { maxLength: 5 }),
        fc.array(fc.nat({ max: 40 }), { maxLength: 20 }),
        (replies, cuts) => {
          const bytes = Buffer.from(replies.map(encode).join(""));
          const reader = new RespReader();
          const read: RespReply[] = [];
          let at = 0;
          for (const size of [...cuts, bytes.length]) {
            read.push(...reader.push(bytes.subarray(at, at + size)));
            at += size;
          }
          expect(read).toEqual(replies);
        },
      ),
    );
  });

  it("is refused at once if it is not an answer", () => {
    expect(() => new RespReader().push(Buffer.from("HTTP/1.1 400 Bad Request\r\n"))).toThrow("protocol");
    expect(encodeCommand(["GET", "ß"]).toString()).toBe("*2\r\n$3\r\nGET\r\n$2\r\nß\r\n");
  });
});

const hasServer = spawnSync("redis-server", ["--version"]).status === 0;

describe.skipIf(!hasServer)("a session at a Redis server", () => {
  const folder = mkdtempSync(join(tmpdir(), "drydock-redis-"));
  let server: ChildProcess;
  let login: Login;
  let session: DataSession;
  const plane = socketPlane();
  const table = {
    name: "drydock_t",
    columns: [
      { name: "id", type: "text" },
      { name: "value", type: "bigint" },
    ],
  } as const;

  beforeAll(async () => {
    const probe = createServer().listen(0, "127.0.0.1");
    await once(probe, "listening");
    const address = probe.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    probe.close();
    const args = [
      "--port",
      String(port),
      "--bind",
      "127.0.0.1",
      "--dir",
      folder,
      "--save",
      "",
      "--requirepass",
      "secret",
    ];
    server = spawn("redis-server", args, { stdio: "ignore" });
    login = { client: "redis", host: "127.0.0.1", port, username: "default", password: "secret", database: "0" };
    for (let tries = 0; ; tries++) {
      const opened = await plane.connect(login, "application").catch((error: unknown) => error);
      if (!(opened instanceof Error)) {
        session = opened as DataSession;
        break;
      }
      if (tries > 100) throw opened;
      await sleep(50);
    }
  });
  afterAll(() => {
    server.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  it("stores tables of rows", async () => {
    await session.run({ do: "create-table", table });
    await session.run({
      do: "insert",
      table,
      rows: [
        ["b", "1"],
        ["a", null],
      ],
    });
    await session.run({ do: "update", table, key: "a", column: table.columns[1], value: "7" });
    expect(await session.run({ do: "rows", table })).toEqual([
      ["a", "7"],
      ["b", "1"],
    ]);
    await session.run({ do: "transfer", from: { table, key: "a" }, to: { table, key: "b" }, amount: 3 });
    expect(await session.run({ do: "rows", table })).toEqual([
      ["a", "4"],
      ["b", "4"],
    ]);
    await session.run({ do: "delete", table, key: "a" });
    expect(await session.run({ do: "tables" })).toEqual([["drydock_t"]]);
    await session.run({ do: "drop-table", table: table.name });
    expect(await session.run({ do: "tables" })).toEqual([]);
  });

  it("hands out numbers, and carries a mebibyte in one row", async () => {
    expect([
      await session.run({ do: "next", sequence: "drydock_n" }),
      await session.run({ do: "next", sequence: "drydock_n" }),
    ]).toEqual([[["1"]], [["2"]]]);
    const long = "é".repeat(512 * 1024);
    await session.run({ do: "insert", table, rows: [["long", long]] });
    expect((await session.run({ do: "rows", table }))[0]?.[1]).toBe(long);
  });

  it.each([
    ["a wrong password", { password: "wrong" }, "denied"],
    ["a user that is not there", { username: "nobody" }, "denied"],
    ["no password", { password: "" }, "denied"],
    ["a closed port", { port: 1 }, "unreachable"],
  ])("refuses %s", async (_what, change, fault) => {
    const error = await plane.connect({ ...login, ...change }, "application").catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(DataError);
    expect(error).toMatchObject({ fault });
  });

  it("is lost if the server ends it, and reports the fault", async () => {
    const other = await plane.connect(login, "application");
    await expect(other.run({ do: "native", text: "NOSUCHCOMMAND" })).rejects.toMatchObject({
      fault: "failed",
      code: "ERR",
    });
    await session.run({ do: "native", text: "CLIENT KILL TYPE normal SKIPME yes" });
    await expect(other.run({ do: "tables" })).rejects.toMatchObject({ fault: "lost" });
  });
});
