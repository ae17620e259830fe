import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { DataError, type Login } from "./plane.ts";
import { resolverAt, socketPlane } from "./sockets.ts";

const servers: Server[] = [];
const sockets = new Set<Socket>();

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers.splice(0)) {
    server.close();
    await once(server, "close");
  }
});

/** A server that treats connections as the test chooses. */
async function listening(serve: (socket: Socket) => void): Promise<Login> {
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    serve(socket);
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { client: "postgresql", host: "127.0.0.1", port, username: "u", password: "p", database: "d" };
}

/** An ErrorResponse of PostgreSQL's protocol (53.7 of its manual). */
function errorResponse(fields: Readonly<Record<string, string>>): Buffer {
  const body = Buffer.from(
    `${Object.entries(fields)
      .map(([code, text]) => `${code}${text}\0`)
      .join("")}\0`,
  );
  const head = Buffer.alloc(5);
  head.write("E");
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

const refusing = (code: string): Promise<Login> =>
  listening((socket) =>
    socket.once("data", () => socket.end(errorResponse({ S: "FATAL", V: "FATAL", C: code, M: "no" }))),
  );

/** For a silent server; one that answers may take as long as it needs. */
const IMPATIENT = { connectMsMax: 200 };

async function refusalOf(login: Login, limits = {}): Promise<Pick<DataError, "fault" | "code">> {
  const plane = socketPlane({ limits: { connectMsMax: 60_000, ...limits } });
  const refusal = await plane.connect(login, "application").then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(refusal instanceof DataError)) throw new Error(`no refusal: ${String(refusal)}`);
  return { fault: refusal.fault, code: refusal.code };
}

describe("the way over sockets", () => {
  it("distinguishes a server that refuses a login from one that is out of order", async () => {
    expect(await refusalOf(await refusing("28P01"))).toEqual({ fault: "denied", code: "28P01" });
    expect(await refusalOf(await refusing("3D000"))).toEqual({ fault: "denied", code: "3D000" });
    expect(await refusalOf(await refusing("57P03"))).toEqual({ fault: "failed", code: "57P03" });
  });

  it("considers a port that is closed or resets connections unreachable, and a silent one out of order", async () => {
    const reset = await listening((socket) => socket.resetAndDestroy());
    const silent = await listening(() => {});
    const unreachable = { fault: "unreachable", code: undefined };
    expect(await refusalOf(reset)).toEqual(unreachable);
    expect(await refusalOf(silent, IMPATIENT)).toEqual({ fault: "failed", code: undefined });
    expect(await refusalOf({ ...silent, port: 1 })).toEqual(unreachable);
    expect(await refusalOf({ ...silent, host: "nowhere.invalid" })).toEqual({
      fault: "unreachable",
      code: "ENOTFOUND",
    });
  });

  it("cuts off a server that sends more than it may", async () => {
    let sent = 0;
    const flood = await listening((socket) => {
      const block = Buffer.concat([Buffer.from("N\0\0\xff\xff", "latin1"), Buffer.alloc(65_531)]);
      const pour = (): void => {
        while (!socket.destroyed && socket.write(block)) sent += block.length;
      };
      socket.on("drain", pour).once("data", pour);
    });
    expect(await refusalOf(flood, { sessionBytesMax: 1_000_000 })).toMatchObject({
      fault: "failed",
    });
    expect(sent).toBeLessThan(50_000_000);
  });

  it("connects from the address of its vantage", async () => {
    const seen: (string | undefined)[] = [];
    const login = await listening((socket) => {
      seen.push(socket.remoteAddress);
      socket.resetAndDestroy();
    });
    const plane = socketPlane({ source: "127.0.0.3", outsider: "127.0.0.4" });
    for (const from of ["application", "outsider"] as const)
      await expect(plane.connect(login, from)).rejects.toThrow(DataError);
    expect(seen).toEqual(["127.0.0.3", "127.0.0.4"]);
    expect([plane.hasOutsider, socketPlane().hasOutsider]).toEqual([true, false]);
  });

  it("connects from another tenant's VM: one address for all, or that of the instance itself", async () => {
    const seen: (string | undefined)[] = [];
    const login = await listening((socket) => {
      seen.push(socket.remoteAddress);
      socket.end("a word");
    });
    const resolve = async (host: string): Promise<string | undefined> => (host === "db.b" ? "127.0.0.6" : undefined);
    const from = { vmOf: "db.b" };
    for (const tenant of ["127.0.0.5", "instance"]) {
      const plane = socketPlane({ resolve, tenant });
      expect(await plane.reach(login, from)).toBe("open");
      await expect(plane.connect(login, from)).rejects.toThrow(DataError);
      expect(plane.hasTenantVm).toBe(true);
    }
    expect(seen).toEqual(["127.0.0.5", "127.0.0.5", "127.0.0.6", "127.0.0.6"]);
    expect(socketPlane().hasTenantVm).toBe(false);
  });

  it("considers a port closed if it hangs up without a word, open if it answers, and silent if it says nothing", async () => {
    const plane = socketPlane();
    const reach = async (serve: Parameters<typeof listening>[0]) => plane.reach(await listening(serve), "application");
    expect(await reach((socket) => socket.resetAndDestroy())).toBe("shut");
    expect(await reach((socket) => socket.end())).toBe("shut");
    expect(await reach((socket) => socket.write("SSH-2.0"))).toBe("open");
    expect(await reach((socket) => socket.once("data", () => socket.end("HTTP/1.0 400\r\n\r\n")))).toBe("open");
    expect(await reach(() => {})).toBe("silent");
    expect(await plane.reach({ host: "127.0.0.1", port: 1 }, "application")).toBe("shut");
  });

  it("reports that nobody can connect from an address that this machine lacks, and calls no port closed because of it", async () => {
    const login = await listening(() => {});
    const plane = socketPlane({ outsider: "192.0.2.1", tenant: "192.0.2.1" });
    for (const from of ["outsider", { vmOf: "db.b" }] as const) {
      await expect(plane.connect(login, from)).rejects.toMatchObject({ fault: "nowhere" });
      await expect(plane.reach(login, from)).rejects.toMatchObject({ fault: "nowhere" });
    }
  });

  it("resolves names by the server it is given, and refuses a name without an address", async () => {
    const plane = socketPlane({ resolve: async (host) => (host === "db" ? "127.0.0.9" : undefined) });
    expect(await plane.resolve("db")).toBe("127.0.0.9");
    expect(await plane.resolve("127.0.0.7")).toBe("127.0.0.7");
    await expect(plane.resolve("other")).rejects.toThrow("other has no address");
    await expect(socketPlane({ resolve: resolverAt("127.0.0.1:1") }).resolve("nowhere.invalid")).rejects.toThrow(
      DataError,
    );
  });
});
