import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FakeHost } from "../testing.ts";
import { checkId, isId, newId } from "./ids.ts";
import { statusOf } from "./testing.ts";

describe("an id", () => {
  it.each([
    ["a1b2-c3_d4.e5~f6", undefined],
    ["a".repeat(100), undefined],
    ["..", 400],
    ["a/b", 400],
    ["a b", 400],
    ["a%2fb", 400],
    ["a\u0000", 400],
    ["ａｂｃ", 400],
    ["'; drop table instances; --", 400],
    ["a".repeat(101), 400],
    ["", 400],
  ])("%j is answered %s", (id, status) => {
    expect(statusOf(() => checkId(id))).toBe(status);
  });

  it("that is accepted can be used in a path unescaped", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[\w.~%/-]{1,120}$/)), (id) => {
        if (!isId(id)) return;
        expect(encodeURIComponent(id)).toBe(id);
        expect(new URL(`http://broker/v2/${id}/x`).pathname).toBe(`/v2/${id}/x`);
      }),
    );
  });

  it("that the broker draws is a UUID of version 4, and different each time", () => {
    const host = new FakeHost();
    const ids = Array.from({ length: 50 }, () => newId({ host }));
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(ids.slice(0, 16)).size).toBe(16);
  });
});
