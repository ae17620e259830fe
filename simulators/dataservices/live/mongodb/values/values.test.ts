import { Decimal128, Double } from "bson";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyValue } from "../testing/values.ts";
import { compare, equals } from "./compare.ts";
import { keyOf } from "./key.ts";
import { add, multiply } from "./numbers.ts";
import { doubleOf, type Numeric } from "./value.ts";

const integer = fc.oneof(fc.integer(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));
const numeric: fc.Arbitrary<Numeric> = fc.oneof(
  integer,
  fc.double({ noNaN: true }).map(doubleOf),
  fc.integer().map((number) => Decimal128.fromString(String(number))),
  fc.integer().map((number) => new Double(number % 1000)),
);

describe("the order of values", () => {
  test("is total: antisymmetric and transitive", () => {
    fc.assert(
      fc.property(anyValue, anyValue, anyValue, (a, b, c) => {
        expect(compare(a, b) + compare(b, a)).toBe(0);
        const [x, y, z] = [a, b, c].sort((one, other) => compare(one, other));
        expect(compare(x, y) <= 0 && compare(y, z) <= 0 && compare(x, z) <= 0).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test("agrees with the keys of indexes: equal values share one, others do not", () => {
    fc.assert(
      fc.property(anyValue, anyValue, (a, b) => {
        expect(keyOf(a) === keyOf(b)).toBe(equals(a, b));
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(numeric, numeric, (a, b) => {
        expect(keyOf(a) === keyOf(b)).toBe(equals(a, b));
      }),
      { numRuns: 2000 },
    );
  });

  test("knows numbers of all types exactly", () => {
    expect(compare(9007199254740993n, 9007199254740992)).toBe(1);
    expect(compare(Decimal128.fromString("0.1"), 0.1)).toBe(-1);
    expect(equals(Decimal128.fromString("0.50"), 0.5)).toBe(true);
    expect(keyOf(Decimal128.fromString("5E-1"))).toBe(keyOf(0.5));
    expect(equals(new Double(1), 1n)).toBe(true);
    expect(compare(Number.NaN, -1)).toBe(-1);
  });

  test("puts types in the server's order", () => {
    const inOrder = [undefined, null, 5, "a", { a: 1 }, [1], false, true, new Date(0)];
    expect(inOrder.toSorted((a, b) => compare(b, a)).toReversed()).toEqual(inOrder);
  });
});

describe("arithmetic", () => {
  test("of whole numbers is exact, an int32 that overflows becomes an int64, an int64 is refused", () => {
    fc.assert(
      fc.property(integer, integer, (a, b) => {
        for (const [apply, exact] of [
          [add, BigInt(a) + BigInt(b)],
          [multiply, BigInt(a) * BigInt(b)],
        ] as const) {
          const made = apply(a, b);
          const fits = exact < 2n ** 63n && exact >= -(2n ** 63n);
          if (fits) expect(BigInt(Number.isInteger(made) || typeof made === "bigint" ? String(made) : "x")).toBe(exact);
          else expect(made).toBeUndefined();
        }
      }),
      { numRuns: 500 },
    );
    expect(add(2147483647, 1)).toBe(2147483648n);
    expect(add(1, new Double(1))).toEqual(new Double(2));
    expect(String(add(Decimal128.fromString("0.1"), Decimal128.fromString("0.2")))).toBe("0.3");
  });
});
