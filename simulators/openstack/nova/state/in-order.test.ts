import fc from "fast-check";
import { expect, it } from "vitest";
import { newestFirst, removeInOrder } from "./in-order.ts";

it("pages are what sorting, filtering and cutting the whole list gives", () => {
  const numbers = fc.uniqueArray(fc.nat({ max: 60 }), { maxLength: 40 });
  fc.assert(
    fc.property(
      numbers,
      fc.array(fc.nat({ max: 60 })),
      fc.nat({ max: 10 }),
      fc.option(fc.nat({ max: 61 })),
      (all, gone, limit, before) => {
        const items = all.toSorted((a, b) => a - b).map((seq) => ({ seq }));
        for (const seq of gone) {
          const found = items.find((item) => item.seq === seq);
          if (found !== undefined) removeInOrder(items, found);
        }
        const left = all.filter((seq) => !gone.includes(seq)).toSorted((a, b) => b - a);
        const isEven = ({ seq }: { readonly seq: number }): boolean => seq % 2 === 0;
        const expected = left.filter((seq) => seq % 2 === 0 && (before === null || seq < before)).slice(0, limit);
        expect(newestFirst(items, isEven, limit, before ?? undefined).map(({ seq }) => seq)).toEqual(expected);
      },
    ),
  );
});
