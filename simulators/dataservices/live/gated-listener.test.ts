import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { GatedListener } from "./gated-listener.ts";

const ADDRESS = "127.0.0.1";

/** An echo server. */
async function startEcho(): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer((socket) => socket.on("error", () => {}).pipe(socket));
  server.listen(0, ADDRESS);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { server, port: address.port };
}

/** A port that is free now. */
async function freePort(): Promise<number> {
  const { server, port } = await startEcho();
  server.close();
  await once(server, "close");
  return port;
}

describe("a gated listener", () => {
  let echo: Awaited<ReturnType<typeof startEcho>>;
  let listener: GatedListener;
  let port: number;
  let isAdmitted = true;

  beforeEach(async () => {
    echo = await startEcho();
    port = await freePort();
    isAdmitted = true;
    listener = await GatedListener.open({
      address: ADDRESS,
      port,
      admits: () => isAdmitted,
      dial: async () => {
        const socket = connect(echo.port, ADDRESS);
        await once(socket, "connect");
        return socket;
      },
    });
  });

  afterEach(async () => {
    await listener.close();
    echo.server.close();
  });

  const open = (): Socket => connect(port, ADDRESS);
  /** How a connection ends: `reset` or `closed`. */
  const endOf = (socket: Socket): Promise<string> =>
    new Promise((resolve) => {
      socket.once("error", () => resolve("reset"));
      socket.once("close", () => resolve("closed"));
    });

  it("carries bytes both ways for an admitted client", async () => {
    const socket = open();
    socket.write("hello");
    const [answer] = await once(socket, "data");
    expect(String(answer)).toBe("hello");
    expect(listener.connections).toBe(1);
    socket.destroy();
  });

  it("resets the connection of a client that it does not admit", async () => {
    isAdmitted = false;
    expect(await endOf(open())).toBe("reset");
    expect(listener.connections).toBe(0);
  });

  it("cuts connections that are no longer admitted and keeps the others", async () => {
    const socket = open();
    socket.write("x");
    await once(socket, "data");
    listener.recheck();
    expect(listener.connections).toBe(1);
    isAdmitted = false;
    const end = endOf(socket);
    listener.recheck();
    expect(await end).toBe("reset");
  });

  it("resets its connections when it closes", async () => {
    const socket = open();
    socket.write("x");
    await once(socket, "data");
    const end = endOf(socket);
    await listener.close();
    expect(await end).toBe("reset");
    listener = await GatedListener.open({
      address: ADDRESS,
      port,
      admits: () => true,
      dial: () => Promise.reject(new Error("nobody")),
    });
    expect(await endOf(open())).toBe("reset");
  });
});
