import { escapePattern, typeOf, anyIndex } from "../../parity/compare.ts";
import { isObject, isUuid } from "../../kernel/index.ts";
import type { RecordedExchange } from "./recording.ts";

/** Saved values and those of the scenario's actors, by name. */
export type Variables = Map<string, unknown>;

/** A reply as a client sees it: header names in lower case, the body parsed if it is JSON. */
export interface ReceivedReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

type Segment = string | { readonly index: string };

function segmentsOf(path: string): Segment[] {
  const matches = path.replace(/^\$/, "").matchAll(/\.([^.[\]]+)|\['([^']+)'\]|\[([^\]]+)\]/g);
  return [...matches].map((match) => match[1] ?? match[2] ?? { index: match[3] ?? "" });
}

/** The value at `$.a.b[0]`, `$.a[name=x].c`, `$['odd.key']`; `undefined` when there is none. */
export function valueAt(root: unknown, path: string): unknown {
  return segmentsOf(path).reduce(child, root);
}

function child(value: unknown, segment: Segment): unknown {
  if (value === null || value === undefined) return undefined;
  if (typeof segment === "string") return (value as Record<string, unknown>)[segment];
  const at = segment.index.indexOf("=");
  if (at < 0) return (value as Record<string, unknown>)[segment.index];
  const [name, wanted] = [segment.index.slice(0, at), segment.index.slice(at + 1)];
  return Array.isArray(value) ? value.find((item) => String(item?.[name]) === wanted) : undefined;
}

/** Fills `{{name}}` in every string of a value; a string that is nothing else becomes the value itself. */
export function expand(value: unknown, variables: Variables): unknown {
  if (typeof value === "string") return expandText(value, variables);
  if (Array.isArray(value)) return value.map((item) => expand(item, variables));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [expandString(key, variables), expand(item, variables)]),
  );
}

function expandText(text: string, variables: Variables): unknown {
  const whole = /^\{\{([^{}*]+)\}\}$/.exec(text)?.[1];
  return whole !== undefined && variables.has(whole) ? variables.get(whole) : expandString(text, variables);
}

/** Fills `{{name}}` in a text; names without a value stay. */
export const expandString = (text: string, variables: Variables): string =>
  text.replace(/\{\{([^{}*]+)\}\}/g, (unfilled, name: string) =>
    variables.has(name) ? String(variables.get(name)) : unfilled,
  );

const anyRun = (text: string, mark: string, run: string): RegExp =>
  new RegExp(`^${text.split(mark).map(escapePattern).join(run)}$`);

const sameText = (expected: string, actual: string): boolean =>
  expected === actual || (expected.includes("{{*}}") && anyRun(expected, "{{*}}", "[\\s\\S]*").test(actual));

/** The form of an id or a timestamp; `undefined` for any other text. */
function formOf(text: string): string | undefined {
  if (isUuid(text)) return "uuid";
  if (/^[0-9a-f]{32}$/.test(text)) return "hex32";
  return /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d/.test(text) ? text.replace(/\d/g, "9") : undefined;
}

const short = (value: unknown, length = 200): string => (JSON.stringify(value) ?? "nothing").slice(0, length);

type Members = Readonly<Record<string, unknown>>;

class Comparison {
  readonly #mask: ReadonlySet<string>;
  readonly #unordered: ReadonlySet<string>;
  readonly #optional: readonly RegExp[];

  constructor({ mask = [], unordered = [], optional = [] }: RecordedExchange) {
    this.#mask = new Set(mask);
    this.#unordered = new Set(unordered);
    this.#optional = optional
      .map((path) => anyRun(path, "*", ".*"))
      .concat(optional.map((path) => new RegExp(`^${escapePattern(path)}$`)));
  }

