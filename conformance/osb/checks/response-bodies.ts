import { type Json, isArray, isObject, type JsonObject } from "../../client/http/json.ts";
import { redactJson } from "../../client/http/redact.ts";
import type { Answer, Operation } from "../../client/answer.ts";
import { fail, notApplicable, type Outcome, pass, warn } from "../../runner/check.ts";
import { BODY_RULES, type BodyRule, fits, isUndeserved } from "../bodies.ts";
import { clauseOf } from "../clauses.ts";
import type { OsbContext } from "../context.ts";
import { type OsbCheck, review } from "../define.ts";
import { standardAnswers } from "../sequences/standard-answers.ts";

function ownersAt(value: Json | undefined, path: readonly string[]): JsonObject[] {
  const [step, ...rest] = path;
  if (step === undefined) return isObject(value) ? [value] : [];
  if (step === "*") return isArray(value) ? value.flatMap((item) => ownersAt(item, rest)) : [];
  return isObject(value) ? ownersAt(value[step], rest) : [];
}

/**
 * The values that a row judges in one answer; undefined stands for a missing required member, null for an optional one that was left out.
 */
function valuesOf(rule: BodyRule, answer: Answer): (Json | undefined)[] {
  if (rule.member === "") return [answer.json];
  const values = ownersAt(answer.json, rule.at).map((owner) => owner[rule.member]);
  return rule.isRequired ? values : values.filter((value) => value !== undefined && value !== null);
}

async function judgeBody(rule: BodyRule, context: OsbContext): Promise<Outcome> {
  const { run } = context;
  const answers = (await standardAnswers(context)).filter(
    (answer) => rule.on.includes(answer.operation) && rule.status.includes(answer.status) && !isUndeserved(answer),
  );
  const looked = answers
    .map((answer) => ({ answer, values: valuesOf(rule, answer) }))
    .filter(({ values }) => values.length > 0);
  if (looked.length === 0) return notApplicable(describeAbsence(rule, answers.length), ...answers.slice(0, 2));
  const wrong = looked.filter(({ values }) => values.some((value) => value === undefined || !fits(rule.schema, value)));
  if (wrong.length === 0) return pass(...looked.slice(0, 2).map(({ answer }) => answer));
  const where = placeOf(rule);
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

/** An operation as a title names it. */
const OPERATION_NAMES: Readonly<Record<Operation, string>> = {
  catalog: "a catalog request",
  provision: "a provision",
  update: "an update",
  deprovision: "a deprovision",
  bind: "a bind",
  unbind: "an unbind",
  "fetch-instance": "a fetch of an instance",
  "fetch-binding": "a fetch of a binding",
  "poll-instance": "a poll of an instance",
  "poll-binding": "a poll of a binding",
};

const placeOf = (rule: BodyRule): string =>
  [...rule.at, rule.member].filter((step) => step !== "").join(".") || "the body";

/** `a`, `a or b`, `a, b or c`. */
const joinNames = (names: readonly string[]): string =>
  [...names.slice(0, -2), names.slice(-2).join(" or ")].join(", ");

/** `operation in the 202 to a provision is a string or null (2.14)`. */
function titleOf(rule: BodyRule): string {
  const { on, status, member, since, until, words } = rule;
  const versions = until === undefined ? "" : since === until ? ` (2.${until})` : ` (up to 2.${until})`;
  if (rule.title !== undefined) return `${rule.title}${versions}`;
  const [only, ...more] = status;
  const answer = more.length === 0 ? `the ${only}` : "the answer";
  const operations = joinNames(on.map((operation) => OPERATION_NAMES[operation]));
  const what = member === "" ? "The body of" : `${placeOf(rule)} in`;
  return `${what} ${answer} to ${operations} is ${words}${versions}`;
}

/** Where later versions only expect a body, none at all is worth a warning and no more. */
const EMPTY_TOLERATED: ReadonlySet<string> = new Set(["update", "unbind", "deprovision"]);

function describeAbsence(rule: BodyRule, answers: number): string {
  const what = `${rule.on.join(" or ")} answered ${rule.status.join(", ")}`;
  return answers === 0 ? `no ${what} was seen` : `none of ${answers} answers (${what}) has ${rule.member}`;
}

function checkOf(rule: BodyRule): OsbCheck {
  const { clauses, level, since, until } = rule;
  const [clause = ""] = clauses;
  const bounds = Object.entries({ level, since, until }).filter(([, value]) => value !== undefined);
  return review({
    id: rule.id ?? clause,
    title: titleOf(rule),
    requirement: clauseOf(clause).text,
    clauses,
    ...Object.fromEntries(bounds),
    run: (context) => judgeBody(rule, context),
  });
}

/** One check for each row about the body of an answer. */
export const responseBodyChecks: readonly OsbCheck[] = BODY_RULES.map(checkOf);
