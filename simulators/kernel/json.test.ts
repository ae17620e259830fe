import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { isDeeper, isObject } from "./index.ts";

const nest = (levels: number): string => `${"[".repeat(levels)}${"]".repeat(levels)}`;

const depthOf = (value: unknown): number =>
  typeof value === "object" && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;

describe("the depth of a JSON text", () => {
  test.prop([fc.jsonValue({ maxDepth: 6 }), fc.nat(7)])(
    "is that of its value, whatever its texts hold",
    (value, max) => {
      const text = JSON.stringify(value);
      expect(isDeeper(text, max)).toBe(depthOf(value) > max);
      expect(isDeeper(Buffer.from(text), max)).toBe(depthOf(value) > max);
    },
  );

  it("may reach the limit, but not exceed it", () => {
    expect(isDeeper(nest(900), 900)).toBe(false);
    expect(isDeeper(nest(901), 900)).toBe(true);
  });

  it("does not count brackets in a text", () => {
    expect(isDeeper(JSON.stringify({ a: '[[[["' }), 1)).toBe(false);
  });
});

describe("an object", () => {
  it.each([null, [], "x", 1, undefined, () => 1])("is not %j", (value) => {
    expect(isObject(value)).toBe(false);
  });

  it("is a value with members", () => {
    expect(isObject({})).toBe(true);
    expect(isObject(Object.create(null))).toBe(true);
  });
});
