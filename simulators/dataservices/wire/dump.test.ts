import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contentOf, decode, encode, type Item, itemsOf, withoutTail } from "./dump.ts";

const value = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
const row = fc.dictionary(fc.string(), value);
const name = fc.string({ minLength: 1, maxLength: 12 });
const content = fc.record({
  tables: fc.array(fc.tuple(name, fc.array(fc.tuple(name, row), { maxLength: 6 })), { maxLength: 4 }),
  sequences: fc.array(fc.tuple(name, fc.nat()), { maxLength: 3 }),
});
const items = content.map(({ tables, sequences }) =>
  itemsOf({
    tables: new Map(tables.map(([table, rows]) => [table, { rows: new Map(rows), undo: null }])),
    sequences: new Map(sequences),
  }),
);

const decodeAll = (dump: Uint8Array, isTrusting = false): readonly Item[] => [...decode(dump, "virtual", isTrusting)];

describe("a dump", () => {
  it("gives back its input, and always has the same bytes for it", () => {
    fc.assert(
      fc.property(items, (list) => {
        const dump = encode("virtual", list);
        expect(decodeAll(dump)).toEqual(list);
        expect(itemsOf(contentOf(decodeAll(dump)))).toEqual(list);
        expect(encode("virtual", list)).toEqual(dump);
      }),
    );
  });

  it("is refused if any byte of it was changed, lost or added", () => {
    fc.assert(
      fc.property(items, fc.nat(), fc.integer({ min: 1, max: 255 }), (list, place, flip) => {
        const dump = encode("virtual", [...list, { sequence: "s", value: 1 }]);
        const at = place % dump.length;
        const changed = Uint8Array.from(dump, (byte, index) => (index === at ? byte ^ flip : byte));
        for (const bytes of [changed, dump.slice(0, at), Buffer.concat([dump, Buffer.from("x")])])
          expect(() => decodeAll(bytes)).toThrow(/DS_NOT_A_DUMP|DS_FOREIGN_DUMP/);
      }),
    );
  });

  it("of a different engine is refused", () => {
    expect(() => decode(encode("postgresql", []), "virtual")).toThrow(/DS_FOREIGN_DUMP/);
  });

  it("that is damaged is read as far as possible if verification is skipped", () => {
    const whole = encode("virtual", [
      { sequence: "a", value: 1 },
      { sequence: "b", value: 2 },
    ]);
    expect(decodeAll(whole.slice(0, whole.length - 5), true)).toEqual([{ sequence: "a", value: 1 }]);
  });

  it("with the defect of a lost tail loses the second half of its last rows, and nothing else", () => {
    const rows = { rows: "t", lines: ["1", "2", "3"] };
    const list = [rows, { rows: "u", lines: ["1", "2", "3", "4"] }, { sequence: "s", value: 1 }];
    expect(withoutTail(list)).toEqual([rows, { rows: "u", lines: ["1", "2"] }, { sequence: "s", value: 1 }]);
  });
});
