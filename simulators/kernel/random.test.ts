import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { Random } from "./index.ts";

const seed = fc.oneof(fc.integer(), fc.string());
const list = fc.uniqueArray(fc.integer(), { minLength: 1, maxLength: 8 });

describe("a stream of random values", () => {
  test.prop([seed, fc.string()])(
    "is the same for the same seed and name, and another for another name",
    (from, name) => {
      const values = (of: string): readonly number[] => {
        const random = Random.fork(from, of);
        return Array.from({ length: 4 }, () => random.float());
      };
      expect(values(name)).toEqual(values(name));
      expect(values(name)).not.toEqual(values(`${name}/other`));
    },
  );

  test.prop([seed, list])("picks every element of a list, and nothing else", (from, elements) => {
    const random = Random.fork(from, "pick");
    const picked = Array.from({ length: 60 * elements.length }, () => random.pick(elements));
    expect(new Set(picked)).toEqual(new Set(elements));
  });

  test.prop([seed, list])("shuffles a copy that has the same elements", (from, elements) => {
    const before = [...elements];
    const shuffled = Random.fork(from, "shuffle").shuffle(elements);
    const ascending = (a: number, b: number): number => a - b;
    expect(shuffled.toSorted(ascending)).toEqual(elements.toSorted(ascending));
    expect(elements).toEqual(before);
  });

  test.prop([seed, fc.nat(100), fc.nat(100)])(
    "keeps whole numbers within their bounds, both included",
    (from, a, b) => {
      const [min, max] = [Math.min(a, b), Math.max(a, b)];
      const random = Random.fork(from, "int");
      for (let round = 0; round < 20; round++) {
        const value = random.int(min, max);
        expect(value).toBeGreaterThanOrEqual(min);
        expect(value).toBeLessThanOrEqual(max);
      }
    },
  );

  test.prop([seed, fc.integer({ min: 1, max: 40 })])(
    "gives as many hexadecimal digits as asked for",
    (from, digits) => {
      expect(Random.fork(from, "hex").hex(digits)).toMatch(new RegExp(`^[0-9a-f]{${digits}}$`));
    },
  );

  it("picks nothing from nothing", () => {
    expect(() => Random.fork(1, "none").pick([])).toThrow(RangeError);
  });
});
