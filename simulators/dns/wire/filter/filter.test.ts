import { describe, expect, it } from "vitest";
import { compileFilter } from "./filter.ts";
import { filterableOf } from "./types.ts";

const FIELDS = filterableOf({ isToday: true }).catalogService;
const BEGINNING = "Failed to create boolean expression evaluator: ";

/** What a real Consul 1.22.0 says of each expression; 1.8.7 says the same. */
const REFUSALS: readonly (readonly [expression: string, why: string])[] = [
  ["ServiceID=w1", '1:10 (9): no match found, expected: "!=", ".", "==", "[", [ \\t\\r\\n] or [a-zA-Z0-9_]'],
  ["ServiceID == w1 and", "1:20 (19): no match found, expected: [ \\t\\r\\n]"],
  ["(ServicePort == 80", '1:19 (18): rule "grouping": Unmatched parentheses'],
  ["NodeMeta[a] == c", '1:10 (9): rule "index": Invalid index'],
  ['"x" in 5', '1:8 (7): rule "match": Invalid selector'],
  ["ServicePort matches 1", 'Invalid match operator "Matches" for selector "ServicePort"'],
  ["ServiceWeights is empty", 'Invalid match operator "Is Empty" for selector "ServiceWeights"'],
  ["ServiceTags == v1", 'Invalid match operator "Equal" for selector "ServiceTags"'],
  ["NodeMeta.a.b == c", 'Selector "NodeMeta.a.b" is not valid'],
  ["Nope == 1", 'Selector "Nope" is not valid'],
];

describe("a filter", () => {
  it.each(REFUSALS)("%s is refused as the real one refuses it", (expression, why) => {
    expect(() => compileFilter(expression, FIELDS)).toThrow(BEGINNING + why);
  });

  it("takes time in proportion to its length, however deep its brackets", () => {
    const deep = `${"(".repeat(200)}ServiceID == w1${")".repeat(200)}`;
    expect(compileFilter(deep, FIELDS)({ ServiceID: "w1" })).toBe(true);
    expect(() => compileFilter("(".repeat(100_000), FIELDS)).toThrow(BEGINNING);
  });

  it("finds the zero of what is not given", () => {
    expect(compileFilter('PeerName == "" and ServicePort == 0', FIELDS)({})).toBe(true);
    expect(compileFilter('ServiceSocketPath contains "undefined"', FIELDS)({})).toBe(false);
  });
});
