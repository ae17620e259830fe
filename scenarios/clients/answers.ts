import type Type from "typebox";
import { Compile } from "typebox/compile";
import { ScenarioError } from "../errors.ts";

/** The longest part of an answer that an error shows, in characters. */
const SHOWN_CHARS_MAX = 300;

const unexpectedAnswer = (message: string): ScenarioError => new ScenarioError("SCENARIO_UNEXPECTED_ANSWER", message);

const compiled = new WeakMap<Type.TSchema, ReturnType<typeof Compile>>();

/** Whether a value is of this schema, which is compiled once. */
export function isOf<S extends Type.TSchema>(schema: S, value: unknown): value is Type.Static<S> {
  const known = compiled.get(schema) ?? Compile(schema);
  compiled.set(schema, known);
  return known.Check(value);
}

/** Checks that a value matches this schema, and returns it. @param call the request, for the error. @throws ScenarioError SCENARIO_UNEXPECTED_ANSWER */
export function parseAs<S extends Type.TSchema>(schema: S, value: unknown, call: string): Type.Static<S> {
  if (isOf(schema, value)) return value;
  throw unexpectedAnswer(
    `${call} gave an answer that its API does not allow: ${JSON.stringify(value)?.slice(0, SHOWN_CHARS_MAX)}`,
  );
}

/** Reads the text of an answer whose status must be one of these. @throws ScenarioError SCENARIO_UNEXPECTED_ANSWER, which names the call */
export async function expectText(response: Response, call: string, ...statuses: readonly number[]): Promise<string> {
  const text = await response.text();
  if (statuses.includes(response.status)) return text;
  throw unexpectedAnswer(
    `${call} answered ${response.status} instead of ${statuses.join(" or ")}: ${text.slice(0, SHOWN_CHARS_MAX)}`,
  );
}

/** Reads the JSON of an answer, which must be of this schema. @throws ScenarioError SCENARIO_UNEXPECTED_ANSWER */
export async function expectBody<S extends Type.TSchema>(
  response: Response,
  call: string,
  schema: S,
  ...statuses: readonly number[]
): Promise<Type.Static<S>> {
  const text = await expectText(response, call, ...statuses);
  return parseAs(schema, text === "" ? null : JSON.parse(text), call);
}
