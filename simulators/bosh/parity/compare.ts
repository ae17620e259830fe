/*
 * Comparison under masks and placeholders (docs/parity/recordings): `{{uuid1}}`, `{{hex1}}`, `{{vm1}}` bind to the value at first
 * sight and must be equal afterwards; `{{*}}` and the rest match anything.
 */
export type Bindings = Map<string, string>;

const SHAPES: readonly (readonly [RegExp, string])[] = [
  [/^uuid\d+$/, "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"],
  [/^hex\d+$/, "[0-9a-f]{32}"],
  [/^vm\d+$/, "[^\\s\"'()/,]+"],
];
const ANYTHING = "[\\s\\S]*?";

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const short = (value: unknown): string => (JSON.stringify(value) ?? "nothing").slice(0, 400);
const typeOf = (value: unknown): string => (value === null ? "null" : Array.isArray(value) ? "array" : typeof value);

/** Fills bound placeholders of what is sent. */
export const fill = (text: string, bindings: Bindings): string =>
  text.replace(/\{\{(\w+)\}\}/g, (whole, name: string) => bindings.get(name) ?? whole);

/** Does the text fit the template? Binds what it sees for the first time. */
function fits(template: string, actual: string, bindings: Bindings): boolean {
  if (!template.includes("{{")) return template === actual;
  const names: string[] = [];
  const source = template.split(/\{\{([^}]+)\}\}/).map((part, at) => {
    if (at % 2 === 0) return escaped(part);
    const bound = bindings.get(part);
    if (bound !== undefined) return escaped(bound);
    const shape = SHAPES.find(([pattern]) => pattern.test(part))?.[1];
    if (shape === undefined) return ANYTHING;
    const seen = names.indexOf(part);
    if (seen >= 0) return `\\${seen + 1}`;
    names.push(part);
    return `(${shape})`;
  });
  const match = new RegExp(`^${source.join("")}$`).exec(actual);
  if (match === null) return false;
  for (const [at, name] of names.entries()) bindings.set(name, match[at + 1] as string);
  return true;
}

const normal = (path: string): string => path.replace(/\[\d+\]/g, "[*]");

export interface Rules {
  readonly mask: ReadonlySet<string>;
  /** Lists (`[*]` for any index) whose order is not significant. */
  readonly unordered: ReadonlySet<string>;
}

/** In what a value differs from the recorded one; empty when in nothing. Binds placeholders only when it fits. */
export function differences(
  expected: unknown,
  actual: unknown,
  rules: Rules,
  bindings: Bindings,
  path = "$",
): string[] {
  if (rules.mask.has(normal(path))) {
    const same =
      typeOf(expected) === typeOf(actual) || (actual !== undefined && (expected === null || actual === null));
    return same ? [] : [`${path}: a ${typeOf(expected)} expected, got ${short(actual)}`];
  }
  if (typeof expected === "string" && typeof actual === "string")
    return fits(expected, actual, bindings) ? [] : [`${path}: ${short(expected)} expected, got ${short(actual)}`];
  if (typeof expected === "string" && typeof actual === "number" && /^\{\{vm\d+\}\}$/.test(expected))
    return fits(expected, String(actual), bindings) ? [] : [`${path}: ${expected} expected, got ${actual}`];
  if (typeOf(expected) !== typeOf(actual)) return [`${path}: ${short(expected)} expected, got ${short(actual)}`];
  if (Array.isArray(expected)) return lists(expected, actual as unknown[], rules, bindings, path);
  if (typeof expected === "object" && expected !== null)
    return objects(expected as Record<string, unknown>, actual as Record<string, unknown>, rules, bindings, path);
  return expected === actual ? [] : [`${path}: ${short(expected)} expected, got ${short(actual)}`];
}

function objects(
  expected: Record<string, unknown>,
  actual: Record<string, unknown>,
  rules: Rules,
  bindings: Bindings,
  path: string,
): string[] {
  const known = Object.keys(expected).flatMap((key) =>
    key in actual
      ? differences(expected[key], actual[key], rules, bindings, `${path}.${key}`)
      : [`${path}.${key}: missing (${short(expected[key])})`],
  );
  const extra = Object.keys(actual).filter((key) => !(key in expected));
  return [...known, ...extra.map((key) => `${path}.${key}: unexpected ${short(actual[key])}`)];
}

function lists(
  expected: readonly unknown[],
  actual: readonly unknown[],
  rules: Rules,
  bindings: Bindings,
  path: string,
): string[] {
  const trial = new Map(bindings);
  const strict = expected.flatMap((item, at) => differences(item, actual[at], rules, trial, `${path}[${at}]`));
  if (expected.length !== actual.length)
    strict.push(`${path}: ${expected.length} elements expected, got ${actual.length}`);
  if (strict.length > 0 && rules.unordered.has(normal(path)) && expected.length === actual.length)
    return bag(expected, actual, rules, bindings, path);
  if (strict.length === 0) for (const [name, value] of trial) bindings.set(name, value);
  return strict;
}

/** Each expected item takes the first item left that fits. */
export function bag(
  expected: readonly unknown[],
  actual: readonly unknown[],
  rules: Rules,
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
    return [`${path}[${at}]: nothing like ${short(item)}; left ${short(left)}`];
  });
}

interface EventLine {
  readonly stage?: string;
  readonly tags?: readonly string[];
}

const PARALLEL =
  /^(Creating missing vms|Downloading packages|Deleting|Compiling packages|Updating instance|Running errand|Fetching logs|Scanning)/;

/** Lines of one stage may come in another order: its tasks run in parallel. */
export function eventDifferences(
  expected: readonly EventLine[],
  actual: readonly EventLine[],
  rules: Rules,
  bindings: Bindings,
): string[] {
  const trial = new Map(bindings);
  const strict = differences(expected, actual, rules, trial, "$.event_lines");
  if (strict.length === 0) {
    for (const [name, value] of trial) bindings.set(name, value);
    return [];
  }
  const [wanted, given] = [runs(expected), runs(actual)];
  if (wanted.length !== given.length || wanted.some((run, at) => run.length !== given[at]?.length)) return strict;
  const loose = new Map(bindings);
  const found = wanted.flatMap((run, at) =>
    PARALLEL.test(run[0]?.stage ?? "")
      ? bag(
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

function runs(lines: readonly EventLine[]): readonly (readonly EventLine[])[] {
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
