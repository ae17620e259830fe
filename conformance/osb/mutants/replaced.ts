import { type Json, isArray, isObject, type JsonObject } from "../../http/json.ts";

export type Path = readonly (string | number)[];

/** A JSON value with what stands at `path` replaced; undefined removes it. */
export function replaced(value: Json, path: Path, to: Json | undefined): Json {
  const [step, ...rest] = path;
  if (step === undefined) return to ?? null;
  if (isArray(value)) return value.map((item, at) => (at === step ? replaced(item, rest, to) : item));
  const owner: JsonObject = isObject(value) ? value : {};
  if (rest.length > 0) return { ...owner, [step]: replaced(owner[step] ?? {}, rest, to) };
  const others = Object.fromEntries(Object.entries(owner).filter(([name]) => name !== step));
  return to === undefined ? others : { ...others, [step]: to };
}
