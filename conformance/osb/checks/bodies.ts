import { type Json, isArray, isObject, type JsonObject } from "../../client/http/json.ts";
import type { Answer } from "../../client/answer.ts";
import { redactJson } from "../../client/http/redact.ts";
import { fail, notApplicable, type Outcome, pass, warn } from "../../runner/check.ts";
import { BODY_RULES, type BodyRule, fits } from "../bodies.ts";
import type { OsbContext } from "../context.ts";
import { type OsbCheck, review } from "../define.ts";

function ownersAt(value: Json | undefined, path: readonly string[]): JsonObject[] {
  const [step, ...rest] = path;
  if (step === undefined) return isObject(value) ? [value] : [];
  if (step === "*") return isArray(value) ? value.flatMap((item) => ownersAt(item, rest)) : [];
  return isObject(value) ? ownersAt(value[step], rest) : [];
}

/** The values that a row judges in one answer; undefined stands for a required member that is not there. */
function valuesOf(rule: BodyRule, answer: Answer): (Json | undefined)[] {
  if (rule.member === "") return [answer.json];
  const values = ownersAt(answer.json, rule.at).map((owner) => owner[rule.member]);
  return rule.isRequired ? values : values.filter((value) => value !== undefined);
}

function judge(rule: BodyRule, { run }: OsbContext): Outcome {
  const answers = run.answers.filter(
    ({ operation, status }) => rule.on.includes(operation) && rule.status.includes(status),
  );
  const looked = answers
    .map((answer) => ({ answer, values: valuesOf(rule, answer) }))
    .filter(({ values }) => values.length > 0);
  if (looked.length === 0) return notApplicable(absence(rule, answers.length), ...answers.slice(0, 2));
  const wrong = looked.filter(({ values }) => values.some((value) => value === undefined || !fits(rule.schema, value)));
  if (wrong.length === 0) return pass(...looked.slice(0, 2).map(({ answer }) => answer));
  const where = [...rule.at, rule.member].filter((step) => step !== "").join(".") || "the body";
  const first = wrong[0]?.values.find((value) => value === undefined || !fits(rule.schema, value));
  const shown = first === undefined ? "absent or unreadable" : JSON.stringify(redactJson({ [rule.member]: first }));
  const seen = `${where} ${shown.slice(0, 80)}`;
  const isEmpty = rule.member === "" && wrong.every(({ answer }) => answer.bytes.byteLength === 0);
  const isTolerated = isEmpty && run.minor >= 14 && EMPTY_TOLERATED.has(rule.on[0] ?? "");
  return (isTolerated ? warn : fail)(
    `${where} to be ${rule.words}`,
    seen,
    ...wrong.slice(0, 3).map(({ answer }) => answer),
  );
}

/** Where later versions only expect a body, none at all is worth a warning and no more. */
const EMPTY_TOLERATED: ReadonlySet<string> = new Set(["update", "unbind", "deprovision"]);

function absence(rule: BodyRule, answers: number): string {
  const what = `${rule.on.join(" or ")} answered ${rule.status.join(", ")}`;
  return answers === 0 ? `no ${what} was seen` : `none of ${answers} answers (${what}) has ${rule.member}`;
}

/** One check for each row about the body of an answer. */
export const bodyChecks: readonly OsbCheck[] = BODY_RULES.map((rule) => {
  const { id, level, since, until } = rule;
  const options = Object.fromEntries(
    Object.entries({ id, level, since, until }).filter(([, value]) => value !== undefined),
  );
  return review(rule.clauses, (context) => judge(rule, context), options);
});
