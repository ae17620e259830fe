import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { encode, type Packet } from "dns-packet";
import { afterEach, describe, expect, it } from "vitest";
import { namesIn, transferZone } from "./zone-transfer.ts";
import { DataError } from "./plane.ts";

const record = (name: string) => ({ type: "A", class: "IN", name, ttl: 1, data: "10.0.0.1" }) as const;
const frame = (packet: Packet): Buffer => {
  const message = encode(packet);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
};
const answer = (...names: readonly string[]): Packet => ({
  type: "response",
  id: 1,
  questions: [{ type: "AXFR", class: "IN", name: "db.example.com" }],
  answers: names.map(record),
});

let server: Server | undefined;
afterEach(() => server?.close());

async function serve(...said: readonly Buffer[]): Promise<string> {
  server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => {
      for (const each of said) socket.write(each);
      socket.end();
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return `127.0.0.1:${port}`;
}

describe("the transfer of a zone", () => {
  it("reads the names of every message", async () => {
    const at = await serve(frame(answer("a.db.example.com", "b.db.example.com")), frame(answer("c.db.example.com")));
    expect(await transferZone("db.example.com", at, undefined, 20_000)).toEqual([
      "a.db.example.com",
      "b.db.example.com",
      "c.db.example.com",
    ]);
  });

  it("has no names if it is refused, or the connection ends without a word", async () => {
    expect(await transferZone("db.example.com", await serve(frame(answer())), undefined, 20_000)).toEqual([]);
    server?.close();
    expect(await transferZone("db.example.com", await serve(), undefined, 20_000)).toEqual([]);
  });

  it("reports that there is no answer", async () => {
    const at = await serve();
    await new Promise((resolve) => server?.close(resolve));
    await expect(transferZone("db.example.com", at, undefined, 20_000)).rejects.toBeInstanceOf(DataError);
  });

  it("ends on anything", () => {
    for (const bytes of [[], [0, 1], Array(40).fill(0xc0), Array(40).fill(255)])
      expect(namesIn(Buffer.from(bytes)).length).toBeLessThan(70_000);
  });
});