  differences(expected: unknown, actual: unknown, path = "$"): string[] {
    if (isIn(this.#mask, path)) return maskedDifferences(expected, actual, path);
    if (actual === undefined) return [`${path}: missing`];
    if (typeOf(expected) !== typeOf(actual)) return [`${path}: ${short(expected)} expected, got ${short(actual)}`];
    if (typeof expected === "string" && typeof actual === "string")
      return sameText(expected, actual) ? [] : [`${path}: ${short(expected, 600)} expected, got ${short(actual, 600)}`];
    if (Array.isArray(expected) && Array.isArray(actual)) return this.#lists(expected, actual, path);
    if (isObject(expected) && isObject(actual)) return this.#objects(expected, actual, path);
    return expected === actual ? [] : [`${path}: ${short(expected)} expected, got ${short(actual)}`];
  }

  #lists(expected: readonly unknown[], actual: readonly unknown[], path: string): string[] {
    if (expected.length !== actual.length)
      return [`${path}: ${expected.length} elements expected, got ${actual.length}`];
    if (isIn(this.#unordered, path) && expected.length > 1) return this.#bags(expected, actual, path);
    return expected.flatMap((item, at) => this.differences(item, actual[at], `${path}[${at}]`));
  }

  #bags(expected: readonly unknown[], actual: readonly unknown[], path: string): string[] {
    const left = [...actual];
    return expected.flatMap((item, at) => {
      const found = left.findIndex((other) => this.differences(item, other, `${path}[${at}]`).length === 0);
      if (found < 0) return [`${path}[${at}]: no element like ${short(item)}`];
      left.splice(found, 1);
      return [];
    });
  }

  #objects(expected: Members, actual: Members, path: string): string[] {
    const at = (key: string): string => path + (/[.[\]]/.test(key) ? `['${key}']` : `.${key}`);
    const known = Object.keys(expected).flatMap((key) => {
      if (key in actual) return this.differences(expected[key], actual[key], at(key));
      return this.#isOptional(at(key)) ? [] : [`${at(key)}: missing`];
    });
    const extra = Object.keys(actual).filter((key) => !(key in expected) && !this.#isOptional(at(key)));
    return [...known, ...extra.map((key) => `${at(key)}: unexpected ${short(actual[key], 80)}`)];
  }

  #isOptional(path: string): boolean {
    return this.#optional.some((pattern) => pattern.test(anyIndex(path)));
  }
}

const isIn = (paths: ReadonlySet<string>, path: string): boolean => paths.has(path) || paths.has(anyIndex(path));

/** A masked value may differ; its type and, for ids and timestamps, its form may not. Null is allowed either way. */
function maskedDifferences(expected: unknown, actual: unknown, path: string): string[] {
  if (actual === undefined) return [`${path}: missing`];
  if (actual === null || expected === null) return [];
  if (typeOf(expected) !== typeOf(actual)) return [`${path}: type ${typeOf(expected)} expected, got ${typeOf(actual)}`];
  if (typeof expected !== "string" || typeof actual !== "string") return [];
  const form = formOf(expected);
  return form === undefined || form === formOf(actual)
    ? []
    : [`${path}: form like ${short(expected)} expected, got ${short(actual, 80)}`];
}

/** Lists how an answer differs from the recorded one. */
export function compareReply(step: RecordedExchange, actual: ReceivedReply, variables: Variables): string[] {
  const { reply } = step;
  const differences: string[] = [];
  if (reply.status !== actual.status)
    differences.push(`status ${reply.status} expected, got ${actual.status} ${short(actual.body, 400)}`);
  for (const [name, value] of Object.entries(reply.headers ?? {})) {
    const expected = value === null ? null : expandString(value, variables);
    differences.push(...headerDifferences(name, expected, actual.headers[name.toLowerCase()]));
  }
  if (reply.status === actual.status) {
    const expected = expand(reply.body ?? "", variables);
    differences.push(...new Comparison(step).differences(expected, actual.body ?? ""));
  }
  return differences;
}

function headerDifferences(name: string, expected: string | null, actual: string | undefined): string[] {
  if (expected === null) return actual === undefined ? [] : [`header ${name}: absence expected, got ${actual}`];
  if (actual === undefined) return [`header ${name}: missing (${expected} expected)`];
  return anyRun(expected, "*", "[\\s\\S]*").test(actual) ? [] : [`header ${name}: ${expected} expected, got ${actual}`];
}
