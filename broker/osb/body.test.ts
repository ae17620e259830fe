import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isDeeper, parseBody } from "./body.ts";

const depthOf = (value: unknown): number =>
  typeof value === "object" && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;

describe("the body of a request", () => {
  it("is measured as being as deep as its value", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), fc.nat(8), (text, depth) => {
        expect(isDeeper(text, depth)).toBe(depthOf(JSON.parse(text)) > depth);
      }),
    );
  });

  it.each([
    ["arrays", "[", "]"],
    ["objects", '{"a":', "}"],
    ["objects in arrays", '[{"a":', "}]"],
    ["what never ends", "[", ""],
  ])("may not nest too deep: %s", (_what, open, close) => {
    const nest = (depth: number): string => `${open.repeat(depth)}1${close.repeat(depth)}`;
    for (const depth of [101, 5_000, 100_000])
      expect(() => parseBody("application/json", nest(depth))).toThrow("deeper than 100 levels");
  });

  it("is JSON, whatever parameters its type has", () => {
    for (const type of [undefined, "", "application/json", "Application/JSON ; charset=utf-8"])
      expect(parseBody(type, '{"a":[]}')).toEqual({ a: [] });
    for (const type of ["text/plain", "application/jsonp", "json"])
      expect(() => parseBody(type, "{}")).toThrow("Content-Type must be application/json.");
  });
});
