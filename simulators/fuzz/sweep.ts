import { PROTOTYPE_KEYS } from "./hostile.ts";
import type { Sample } from "./target.ts";

/** Values that each reveal a different kind of carelessness, for every place in what clients send. */
const VALUES: readonly unknown[] = [null, [null], {}, [], "x", 5, -1, true, "__proto__", "constructor", [["x"]], ""];
const QUERY_VALUES = ["", "x", "-1", "__proto__", "%00", "(a%2B)%2B%24", "in:%22", ":", "1e3"];
const HEADER_VALUES = ["", "%FF/x", "%", "__proto__", "-1", ",;=", "/"];
/** Queries of lists. */
const QUERY_NAMES = ["limit", "marker", "sort_key", "sort", "sort_dir", "fields", "tags", "not-tags", "name", "filter"];

type Path = readonly (string | number)[];

/** Bodies that every route with a body must survive. */
const BODIES = ["null", "[]", "[null]", '{"__proto__":null}', '{"constructor":{"prototype":{}}}', "5", "["];

/**
 * The requests that every route gets however small the share of `sweep`: a few bodies, and null in every
 * place of what clients send.
 */
export function* basics(samples: readonly Sample[], method: string): Generator<Sample> {
  if (method === "GET" || method === "HEAD" || method === "DELETE") return;
  const headers = samples[0]?.headers ?? {};
  for (const body of BODIES) yield { method, path: "", headers, body };
  for (const [sample, path] of places(samples)) yield { ...sample, body: replaceAt(sample.body, path, null) };
}

/** For every place in the samples and every value, one sample with that value in that place. */
export function* sweep(samples: readonly Sample[], method: string): Generator<Sample> {
  for (const [sample, path] of places(samples))
    for (const value of VALUES) yield { ...sample, body: replaceAt(sample.body, path, value) };
  const first = samples[0] ?? { method, path: "", headers: {}, body: undefined };
  const names = new Set([...namesIn(samples), ...(method === "GET" ? [...QUERY_NAMES, ...PROTOTYPE_KEYS] : [])]);
  for (const name of names)
    for (const value of QUERY_VALUES) yield { ...first, path: `${first.path.split("?")[0]}?${name}=${value}` };
  for (const name of new Set(samples.flatMap(({ headers }) => Object.keys(headers))))
    for (const value of HEADER_VALUES) yield { ...first, headers: { ...first.headers, [name]: value } };
}

const namesIn = (samples: readonly Sample[]): readonly string[] =>
  samples.flatMap(({ path }) =>
    [...new URLSearchParams(path.split("?")[1] ?? "").keys()].filter((each) => each !== ""),
  );

/** Every place in the bodies once, with the largest sample that has it. */
function places(samples: readonly Sample[]): readonly (readonly [Sample, Path])[] {
  const found = new Map<string, readonly [Sample, Path]>();
  const richest = [...samples].sort((a, b) => sizeOf(b.body) - sizeOf(a.body));
  for (const sample of richest)
    for (const path of pathsIn(sample.body)) {
      const key = JSON.stringify(path.map((part) => (typeof part === "number" ? 0 : part)));
      if (!found.has(key)) found.set(key, [sample, path]);
    }
  return [...found.values()];
}

const sizeOf = (body: unknown): number => (JSON.stringify(body) ?? "").length;

const DEPTH_MAX = 8;

function* pathsIn(value: unknown, path: Path = []): Generator<Path> {
  if (typeof value !== "object" || value === null || path.length > DEPTH_MAX) return;
  for (const [key, inner] of Object.entries(value).slice(0, 60)) {
    const here = [...path, Array.isArray(value) ? Number(key) : key];
    yield here;
    yield* pathsIn(inner, here);
  }
}

function replaceAt(value: unknown, [head, ...rest]: Path, by: unknown): unknown {
  if (head === undefined) return by;
  if (Array.isArray(value)) return value.map((each: unknown, at) => (at === head ? replaceAt(each, rest, by) : each));
  return Object.fromEntries(
    Object.entries(Object(value)).map(([key, each]) => [key, key === head ? replaceAt(each, rest, by) : each]),
  );
}
