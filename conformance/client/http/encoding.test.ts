import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBody } from "./encoding.ts";

const CODERS = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync } as const;
const BYTES_MAX = 4_096;

describe("a body with a Content-Encoding", () => {
  it("is decoded, whatever the codings and their order", () => {
    const coding = fc.constantFrom(...(Object.keys(CODERS) as (keyof typeof CODERS)[]));
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), fc.array(coding, { maxLength: 3 }), (bytes, codings) => {
        const body = codings.reduce<Uint8Array>((sum, each) => CODERS[each](sum), bytes);
        expect(Buffer.from(decodeBody(body, codings.join(", ").toUpperCase(), BYTES_MAX))).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it("is read without the wrapper of deflate too", () => {
    const text = Buffer.from('{"services": []}');
    expect(Buffer.from(decodeBody(deflateRawSync(text), "deflate", BYTES_MAX))).toEqual(text);
  });

  it("stays as it is when it has none, one that is not known, or no content", () => {
    const body = Buffer.from("{}");
    for (const coding of [undefined, "", "identity", "zebra"]) expect(decodeBody(body, coding, BYTES_MAX)).toBe(body);
    expect(decodeBody(Buffer.alloc(0), "gzip", BYTES_MAX)).toHaveLength(0);
  });

  it("is refused if it has a different coding, or grows past the limit", () => {
    expect(() => decodeBody(Buffer.from("{}"), "gzip", BYTES_MAX)).toThrow(/not gzip, though/);
    expect(() => decodeBody(gzipSync(Buffer.alloc(BYTES_MAX + 1)), "gzip", BYTES_MAX)).toThrow(
      `longer than ${BYTES_MAX}`,
    );
  });
});
