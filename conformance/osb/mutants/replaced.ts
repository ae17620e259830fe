import { type Json, isArray, isObject, type JsonObject } from "../../client/http/json.ts";

/** Members and places in lists; in a list, `last` is the last. */
export type Path = readonly (string | number)[];

const isAt = (step: string | number, at: number, length: number): boolean =>
  at === (step === "last" ? length - 1 : step);

/** A JSON value with what stands at `path` replaced; undefined removes it. Where the path leads nowhere in a list, nothing changes. */
export function replaced(value: Json, path: Path, to: Json | undefined): Json {
  const [step, ...rest] = path;
  if (step === undefined) return to ?? null;
  if (isArray(value)) return value.map((item, at) => (isAt(step, at, value.length) ? replaced(item, rest, to) : item));
  const owner: JsonObject = isObject(value) ? value : {};
  if (rest.length > 0) return { ...owner, [step]: replaced(owner[step] ?? {}, rest, to) };
  const others = Object.fromEntries(Object.entries(owner).filter(([name]) => name !== step));
  return to === undefined ? others : { ...others, [step]: to };
}

/** What stands at a path. */
export function valueAt(value: Json | undefined, path: Path): Json | undefined {
  return path.reduce<Json | undefined>((inside, step) => {
    if (isArray(inside)) return inside.find((_, at) => isAt(step, at, inside.length));
    return isObject(inside) ? inside[String(step)] : undefined;
  }, value);
}
