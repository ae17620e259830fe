import { Timestamp } from "bson";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PLAIN_CONTEXT } from "../query/match.ts";
import { byCodePoint } from "../values/compare.ts";
import { type Document, isDocument, type Value } from "../values/value.ts";
import { describeUpdate } from "./describe.ts";
import { compileUpdate, seedOf } from "./update.ts";

const CONTEXT = {
  filter: PLAIN_CONTEXT,
  pipeline: { database: "app", texts: byCodePoint, variables: {}, read: () => [], random: () => 0 },
  arrayFilters: undefined,
  now: new Date(0),
  time: new Timestamp(1n),
};
const apply = (document: Document, update: Document): Document => {
  const { _id, ...made } = compileUpdate(update, CONTEXT).apply({ _id: 0, ...document }, undefined, false);
  expect(_id).toBe(0);
  return made;
};

const FIELDS = ["a", "b", "c"] as const;
const numbers = fc.array(fc.integer({ min: -9, max: 9 }), { maxLength: 5 });
const flat = fc.record(
  { a: fc.integer({ min: -99, max: 99 }), b: fc.integer({ min: -99, max: 99 }), c: numbers },
  { requiredKeys: [], noNullPrototype: true },
);
const amount = fc.integer({ min: -9, max: 9 });

/** A plain model of each operator on one field: a second implementation to judge the first. */
type Plain = (record: Map<string, Value>) => void;
interface Step {
  readonly update: Document;
  readonly plain: Plain;
}

const onNumber = (name: string, operand: number, change: (there: number | undefined) => Value): Step => ({
  update: { [name]: { a: operand } },
  plain: (record) => {
    const there = record.get("a");
    record.set("a", change(typeof there === "number" ? there : undefined));
  },
});
const onList = (update: Document, change: (there: readonly Value[]) => readonly Value[], makes = true): Step => ({
  update,
  plain: (record) => {
    const there = record.get("c");
    if (Array.isArray(there) || makes) record.set("c", change(Array.isArray(there) ? there : []));
  },
});

const place = (list: readonly Value[], position: number): number =>
  position < 0 ? Math.max(0, list.length + position) : Math.min(list.length, position);
const steps: fc.Arbitrary<Step> = fc.oneof(
  fc
    .tuple(fc.constantFrom(...FIELDS), amount)
    .map(
      ([field, value]): Step => ({
        update: { $set: { [field]: value } },
        plain: (record) => void record.set(field, value),
      }),
    )
    .filter(({ update }) => !JSON.stringify(update).includes('"c"')),
  fc
    .constantFrom(...FIELDS)
    .map((field): Step => ({ update: { $unset: { [field]: "" } }, plain: (record) => void record.delete(field) })),
  amount.map((n) => onNumber("$inc", n, (there) => (there ?? 0) + n)),
  amount.map((n) => onNumber("$mul", n, (there) => (there ?? 0) * n + 0)),
  amount.map((n) => onNumber("$min", n, (there) => Math.min(there ?? n, n))),
  amount.map((n) => onNumber("$max", n, (there) => Math.max(there ?? n, n))),
  fc
    .tuple(
      numbers,
      fc.option(fc.integer({ min: -4, max: 4 })),
      fc.option(fc.integer({ min: -4, max: 4 })),
      fc.option(fc.constantFrom(1, -1)),
    )
    .map(([$each, $position, $slice, $sort]) => {
      const modifiers = Object.fromEntries(
        Object.entries({ $each, $position, $slice, $sort }).filter(([, value]) => value !== null),
      );
      return onList({ $push: { c: modifiers } }, (there) => {
        const list = [...there];
        list.splice($position === null ? list.length : place(list, $position), 0, ...$each);
        if ($sort !== null) list.sort((x, y) => (Number(x) - Number(y)) * $sort);
        return $slice === null ? list : $slice < 0 ? list.slice($slice) : list.slice(0, $slice);
      });
    }),
  numbers.map(($each) =>
    onList({ $addToSet: { c: { $each } } }, (there) => [
      ...there,
      ...new Set($each.filter((each) => !there.includes(each))),
    ]),
  ),
  fc
    .constantFrom(1, -1)
    .map((way) => onList({ $pop: { c: way } }, (there) => (way === 1 ? there.slice(0, -1) : there.slice(1)), false)),
  amount.map((n) => onList({ $pull: { c: { $gte: n } } }, (there) => there.filter((each) => Number(each) < n), false)),
  numbers.map((gone) =>
    onList({ $pullAll: { c: gone } }, (there) => there.filter((each) => !gone.includes(Number(each))), false),
  ),
);

