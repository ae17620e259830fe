import { own } from "../../../kernel/index.ts";
import { badRequest, notFoundById } from "./errors.ts";
import type { CinderCall } from "./request.ts";
import { parseBoolean } from "./schemas.ts";
import { sortBy, type SortKey } from "../../paging.ts";

/** The fields by which a list of this kind sorts and filters. */
export interface ListDescription<T> {
  /** `volumes`: path and member of the answer. */
  readonly collection: string;
  /** `Volume`, for messages about an unknown marker. */
  readonly kind: string;
  readonly idOf: (item: T) => string;
  readonly seqOf: (item: T) => number;
  readonly sortKeys: Readonly<Record<string, (item: T) => string | number | boolean | null>>;
  /** Whether an item matches one value of a filter. */
  readonly filters: Readonly<Record<string, (item: T, value: string) => boolean>>;
}

/** The sort keys that volumes, snapshots and backups have in common. */
export const COMMON_SORT_KEYS = {
  created_at: ({ seq }: SortableRow) => seq,
  id: ({ id }: SortableRow) => id,
  name: ({ name }: SortableRow) => name,
  display_name: ({ name }: SortableRow) => name,
  size: ({ sizeGb }: SortableRow) => sizeGb,
  status: ({ status }: SortableRow) => status,
};

interface SortableRow {
  readonly id: string;
  readonly seq: number;
  readonly name: string | null;
  readonly sizeGb: number;
  readonly status: string;
}

const PAGING_PARAMETERS = new Set([
  "limit",
  "marker",
  "offset",
  "sort",
  "sort_key",
  "sort_dir",
  "all_tenants",
  "with_count",
]);
const LIMIT_MAX = 1000;

/** One page, with the other members of the answer. @throws Refusal 400, 404 */
export function listPage<T>(
  call: CinderCall,
  { collection, kind, idOf, seqOf, sortKeys, filters }: ListDescription<T>,
  items: readonly T[],
  path: string,
): { readonly page: readonly T[]; readonly extras: object } {
  const limit = readNumber(call, "limit", LIMIT_MAX);
  const offset = readNumber(call, "offset", 0);
  const found = filterItems(call, filters, items);
  const sorted = sortBy(found, readOrder(call, sortKeys, seqOf));
  const marker = call.query.get("marker");
  const at = marker === null ? -1 : sorted.findIndex((item) => idOf(item) === marker);
  if (marker !== null && at < 0) throw notFoundById(kind, marker);
  const page = sorted.slice(at + 1 + offset, at + 1 + offset + limit);
  const last = page.at(-1);
  const isFull = call.query.has("limit") && last !== undefined && page.length === limit;
  const next = isFull ? { [`${collection}_links`]: [{ rel: "next", href: nextHref(call, path, idOf(last)) }] } : {};
  return { page, extras: { ...next, ...readCount(call, found.length) } };
}

function readNumber({ query }: CinderCall, name: string, fallback: number): number {
  const text = query.get(name);
  if (text === null) return fallback;
  // The offset is read by another function.
  const word = name === "offset" ? "" : " param";
  if (!/^\s*[+-]?\d+\s*$/.test(text)) throw badRequest(`${name}${word} must be an integer`);
  const value = Number(text);
  if (value < 0) throw badRequest(`${name}${word} must be ${name === "offset" ? ">= 0" : "positive"}`);
  return name === "limit" ? Math.min(value, LIMIT_MAX) : value;
}

function readCount({ query, version }: CinderCall, count: number): object {
  if (version < 45 || !query.has("with_count")) return {};
  const wanted = parseBoolean(query.get("with_count"));
  if (wanted === undefined) throw badRequest(`Value '${query.get("with_count")}' for 'with_count' is not a boolean.`);
  return wanted ? { count } : {};
}

function readOrder<T>(
  { query }: CinderCall,
  keys: ListDescription<T>["sortKeys"],
  seqOf: (item: T) => number,
): readonly SortKey<T>[] {
  if (query.has("sort") && (query.has("sort_key") || query.has("sort_dir")))
    throw badRequest(
      "The 'sort_key' and 'sort_dir' parameters are deprecated and cannot be used with the 'sort' parameter.",
    );
  const asked = (query.get("sort") ?? "").split(",").filter((part) => part !== "");
  if (asked.length === 0 && (query.has("sort_key") || query.has("sort_dir")))
    asked.push(`${query.get("sort_key") ?? "created_at"}:${query.get("sort_dir") ?? "desc"}`);
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

/** From 3.31 on an unknown filter is refused; before, it is ignored. */
function filterItems<T>(
  { query, version }: CinderCall,
  filters: ListDescription<T>["filters"],
  items: readonly T[],
): readonly T[] {
  const asked = [...query].filter(([name]) => !PAGING_PARAMETERS.has(name));
  const unknown = asked
    .map(([name]) => name)
    .filter((name) => own(filters, name.replace(/~$/, "")) === undefined || name.endsWith("~"));
  if (version >= 31 && unknown.length > 0)
    throw badRequest(`Invalid filters ${[...new Set(unknown)].join(",")} are found in query options.`);
  return items.filter((item) => asked.every(([name, value]) => own(filters, name)?.(item, value) ?? true));
}

function nextHref({ cinder, context, actor, query }: CinderCall, path: string, marker: string): string {
  const next = new URLSearchParams(query);
  next.delete("marker");
  next.append("marker", marker);
  return `${cinder.cloud.root("volumev3", context.request)}/v3/${actor.projectId}${path}?${next.toString()}`;
}
