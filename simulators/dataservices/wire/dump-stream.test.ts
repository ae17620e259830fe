import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openStream, readAll, sealStream, streamOf } from "./dump-stream.ts";

const BYTES_MAX = 1e6;

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const seal = (bytes: Uint8Array): Promise<Uint8Array> => readAll(sealStream("redis", streamOf(bytes)), BYTES_MAX);
const open = (dump: Uint8Array, size = 1000, isTrusting = false): Promise<Uint8Array> =>
  readAll(openStream("redis", inPieces(dump, size), isTrusting), BYTES_MAX);

describe("a dump that streams", () => {
  it("returns its contents, whatever pieces it comes in", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), fc.integer({ min: 1, max: 600 }), async (bytes, size) => {
        expect(Buffer.from(await open(await seal(bytes), size)).equals(bytes)).toBe(true);
      }),
    );
  });

  it("is refused if it was changed, cut or extended anywhere, or comes from another engine", async () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(bytes, fc.nat(), fc.nat({ max: 7 }), async (content, place, bit) => {
        const dump = await seal(content);
        const at = place % dump.length;
        const flipped = dump.map((byte, here) => (here === at ? byte ^ (1 << bit) : byte));
        for (const damaged of [flipped, dump.subarray(0, at), Buffer.concat([dump, Buffer.of(bit)])])
          await expect(open(damaged)).rejects.toThrow(/DS_(NOT_A|FOREIGN)_DUMP/);
      }),
    );
    await expect(readAll(openStream("mongodb", streamOf(await seal(Buffer.of(1)))), BYTES_MAX)).rejects.toThrow(
      "DS_FOREIGN_DUMP",
    );
  });

  it("yields what can be read of it if verification is skipped", async () => {
    const dump = await seal(Buffer.from("what was there before the cut"));
    expect(Buffer.from(await open(dump.subarray(0, dump.length - 5), 7, true)).toString()).toMatch(/^what was there/);
  });
});
