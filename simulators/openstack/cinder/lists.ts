import { own } from "../../kernel/index.ts";
import { type SortKey, sortedBy } from "../paging.ts";
import { badRequest, asBoolean, type Call, missing } from "./call.ts";

/** What a list of this kind sorts by and filters on. */
export interface Listing<T> {
  /** `volumes`: path and member of the answer. */
  readonly collection: string;
  /** `Volume`, for the marker that isn't there. */
  readonly kind: string;
  readonly idOf: (item: T) => string;
  readonly seqOf: (item: T) => number;
  readonly sortKeys: Readonly<Record<string, (item: T) => string | number | boolean | null>>;
  /** Answers whether an item fits one value of a filter. */
  readonly filters: Readonly<Record<string, (item: T, value: string) => boolean>>;
}

const STEERING = new Set(["limit", "marker", "offset", "sort", "sort_key", "sort_dir", "all_tenants", "with_count"]);
const LIMIT_MAX = 1000;

/** One page, with the members that the answer has beside the items. @throws Refusal 400, 404 */
export function listed<T>(
  call: Call,
  { collection, kind, idOf, seqOf, sortKeys, filters }: Listing<T>,
  items: readonly T[],
  path: string,
): { readonly page: readonly T[]; readonly extras: object } {
  const limit = numberOf(call, "limit", LIMIT_MAX);
  const offset = numberOf(call, "offset", 0);
  const found = filtered(call, filters, items);
  const sorted = sortedBy(found, sortOf(call, sortKeys, seqOf));
  const marker = call.query.get("marker");
  const at = marker === null ? -1 : sorted.findIndex((item) => idOf(item) === marker);
  if (marker !== null && at < 0) throw missing(kind, marker);
  const page = sorted.slice(at + 1 + offset, at + 1 + offset + limit);
  const last = page.at(-1);
  const isFull = call.query.has("limit") && last !== undefined && page.length === limit;
  const next = isFull ? { [`${collection}_links`]: [{ rel: "next", href: nextHref(call, path, idOf(last)) }] } : {};
  return { page, extras: { ...next, ...countOf(call, found.length) } };
}

function numberOf({ query }: Call, name: string, fallback: number): number {
  const text = query.get(name);
  if (text === null) return fallback;
  if (!/^\s*[+-]?\d+\s*$/.test(text)) throw badRequest(`${name} param must be an integer`);
  const value = Number(text);
  if (value < 0) throw badRequest(`${name} param must be positive`);
  return name === "limit" ? Math.min(value, LIMIT_MAX) : value;
}

function countOf({ query, version }: Call, count: number): object {
  if (version < 45 || !query.has("with_count")) return {};
  const wanted = asBoolean(query.get("with_count"));
  if (wanted === undefined) throw badRequest(`Value '${query.get("with_count")}' for 'with_count' is not a boolean.`);
  return wanted ? { count } : {};
}

function sortOf<T>({ query }: Call, keys: Listing<T>["sortKeys"], seqOf: (item: T) => number): readonly SortKey<T>[] {
  const asked = (query.get("sort") ?? "").split(",").filter((part) => part !== "");
  if (asked.length === 0 && query.has("sort_key"))
    asked.push(`${query.get("sort_key")}:${query.get("sort_dir") ?? "desc"}`);
  const chosen = asked.map((part): SortKey<T> => {
    const [name = "", dir = "desc"] = part.split(":").map((each) => each.trim());
    const value = own(keys, name);
    if (value === undefined) throw badRequest("Invalid input received: Invalid sort key");
    if (dir !== "asc" && dir !== "desc")
      throw badRequest("Invalid input received: Unknown sort direction, must be 'desc' or 'asc'.");
    return [value, dir];
  });
  return [...chosen, [seqOf, "desc"]];
}

/** From 3.31 on an unknown filter is refused; below it is ignored. */
function filtered<T>({ query, version }: Call, filters: Listing<T>["filters"], items: readonly T[]): readonly T[] {
  const asked = [...query].filter(([name]) => !STEERING.has(name));
  const unknown = asked
    .map(([name]) => name)
    .filter((name) => own(filters, name.replace(/~$/, "")) === undefined || name.endsWith("~"));
  if (version >= 31 && unknown.length > 0)
    throw badRequest(`Invalid filters ${[...new Set(unknown)].join(",")} are found in query options.`);
  return items.filter((item) => asked.every(([name, value]) => own(filters, name)?.(item, value) ?? true));
}

function nextHref({ cinder, context, actor, query }: Call, path: string, marker: string): string {
  const next = new URLSearchParams(query);
  next.delete("marker");
  next.append("marker", marker);
  return `${cinder.cloud.root("volumev3", context.request)}/v3/${actor.projectId}${path}?${next.toString()}`;
}

/** `{'c':'3'}`, as Python prints a dict; what can't be read matches nothing. */
export function metadataFilter(metadata: Readonly<Record<string, string>>, text: string): boolean {
  const pairs = [...text.matchAll(/['"]([^'"]*)['"]\s*:\s*['"]([^'"]*)['"]/g)];
  return pairs.length > 0 && pairs.every(([, key = "", value]) => own(metadata, key) === value);
}

/** `gt:2000-01-01T00:00:00`, several by comma (3.60). @throws Refusal 400 */
export function timeFilter(ms: number | null, text: string): boolean {
  return text.split(",").every((part) => {
    const at = part.indexOf(":");
    const operator = part.slice(0, at);
    const isOperator = ["gt", "gte", "lt", "lte", "eq", "neq"].includes(operator);
    const value = isOperator ? part.slice(at + 1) : part;
    const wanted = Date.parse(/Z$|[+-]\d\d:?\d\d$/.test(value) ? value : `${value}Z`);
    if (Number.isNaN(wanted)) throw badRequest(`Invalid ${value} value`);
    return compared(Math.floor((ms ?? 0) / 1000) * 1000 - wanted, isOperator ? operator : "eq");
  });
}

const compared = (difference: number, operator: string): boolean => {
  if (operator === "gt") return difference > 0;
  if (operator === "gte") return difference >= 0;
  if (operator === "lt") return difference < 0;
  if (operator === "lte") return difference <= 0;
  return operator === "neq" ? difference !== 0 : difference === 0;
};
