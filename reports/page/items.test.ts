import fc from "fast-check";
import { expect, test } from "vitest";
import { EXAMPLE_RUN, EXAMPLE_SCENARIO } from "../fixtures/example.ts";
import { foldRun } from "../fold.ts";
import { filterItems, filterOf, hashOf, itemsOf, NO_FILTER, toggle } from "./items.ts";

const items = [...itemsOf(foldRun(EXAMPLE_RUN)), ...itemsOf(foldRun(EXAMPLE_SCENARIO))];
const anyFilter = fc.record({
  verdicts: fc.subarray(["fail", "unknown", "warn", "pass", "not-applicable"]),
  suites: fc.subarray(["osb", "backup", "isolation", "provisioning"]),
  levels: fc.subarray(["MUST", "SHOULD", "MAY"]),
  text: fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom("conflict", "PUT 409", "vol-4 owner")),
});

test("a filter can be written to a URL and read back", () => {
  fc.assert(
    fc.property(anyFilter, (filter) => {
      expect(filterOf(hashOf(filter))).toEqual(filter);
    }),
  );
});

test("filtering twice changes nothing, and a narrower filter never shows more", () => {
  fc.assert(
    fc.property(anyFilter, (filter) => {
      const once = filterItems(items, filter);
      expect(filterItems(once, filter)).toEqual(once);
      expect(filterItems(items, { ...filter, text: "" }).length).toBeGreaterThanOrEqual(once.length);
    }),
  );
});

test("no filter shows everything", () => {
  expect(filterItems(items, NO_FILTER)).toEqual(items);
});

test.each([
  [{ ...NO_FILTER, verdicts: ["fail"] }, ["provision-conflict-409", "unbind-gone-410", "provisioning/2"]],
  [{ ...NO_FILTER, levels: ["SHOULD"] }, ["error-description"]],
  [{ ...NO_FILTER, suites: ["backup"] }, ["BK-10", "BK-48"]],
  [{ ...NO_FILTER, text: "no such BINDING" }, ["IS-06"]],
  [{ ...NO_FILTER, text: "VOL-4 owner" }, ["provisioning/2"]],
])("%j shows %j", (filter, keys) => {
  expect(
    filterItems(items, filter)
      .map(({ key }) => key)
      .sort(),
  ).toEqual(keys.toSorted());
});

test("making a choice twice undoes it", () => {
  expect(toggle(toggle(["a"], "b"), "b")).toEqual(["a"]);
});
