import { bodyText, isObject } from "../../../kernel/index.ts";
import { checkValue, explainFailure, type Schema, type ValueOf } from "../../schema/index.ts";
import type { RequestContext } from "../../service.ts";
import { badRequest, missingAttribute } from "./errors.ts";

/** Members of a body or of one of its objects. */
export type Attributes = Readonly<Record<string, unknown>>;

/** The body as an object; an empty body is `{}`. @throws Refusal 400 */
export function readBody(context: RequestContext): Attributes {
  const text = bodyText(context.request);
  if (text === "") return {};
  const type = context.request.headers["content-type"];
  // An empty type passes, a missing one does not.
  if (type !== "" && type?.toLowerCase().startsWith("application/json") !== true)
    throw missingAttribute("application/json", "Content-Type header");
  const value = parseJson(text);
  if (!isObject(value)) throw missingAttribute("valid JSON", "request body");
  return value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw missingAttribute("valid JSON", "request body");
  }
}

/** A value checked against its schema, with the schema's type. @throws Refusal 400 that prints the schema */
export function checkBody<const S extends Schema>(schema: S, value: unknown): ValueOf<S> {
  const checked = checkValue(schema, value);
  if (checked.ok) return checked.value;
  const { failure } = checked;
  const where = failure.path.length === 0 ? "" : `Invalid input for field '${failure.path.join("/")}': `;
  throw badRequest(where + explainFailure(failure));
}