describe("update operators", () => {
  test("agree with a plain model", () => {
    fc.assert(
      fc.property(flat, fc.array(steps, { minLength: 1, maxLength: 6 }), (document, drawn) => {
        const record = new Map<string, Value>(Object.entries(document));
        let made: Document = { ...document };
        for (const { update, plain } of drawn) {
          made = apply(made, update);
          plain(record);
        }
        expect(new Map(Object.entries(made))).toEqual(record);
      }),
      { numRuns: 1000 },
    );
  });

  test("never change their input", () => {
    fc.assert(
      fc.property(flat, steps, (document, { update }) => {
        const before = structuredClone(document);
        apply(document, update);
        expect(document).toEqual(before);
      }),
    );
  });

  test("in one update have the effect of running one after another, if their fields differ", () => {
    fc.assert(
      fc.property(flat, amount, numbers, (document, n, list) => {
        const together = apply(document, { $inc: { a: n }, $set: { b: n }, $addToSet: { c: { $each: list } } });
        const apart = [{ $inc: { a: n } }, { $set: { b: n } }, { $addToSet: { c: { $each: list } } }].reduce<Document>(
          apply,
          document,
        );
        expect(together).toEqual(apart);
      }),
    );
  });

  test("reach nested documents and elements, and pad arrays with null", () => {
    expect(apply({}, { $set: { "a.b.c": 1 } })).toEqual({ a: { b: { c: 1 } } });
    expect(apply({ a: [1] }, { $set: { "a.3": 4 } })).toEqual({ a: [1, null, null, 4] });
    expect(apply({ a: [1, 2] }, { $unset: { "a.0": "" } })).toEqual({ a: [null, 2] });
    expect(apply({ a: { b: 1 } }, { $unset: { "a.x.y": "" } })).toEqual({ a: { b: 1 } });
    expect(apply({ a: 1 }, { $rename: { a: "b.c" } })).toEqual({ b: { c: 1 } });
  });

  test("add new fields in the order of their names", () => {
    expect(Object.keys(apply({ z: 0 }, { $set: { c: 1, a: 1 }, $inc: { b: 1 } }))).toEqual(["z", "a", "b", "c"]);
  });
});

describe("what changed", () => {
  test("turns the old document into the new one", () => {
    fc.assert(
      fc.property(flat, flat, (before, after) => {
        const { updatedFields, removedFields, truncatedArrays } = describeUpdate(before, after);
        const truncated = (Array.isArray(truncatedArrays) ? truncatedArrays : []).filter((each) => isDocument(each));
        const cut = truncated.reduce<Document>(
          (made, { field, newSize }) => apply(made, { $push: { [String(field)]: { $each: [], $slice: newSize } } }),
          before,
        );
        const set = isDocument(updatedFields) && Object.keys(updatedFields).length > 0 ? { $set: updatedFields } : {};
        const removed =
          Array.isArray(removedFields) && removedFields.length > 0
            ? { $unset: Object.fromEntries(removedFields.map((name) => [String(name), ""])) }
            : {};
        expect({ ...apply(cut, { $set: {}, ...set, ...removed }) }).toEqual({ ...after });
      }),
      { numRuns: 500 },
    );
  });
});

test("an upsert starts from the equalities of the filter", () => {
  expect(seedOf({ a: 1, "b.c": 2, d: { $gt: 5 }, e: { $eq: 3 }, $and: [{ f: 4 }], g: { $in: [6] } })).toEqual({
    a: 1,
    b: { c: 2 },
    e: 3,
    f: 4,
    g: 6,
  });
});
