import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "../../client/http/json.ts";
import { clauseOf } from "../clauses.ts";
import { MEMORY_CATALOG } from "../memory-broker/catalog.ts";
import type { CatalogRule } from "./rule.ts";
import { CATALOG_RULES } from "./rules.ts";
import { catalogs } from "./testing/catalogs.ts";
import { DEFECTS, spoilt } from "./testing/defects.ts";
import { SPEC_MINORS, type SpecMinor } from "../../client/spec-version.ts";

const idOf = (rule: CatalogRule): string => rule.id ?? rule.clauses[0] ?? "";

/** The rules that bind in a version, as the checks apply them. */
function rulesIn(minor: SpecMinor): readonly CatalogRule[] {
  return CATALOG_RULES.filter(({ clauses: [first = ""], since, until }) => {
    const clause = clauseOf(first);
    return minor >= (since ?? clause.since) && minor <= (until ?? clause.until ?? 17);
  });
}

function brokenBy(catalog: Json, minor: SpecMinor): string[] {
  return rulesIn(minor)
    .filter((rule) => rule.find(catalog).faults.length > 0)
    .map(idOf);
}

describe("the rules about catalogs", () => {
  it("pass any valid catalog, in every version", () => {
    fc.assert(
      fc.property(catalogs, fc.constantFrom(...SPEC_MINORS), (catalog, minor) => {
        expect(brokenBy(catalog, minor)).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it("catch any single defect in any valid catalog", () => {
    const spoiltOnes = fc.constantFrom(...DEFECTS).chain((defect) =>
      catalogs.chain((catalog) => {
        const drawn = spoilt(defect, catalog);
        return drawn === undefined ? fc.constant(undefined) : drawn.map((it) => ({ defect, spoilt: it }));
      }),
    );
    fc.assert(
      fc.property(spoiltOnes, (drawn) => {
        fc.pre(drawn !== undefined);
        expect(brokenBy(drawn.spoilt, drawn.defect.minor)).toContain(drawn.defect.rule);
      }),
      { numRuns: 600 },
    );
  });

  it.each(DEFECTS.map((defect) => ({ defect, rule: defect.rule })))("$rule catches its defect", ({ defect }) => {
    const drawn = spoilt(defect, MEMORY_CATALOG as never);
    if (drawn === undefined) throw new Error("the example has no place for this defect");
    fc.assert(
      fc.property(drawn, (catalog) => brokenBy(catalog, defect.minor).includes(defect.rule)),
      { numRuns: 20 },
    );
  });

  it("has a defect for each rule", () => {
    expect(new Set(DEFECTS.map(({ rule }) => rule))).toEqual(new Set(CATALOG_RULES.map(idOf)));
  });

  it.each([null, [], "text", 5, {}, { services: {} }, { services: [null, 5, [], { plans: [null, "a"] }] }])(
    "do not trip over %j",
    (catalog) => {
      for (const rule of CATALOG_RULES) expect(rule.find(catalog as Json).looked).toBeGreaterThanOrEqual(0);
    },
  );
});
