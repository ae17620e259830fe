import { fail, notApplicable, type Outcome, pass } from "../../runner/check.ts";
import type { CatalogRule } from "../catalog/rule.ts";
import { CATALOG_RULES } from "../catalog/rules.ts";
import { clauseOf } from "../clauses.ts";
import type { OsbContext } from "../context.ts";
import { type OsbCheck, review } from "../define.ts";

/** Most faults that one verdict names. */
const FAULTS_MAX = 5;

function judgeRule({ words, find, title }: CatalogRule, { run }: OsbContext): Outcome {
  const { looked, faults } = find(run.catalog.json ?? null);
  if (looked === 0) return notApplicable(`the catalog has no ${find.about ?? `case for it: ${title}`}`, run.catalog);
  return faults.length === 0 ? pass(run.catalog) : fail(words, joinFaults(faults), run.catalog);
}

function checkOf(rule: CatalogRule): OsbCheck {
  const { id, clauses, title, words: _words, find: _find, ...versions } = rule;
  const [clause = ""] = clauses;
  const { text } = clauseOf(clause);
  return review({
    id: id ?? clause,
    clauses,
    title,
    requirement: text,
    ...versions,
    run: (context) => judgeRule(rule, context),
  });
}

function joinFaults(faults: readonly string[]): string {
  const more = faults.length > FAULTS_MAX ? ` and ${faults.length - FAULTS_MAX} more` : "";
  return `${faults.slice(0, FAULTS_MAX).join("; ")}${more}`;
}

/** One check for each rule about the objects of the catalog. */
export const catalogObjectChecks: readonly OsbCheck[] = CATALOG_RULES.map(checkOf);
