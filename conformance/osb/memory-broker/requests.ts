import { isObject, type JsonObject, parseJson } from "../../client/http/json.ts";
import { badRequest } from "./errors.ts";
import type { WireRequest } from "./http.ts";

/**
 * The body of a request that has to be a JSON object.
 *
 * @throws Refusal 400 when it is not
 */
export function bodyOf(request: { readonly text: string }): JsonObject {
  const parsed = parseJson(Buffer.from(request.text));
  if (!("json" in parsed)) throw badRequest("the body is not JSON");
  if (!isObject(parsed.json)) throw badRequest("the body is not a JSON object");
  return parsed.json;
}

/** 14 for 2.14: the version that a request is sent in. */
export const minorVersionOf = ({ headers }: WireRequest): number =>
  Number(headers["x-broker-api-version"]?.split(".")[1] ?? "17");
