import { isObject, UUID_PATTERN } from "../../kernel/index.ts";
import { escapePattern, typeOf, anyIndex } from "../../parity/compare.ts";

/*
 * Comparison with masks and placeholders (docs/parity/recordings): `{{uuid1}}`, `{{hex1}}`, `{{vm1}}` bind to
 * the first value that they match, which must then recur; `{{*}}` and the rest match anything.
 */
export type Bindings = Map<string, string>;

const SHAPES: readonly (readonly [RegExp, string])[] = [
  [/^uuid\d+$/, UUID_PATTERN],
  [/^hex\d+$/, "[0-9a-f]{32}"],
  [/^vm\d+$/, "[^\\s\"'()/,]+"],
];
const ANYTHING = "[\\s\\S]*?";

const abbreviate = (value: unknown): string => (JSON.stringify(value) ?? "nothing").slice(0, 400);

/** Fills the bound placeholders in what is sent. */
export const fill = (text: string, bindings: Bindings): string =>
  text.replace(/\{\{(\w+)\}\}/g, (whole, name: string) => bindings.get(name) ?? whole);

/** Whether the text matches the template. Binds placeholders that are not yet bound. */
function fits(template: string, actual: string, bindings: Bindings): boolean {
  if (!template.includes("{{")) return template === actual;
  const names: string[] = [];
  const source = template.split(/\{\{([^}]+)\}\}/).map((part, at) => {
    if (at % 2 === 0) return escapePattern(part);
    const bound = bindings.get(part);
    if (bound !== undefined) return escapePattern(bound);
    const shape = SHAPES.find(([pattern]) => pattern.test(part))?.[1];
    if (shape === undefined) return ANYTHING;
    const seen = names.indexOf(part);
    if (seen >= 0) return `\\${seen + 1}`;
    names.push(part);
    return `(${shape})`;
  });
  const match = new RegExp(`^${source.join("")}$`).exec(actual);
  if (match === null) return false;
  for (const [at, name] of names.entries()) bindings.set(name, match[at + 1] ?? "");
  return true;
}

/** The parts to ignore when two values are compared. */
export interface CompareRules {
  readonly mask: ReadonlySet<string>;
  /** Lists (`[*]` for any index) in which the order is not significant. */
  readonly unordered: ReadonlySet<string>;
}

/** The differences between a value and the recorded one; empty if it matches. Only then are placeholders bound. */
export function differences(
  expected: unknown,
  actual: unknown,
  rules: CompareRules,
  bindings: Bindings,
  path = "$",
): string[] {
  if (rules.mask.has(anyIndex(path))) {
    const same =
      typeOf(expected) === typeOf(actual) || (actual !== undefined && (expected === null || actual === null));
    return same ? [] : [`${path}: a ${typeOf(expected)} expected, got ${abbreviate(actual)}`];
  }
  if (typeof expected === "string" && typeof actual === "string")
    return fits(expected, actual, bindings)
      ? []
      : [`${path}: ${abbreviate(expected)} expected, got ${abbreviate(actual)}`];
  if (typeof expected === "string" && typeof actual === "number" && /^\{\{vm\d+\}\}$/.test(expected))
    return fits(expected, String(actual), bindings) ? [] : [`${path}: ${expected} expected, got ${actual}`];
  if (typeOf(expected) !== typeOf(actual))
    return [`${path}: ${abbreviate(expected)} expected, got ${abbreviate(actual)}`];
  if (Array.isArray(expected) && Array.isArray(actual)) return compareLists(expected, actual, rules, bindings, path);
  if (isObject(expected) && isObject(actual)) return compareObjects(expected, actual, rules, bindings, path);
  return expected === actual ? [] : [`${path}: ${abbreviate(expected)} expected, got ${abbreviate(actual)}`];
}

