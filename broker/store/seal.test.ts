import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FakeHost } from "../testing.ts";
import { createSeal, openText, sealText } from "./seal.ts";

const KEY = "0f".repeat(32);
const seal = createSeal(new FakeHost(), KEY, "store");

describe("a seal", () => {
  it("opens what it sealed", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (plain) => {
        expect(new Uint8Array(seal.open(seal.seal(plain)))).toEqual(plain);
      }),
    );
    expect(openText(seal, sealText(seal, "pässword"))).toBe("pässword");
  });

  it("does not open what was changed anywhere", () => {
    const sealed = seal.seal(Buffer.from("the password"));
    fc.assert(
      fc.property(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Uint8Array.from(sealed, (byte, index) => (index === at ? byte ^ flip : byte));
        expect(() => seal.open(changed)).toThrow(/authenticat|tag|state/i);
      }),
    );
    expect(() => seal.open(sealed.subarray(0, 20))).toThrow(/authenticat|tag|state/i);
  });

  it("has a separate key for each purpose and each broker key", () => {
    const sealed = seal.seal(Buffer.from("secret"));
    expect(() => createSeal(new FakeHost(), KEY, "backup/a").open(sealed)).toThrow(/authenticat|tag|state/i);
    expect(() => createSeal(new FakeHost(), "1f".repeat(32), "store").open(sealed)).toThrow(/authenticat|tag|state/i);
  });

  it("never seals the same text identically twice", () => {
    expect(Buffer.from(seal.seal(Buffer.from("x")))).not.toEqual(Buffer.from(seal.seal(Buffer.from("x"))));
  });
});
