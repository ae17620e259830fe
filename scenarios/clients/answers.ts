import type Type from "typebox";
import { Compile } from "typebox/compile";
import { ScenarioError } from "../errors.ts";

/** The longest part of an answer that an error shows, in characters. */
const SHOWN_CHARS_MAX = 300;

const unexpected = (message: string): ScenarioError => new ScenarioError("SCENARIO_UNEXPECTED_ANSWER", message);

const compiled = new WeakMap<Type.TSchema, ReturnType<typeof Compile>>();

/** Is the value of this schema? A schema is compiled once. */
export function isOf<S extends Type.TSchema>(schema: S, value: unknown): value is Type.Static<S> {
  const known = compiled.get(schema) ?? Compile(schema);
  compiled.set(schema, known);
  return known.Check(value);
}

/** The value, of this schema. @throws ScenarioError SCENARIO_UNEXPECTED_ANSWER */
export function parseAs<S extends Type.TSchema>(schema: S, value: unknown, call: string): Type.Static<S> {
  if (isOf(schema, value)) return value;
  throw unexpected(
    `${call} answered something else than its API says: ${JSON.stringify(value)?.slice(0, SHOWN_CHARS_MAX)}`,
  );
}

/** The text of an answer whose status is one of these. @throws ScenarioError SCENARIO_UNEXPECTED_ANSWER, which names the call */
export async function expectText(response: Response, call: string, ...statuses: readonly number[]): Promise<string> {
  const text = await response.text();
  if (statuses.includes(response.status)) return text;
  throw unexpected(
    `${call} answered ${response.status} instead of ${statuses.join(" or ")}: ${text.slice(0, SHOWN_CHARS_MAX)}`,
  );
}

/** The JSON of an answer, of this schema. @throws ScenarioError SCENARIO_UNEXPECTED_ANSWER */
export async function expectBody<S extends Type.TSchema>(
  response: Response,
  call: string,
  schema: S,
  ...statuses: readonly number[]
): Promise<Type.Static<S>> {
  const text = await expectText(response, call, ...statuses);
  return parseAs(schema, text === "" ? null : JSON.parse(text), call);
}

/** The value of an Authorization header for a user and password (RFC 7617). */
export const basicAuthorization = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
