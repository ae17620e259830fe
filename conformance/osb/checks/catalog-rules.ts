import { fail, notApplicable, pass } from "../../runner/check.ts";
import { CATALOG_RULES, type CatalogRule } from "../catalog/rules.ts";
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
      if (faults.length === 0) return pass(run.catalog);
      const more = faults.length > FAULTS_MAX ? ` and ${faults.length - FAULTS_MAX} more` : "";
      return fail(words, `${faults.slice(0, FAULTS_MAX).join("; ")}${more}`, run.catalog);
    },
    options,
  );
}

/** One check for each rule about the catalog. */
export const catalogRuleChecks: readonly OsbCheck[] = CATALOG_RULES.map(checkOf);
