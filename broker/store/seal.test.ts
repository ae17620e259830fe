import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FakeHost } from "../testing.ts";
import { createSeal, keyIdOf, openText, sealText } from "./seal.ts";

const KEY = "0f".repeat(32);
const OTHER = "1f".repeat(32);
const seal = createSeal(new FakeHost(), [KEY], "store");

describe("a seal", () => {
  it("opens what it sealed", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (plain) => {
        expect(new Uint8Array(seal.open(seal.seal(plain)))).toEqual(plain);
      }),
    );
    expect(openText(seal, sealText(seal, "pässword"))).toBe("pässword");
  });

  it("does not open a text that was changed anywhere", () => {
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
    expect(() => createSeal(new FakeHost(), [KEY], "backup/a").open(sealed)).toThrow(/authenticat|tag|state/i);
    expect(() => createSeal(new FakeHost(), [OTHER], "store").open(sealed)).toThrow(/authenticat|tag|state/i);
  });

  it("never seals the same text identically twice", () => {
    expect(Buffer.from(seal.seal(Buffer.from("x")))).not.toEqual(Buffer.from(seal.seal(Buffer.from("x"))));
  });

  it("opens with every key of its ring, and seals with the first", () => {
    const early = sealText(seal, "written early");
    const ring = createSeal(new FakeHost(), [OTHER, KEY], "store");
    expect(openText(ring, early)).toBe("written early");
    const late = sealText(ring, "written late");
    expect([keyIdIn(early), keyIdIn(late)]).toEqual([keyIdOf(KEY), keyIdOf(OTHER)]);
    expect(openText(ring, late)).toBe("written late");
    expect(() => openText(seal, late)).toThrow(`the key ${keyIdOf(OTHER)}, which is not in the key ring`);
  });

  it("opens what a broker with a single key wrote, which names no key", () => {
    const bare = sealText(seal, "old").split(".").at(-1) ?? "";
    expect(openText(createSeal(new FakeHost(), [OTHER, KEY], "store"), bare)).toBe("old");
    expect(() => openText(createSeal(new FakeHost(), [OTHER], "store"), bare)).toThrow(/authenticat|tag|state/i);
  });
});

const keyIdIn = (sealed: string): string | undefined => sealed.split(".")[1];
