import { fieldOf, type Document, isArray, isDocument, type Value } from "../values/value.ts";
import { indexOf } from "../query/paths.ts";
import { ServerError } from "../wire/errors.ts";

/** The placeholders for elements in the path of an update. */
export interface Positions {
  /** For `$`: the position at which the filter matched. */
  readonly index: number | undefined;
  /** For `$[name]`: the filters of elements. */
  readonly filters: ReadonlyMap<string, (value: Value) => boolean>;
}

const FILTERED = /^\$\[(.*)\]$/;

/**
 * The concrete paths in a document for a path with `$`, `$[]` or `$[name]`.
 *
 * @throws ServerError BadValue
 */
export function expandPath(
  document: Document,
  path: readonly string[],
  positions: Positions,
): readonly (readonly string[])[] {
  if (!path.some((part) => part.startsWith("$"))) return [path];
  return expand(document, path, [], positions);
}

function expand(
  there: Value,
  path: readonly string[],
  prefix: readonly string[],
  positions: Positions,
): readonly (readonly string[])[] {
  const [part, ...rest] = path;
  if (part === undefined) return [prefix];
  if (!part.startsWith("$")) return expand(childOf(there, part), rest, [...prefix, part], positions);
  return elementsFor(part, there, prefix, positions).flatMap((at) =>
    expand(isArray(there) ? there[at] : undefined, rest, [...prefix, String(at)], positions),
  );
}

function childOf(value: Value, name: string): Value {
  if (isDocument(value)) return fieldOf(value, name);
  const at = indexOf(name);
  return isArray(value) && at !== undefined ? value[at] : undefined;
}

function elementsFor(
  part: string,
  there: Value,
  prefix: readonly string[],
  { index, filters }: Positions,
): readonly number[] {
  if (part === "$") {
    if (index === undefined)
      throw new ServerError("BadValue", "The positional operator did not find the match needed from the query.");
    return [index];
  }
  const [, name] = FILTERED.exec(part) ?? [];
  if (name === undefined)
    throw new ServerError(
      "DollarPrefixedFieldName",
      `The dollar ($) prefixed field '${part}' is not allowed in the context of an update's replacement document. Consider using an aggregation pipeline with $replaceWith.`,
    );
  if (there === undefined)
    throw new ServerError(
      "BadValue",
      `The path '${prefix.join(".")}' must exist in the document in order to apply array updates.`,
    );
  if (!isArray(there))
    throw new ServerError("BadValue", `Cannot apply array updates to non-array element ${prefix.join(".")}`);
  const all = [...there.keys()];
  if (name === "") return all;
  const fits = filters.get(name);
  if (fits === undefined)
    throw new ServerError(
      "BadValue",
      `No array filter found for identifier '${name}' in path '${[...prefix, part].join(".")}'`,
    );
  return all.filter((at) => fits(there[at]));
}
