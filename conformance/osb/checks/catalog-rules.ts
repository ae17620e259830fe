import { isArray, isObject } from "../../client/http/json.ts";
import { fail, notApplicable, type Outcome, pass } from "../../runner/check.ts";
import { CATALOG_RULES, type CatalogRule } from "../catalog/rules.ts";
import type { OsbContext } from "../context.ts";
import { type OsbCheck, review } from "../define.ts";

/** Most faults that one verdict names. */
const FAULTS_MAX = 5;

function checkOf(rule: CatalogRule): OsbCheck {
  const { clauses, words, find, ...options } = rule;
  return review(
    clauses,
    ({ run }) => {
      const { looked, faults } = find(run.catalog.json ?? null);
      if (looked === 0) return notApplicable("the catalog has nothing that the rule is about", run.catalog);
      return faults.length === 0 ? pass(run.catalog) : fail(words, listed(faults), run.catalog);
    },
    options,
  );
}

function listed(faults: readonly string[]): string {
  const more = faults.length > FAULTS_MAX ? ` and ${faults.length - FAULTS_MAX} more` : "";
  return `${faults.slice(0, FAULTS_MAX).join("; ")}${more}`;
}

/** A run begins with a catalog that has services, or not at all; so this is about each time that it is read. */
function servicesAlways({ run }: OsbContext): Outcome {
  const catalogs = run.answers.filter(({ operation, status }) => operation === "catalog" && status === 200);
  const wrong = catalogs.find(({ json }) => !isObject(json) || !isArray(json["services"]));
  return wrong === undefined ? pass(...catalogs.slice(0, 3)) : fail("an array of services", "none", wrong);
}

/** One check for each rule about the catalog. */
export const catalogRuleChecks: readonly OsbCheck[] = [
  review("catalog-services-required", servicesAlways),
  ...CATALOG_RULES.map(checkOf),
];
