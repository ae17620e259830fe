import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defineService, Kernel, type Service } from "../index.ts";
import { WallDriver, wallNowMs } from "./drive.ts";
import { type LocalFetch, LocalNet } from "./local.ts";
import { type Served, serve } from "./serve.ts";
import { firstBytes } from "./write.ts";

const PIECE = new Uint8Array(64 * 1024).fill(7);
const PIECES = 400;

describe("a reply that streams", () => {
  let kernel: Kernel;
  let driver: WallDriver;
  let served: Served;
  let faces: Readonly<Record<string, (path: string) => ReturnType<LocalFetch>>>;
  /** Pieces that were asked for, and streams that have ended. */
  let asked = 0;
  let ended = 0;

  async function* pieces(count: number, failsAt = Number.POSITIVE_INFINITY): AsyncGenerator<Uint8Array> {
    try {
      for (let at = 0; at < count; at++) {
        asked++;
        if (at === failsAt) throw new Error("the source has failed");
        yield PIECE;
      }
    } finally {
      ended++;
    }
  }

  const api = (): Service =>
    defineService<null>({
      name: "pieces",
      kernel,
      sim: null,
      unmatched: () => ({ status: 404 }),
      routes: [
        { method: "GET", path: "/all", handler: () => ({ status: 200, stream: pieces(PIECES) }) },
        { method: "GET", path: "/broken", handler: () => ({ status: 200, stream: pieces(PIECES, 3) }) },
      ],
    });

  beforeAll(async () => {
    kernel = new Kernel({ startMs: wallNowMs() });
    driver = new WallDriver(kernel);
    const service = api();
    served = await serve(service, driver, { host: "127.0.0.1", port: 0 });
    const net = new LocalNet(driver);
    net.attach("10.0.0.1", 80, { service });
    const local = net.fetchFrom("10.0.0.2");
    faces = {
      sockets: (path) => fetch(`${served.url}${path}`),
      "in process": (path) => local(`http://10.0.0.1${path}`),
    };
  });
  afterAll(async () => {
    await served.close();
    driver.stop();
  });

  it.each(["sockets", "in process"])("arrives whole, and one that fails breaks off: %s", async (face) => {
    const get = faces[face] as (path: string) => Promise<Response>;
    expect((await (await get("/all")).arrayBuffer()).byteLength).toBe(PIECES * PIECE.length);
    await expect(get("/broken").then((reply) => reply.arrayBuffer())).rejects.toBeInstanceOf(Error);
  });

  it.each(["sockets", "in process"])(
    "is made no faster than it is read, and ends when its reader leaves: %s",
    async (face) => {
      const get = faces[face] as (path: string) => Promise<Response>;
      const before = asked;
      const endedBefore = ended;
      const reader = (await get("/all")).body?.getReader();
      await reader?.read();
      await sleep(200);
      // Sockets and streams buffer some megabytes by themselves.
      expect(asked - before).toBeLessThan(PIECES);
      await reader?.cancel();
      await expect.poll(() => ended).toBe(endedBefore + 1);
    },
  );

  it.each(["sockets", "in process"])("breaks off where a fault says so: %s", async (face) => {
    const get = faces[face] as (path: string) => Promise<Response>;
    kernel.faults.arm({ point: "pieces:GET /all", effect: { kind: "truncate", bytes: 100_000 } });
    const reader = (await get("/all")).body?.getReader();
    let bytes = 0;
    const reading = (async () => {
      for (let next = await reader?.read(); next?.done === false; next = await reader?.read())
        bytes += next.value.length;
    })();
    await expect(reading).rejects.toBeInstanceOf(Error);
    expect(bytes).toBeLessThanOrEqual(100_000);
    const endedBefore = ended;
    kernel.faults.arm({ point: "pieces:GET /all", effect: { kind: "lost-reply" } });
    await expect(get("/all")).rejects.toBeInstanceOf(Error);
    expect(ended).toBeGreaterThanOrEqual(endedBefore);
  });

  it("ends when its reader leaves before the first piece, cut short or not", async () => {
    let left = 0;
    const source: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false, value: PIECE }),
        return: async () => {
          left++;
          return { done: true, value: undefined };
        },
      }),
    };
    await firstBytes(source, 10)[Symbol.asyncIterator]().return?.();
    expect(left).toBe(1);
  });
});
