import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextQuery, pageAfter, sortBy } from "./paging.ts";

describe("pageAfter", () => {
  const ids = fc.uniqueArray(fc.nat({ max: 99 }).map(String), { maxLength: 30 });

  it("shows every item once, in order, to a client that follows the markers", () => {
    fc.assert(
      fc.property(ids, fc.integer({ min: 1, max: 7 }), (items, limit) => {
        const seen: string[] = [];
        for (let marker: string | null = null; ; marker = seen.at(-1) ?? null) {
          const page = pageAfter(items, marker, limit, (item) => item);
          expect(page?.items.length ?? 0).toBeLessThanOrEqual(limit);
          seen.push(...(page?.items ?? []));
          if (page?.hasMore !== true) break;
        }
        expect(seen).toEqual(items);
      }),
    );
  });

  it("finds no page after a marker that no item has", () => {
    expect(pageAfter(["a"], "b", 1, (item) => item)).toBeUndefined();
  });

  it("distinguishes a full last page from one that more follow", () => {
    expect(pageAfter(["a", "b"], null, 2, (item) => item)).toMatchObject({ isFull: true, hasMore: false });
    expect(pageAfter(["a", "b", "c"], null, 2, (item) => item)).toMatchObject({ isFull: true, hasMore: true });
    expect(pageAfter(["a"], null, 2, (item) => item)).toMatchObject({ isFull: false, hasMore: false });
    expect(pageAfter(["a"], null, 0, (item) => item)).toMatchObject({ items: [], isFull: false, hasMore: true });
  });
});

describe("sortBy", () => {
  it("puts missing values first, and keeps the order of equals", () => {
    const rows = [
      { n: 2, at: 0 },
      { n: null, at: 1 },
      { n: 1, at: 2 },
      { n: 2, at: 3 },
    ];
    const by = (dir: "asc" | "desc"): number[] => sortBy(rows, [[({ n }) => n, dir]]).map(({ at }) => at);
    expect(by("asc")).toEqual([1, 2, 0, 3]);
    expect(by("desc")).toEqual([0, 3, 2, 1]);
  });
});

describe("nextQuery", () => {
  it("keeps what the client sent, with another marker", () => {
    expect(nextQuery(new URLSearchParams("limit=2&marker=a&name=x"), "b")).toBe("limit=2&marker=b&name=x");
  });
});
