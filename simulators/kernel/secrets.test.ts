import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Kernel, SecretStream, sameSecret } from "./index.ts";

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const counts = fc.array(fc.nat(100), { maxLength: 8 });

describe("a stream of secrets", () => {
  it("gives the same bytes for one key and name, however they are drawn", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), counts, (key, name, parts) => {
        const [one, other] = [new SecretStream(key, name), new SecretStream(key, name)];
        const whole = one.bytes(parts.reduce((sum, count) => sum + count, 0));
        expect(parts.map((count) => hexOf(other.bytes(count))).join("")).toBe(hexOf(whole));
      }),
    );
  });

  it("gives different bytes for another key or name", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (key, name, other) => {
        fc.pre(other !== key && other !== name);
        const first = new SecretStream(key, name).hex(32);
        expect(new SecretStream(other, name).hex(32)).not.toBe(first);
        expect(new SecretStream(key, other).hex(32)).not.toBe(first);
      }),
    );
  });

  it("makes ids of version 4 and as many digits as asked for", () => {
    const stream = new SecretStream("key", "name");
    for (let each = 0; each < 100; each++)
      expect(stream.uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    for (const digits of [0, 1, 7, 32]) expect(stream.hex(digits)).toMatch(new RegExp(`^[0-9a-f]{${digits}}$`));
  });
});

describe("secrets of a kernel", () => {
  it("follow from the seed unless there is a key, and share nothing with public values", () => {
    const [seeded, again, keyed] = [
      new Kernel({ seed: 7 }),
      new Kernel({ seed: 7 }),
      new Kernel({ seed: 7, secretKey: "k" }),
    ];
    const secret = seeded.secrets("a").hex(32);
    expect(again.secrets("a").hex(32)).toBe(secret);
    expect(keyed.secrets("a").hex(32)).not.toBe(secret);
    expect(keyed.random("a").hex(32)).toBe(seeded.random("a").hex(32));
  });

  it("change with the seed, not with the key", () => {
    const [seeded, keyed] = [new Kernel({ seed: 7 }), new Kernel({ seed: 7, secretKey: "k" })];
    const draw = (kernel: Kernel): string => kernel.secrets("a").hex(32);
    const [first, second] = [draw(new Kernel({ seed: 8 })), draw(new Kernel({ seed: 7, secretKey: "k" }))];
    seeded.secrets("a");
    for (const kernel of [seeded, keyed]) kernel.reseed(8);
    expect([draw(seeded), draw(keyed)]).toEqual([first, second]);
  });

  it("repeat after a restore where inputs may run again", () => {
    for (const options of [{ seed: 7 }, { secretKey: "k", recordInputs: true }]) {
      const kernel = new Kernel(options);
      kernel.secrets("a").bytes(5);
      const snapshot = kernel.snapshot();
      const drawn = kernel.secrets("a").hex(40);
      kernel.restore(snapshot);
      expect(kernel.secrets("a").hex(40)).toBe(drawn);
    }
  });

  it("never repeat with a key where no inputs are kept", () => {
    const kernel = new Kernel({ secretKey: "k" });
    const snapshot = kernel.snapshot();
    const drawn = kernel.secrets("a").hex(40);
    kernel.restore(snapshot);
    expect(kernel.secrets("a").hex(40)).not.toBe(drawn);
  });
});

describe("the comparison of secrets", () => {
  it("says whether they are equal, whatever their length", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (given, expected) => {
        expect(sameSecret(given, expected)).toBe(given === expected);
        expect(sameSecret(expected, expected)).toBe(true);
      }),
    );
  });
});
