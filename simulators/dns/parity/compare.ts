import { byKey, isObject } from "../../kernel/index.ts";
import { replaceAt } from "./path.ts";

const short = (value: unknown): string => (JSON.stringify(value) ?? "nothing").slice(0, 300);

/** JSON with sorted keys: equal values have equal texts. */
export const canonical = (value: unknown): string => JSON.stringify(sortKeys(value)) ?? "null";

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(byKey)
      .map(([key, member]) => [key, sortKeys(member)]),
  );
}

/** A copy in which all masked values are the same and unordered lists are sorted. */
export function maskReply(reply: unknown, mask: readonly string[]): unknown {
  const copy = structuredClone(reply);
  for (const path of mask) if (!path.startsWith("order:")) replaceAt(copy, path, () => "<masked>");
  for (const path of mask)
    if (path.startsWith("order:"))
      replaceAt(copy, path.slice("order:".length), (value) =>
        Array.isArray(value)
          ? value
              .map((item) => ({ item, key: canonical(item) }))
              .sort((a, b) => (a.key < b.key ? -1 : 1))
              .map(({ item }): unknown => item)
          : value,
      );
  return copy;
}

/** Lists how a value differs from the recorded one. */
export function differences(expected: unknown, actual: unknown, path = "$"): readonly string[] {
  if (canonical(expected) === canonical(actual)) return [];
  if (Array.isArray(expected) && Array.isArray(actual)) {
    if (expected.length !== actual.length)
      return [
        `${path}: ${expected.length} items expected, got ${actual.length}: ${short(actual)} instead of ${short(expected)}`,
      ];
    return expected.flatMap((item, at) => differences(item, actual[at], `${path}[${at}]`));
  }
  if (isObject(expected) && isObject(actual))
    return [...new Set([...Object.keys(expected), ...Object.keys(actual)])].flatMap((key) =>
      differences(expected[key], actual[key], `${path}.${key}`),
    );
  return [`${path}: ${short(expected)} expected, got ${short(actual)}`];
}