function compareObjects(
  expected: Readonly<Record<string, unknown>>,
  actual: Readonly<Record<string, unknown>>,
  rules: CompareRules,
  bindings: Bindings,
  path: string,
): string[] {
  const known = Object.keys(expected).flatMap((key) =>
    key in actual
      ? differences(expected[key], actual[key], rules, bindings, `${path}.${key}`)
      : [`${path}.${key}: missing (${abbreviate(expected[key])})`],
  );
  const extra = Object.keys(actual).filter((key) => !(key in expected));
  return [...known, ...extra.map((key) => `${path}.${key}: unexpected ${abbreviate(actual[key])}`)];
}

function compareLists(
  expected: readonly unknown[],
  actual: readonly unknown[],
  rules: CompareRules,
  bindings: Bindings,
  path: string,
): string[] {
  const trial = new Map(bindings);
  const strict = expected.flatMap((item, at) => differences(item, actual[at], rules, trial, `${path}[${at}]`));
  if (expected.length !== actual.length)
    strict.push(`${path}: ${expected.length} elements expected, got ${actual.length}`);
  if (strict.length > 0 && rules.unordered.has(anyIndex(path)) && expected.length === actual.length)
    return compareUnordered(expected, actual, rules, bindings, path);
  if (strict.length === 0) for (const [name, value] of trial) bindings.set(name, value);
  return strict;
}

/** Pairs each expected item with the first remaining item that matches. */
function compareUnordered(
  expected: readonly unknown[],
  actual: readonly unknown[],
  rules: CompareRules,
  bindings: Bindings,
  path: string,
): string[] {
  const left = [...actual];
  return expected.flatMap((item, at) => {
    for (const [index, other] of left.entries()) {
      const trial = new Map(bindings);
      if (differences(item, other, rules, trial, `${path}[*]`).length > 0) continue;
      for (const [name, value] of trial) bindings.set(name, value);
      left.splice(index, 1);
      return [];
    }
    return [`${path}[${at}]: nothing like ${abbreviate(item)}; left ${abbreviate(left)}`];
  });
}

interface EventLine {
  readonly stage?: string;
  readonly tags?: readonly string[];
}

const PARALLEL =
  /^(Creating missing vms|Downloading packages|Deleting|Compiling packages|Updating instance|Running errand|Fetching logs|Scanning)/;

/** Lines of one stage may come in a different order, because its tasks run in parallel. */
export function eventDifferences(
  expected: readonly EventLine[],
  actual: readonly EventLine[],
  rules: CompareRules,
  bindings: Bindings,
): string[] {
  const trial = new Map(bindings);
  const strict = differences(expected, actual, rules, trial, "$.event_lines");
  if (strict.length === 0) {
    for (const [name, value] of trial) bindings.set(name, value);
    return [];
  }
  const [wanted, given] = [groupByStage(expected), groupByStage(actual)];
  if (wanted.length !== given.length || wanted.some((run, at) => run.length !== given[at]?.length)) return strict;
  const loose = new Map(bindings);
  const found = wanted.flatMap((run, at) =>
    PARALLEL.test(run[0]?.stage ?? "")
      ? compareUnordered(
          run,
          given[at] ?? [],
          { ...rules, mask: new Set([...rules.mask, "$.event_lines[*].index"]) },
          loose,
          "$.event_lines",
        )
      : differences(run, given[at], rules, loose, "$.event_lines"),
  );
  if (found.length === 0) for (const [name, value] of loose) bindings.set(name, value);
  return found;
}

function groupByStage(lines: readonly EventLine[]): readonly (readonly EventLine[])[] {
  const all: EventLine[][] = [];
  for (const line of lines) {
    const last = all.at(-1);
    if (last?.[0] !== undefined && keyOf(last[0]) === keyOf(line)) last.push(line);
    else all.push([line]);
  }
  return all;
}

/** Stages of errands and logs carry the instance in their name and interleave. */
const keyOf = ({ stage = "", tags = [] }: EventLine): string =>
  JSON.stringify([stage.replace(/ for .*| \S+\/\S+ \(\d+\)$/, ""), tags]);
