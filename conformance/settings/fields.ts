import { type Json, isObject, type JsonObject } from "../client/http/json.ts";
import { TargetError } from "../client/errors/target-error.ts";

/** Strict reading of drydock.yml: what is not known, or not of the right kind, is refused with its place. */

export function badFile(what: string): TargetError {
  return new TargetError("bad-file", `drydock.yml: ${what}`);
}

/** A mapping; an absent one is empty. @throws TargetError bad-file */
export function objectAt(value: Json | undefined, path: string): JsonObject {
  if (value === undefined || value === null) return {};
  if (!isObject(value)) throw badFile(`"${path}" is not a mapping`);
  return value;
}

/** A mapping with no other members than these. @throws TargetError bad-file */
export function membersAt(value: Json | undefined, path: string, known: readonly string[]): JsonObject {
  const object = objectAt(value, path);
  const stray = Object.keys(object).find((name) => !known.includes(name));
  if (stray !== undefined) throw badFile(`unknown key "${path}.${stray}": there are ${known.join(", ")}`);
  return object;
}

/** A text that is not empty; undefined when absent. @throws TargetError bad-file */
export function textAt(object: JsonObject, path: string, name: string): string | undefined {
  const value = object[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string" || value === "") throw badFile(`"${path}.${name}" must be a text`);
  return value;
}
