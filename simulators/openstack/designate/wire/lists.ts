import { own, type HttpReply, json } from "../../../kernel/index.ts";
import { repr } from "../../python/index.ts";
import { pageAfter, sortBy } from "../../paging.ts";
import type { RequestContext } from "../../service.ts";
import { badRequest, crash } from "./errors.ts";
import { rootOf, type View } from "./request.ts";

const LIMIT_DEFAULT = 20;

/** Items of a page at most, and what `limit=max` means. */
export const LIMIT_MAX = 1000;

const STEERING = ["limit", "marker", "sort_key", "sort_dir"];

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** The filters and order of a list. */
interface ListedRow {
  readonly id: string;
  readonly createdMs: number;
  readonly updatedMs: number | null;
}

type SortValue = string | number | null;

/** The fields to filter or sort by, by name. */
export type ListKeys<T> = Readonly<Record<string, (row: T) => SortValue | readonly string[]>>;

/** A list before the query is applied. */
interface Listing<T extends ListedRow> {
  /** The member that holds the list. */
  readonly member: string;
  /** The path behind `/v2`. */
  readonly path: string;
  readonly rows: readonly T[];
  readonly view: (row: T) => View;
  readonly filters: ListKeys<T>;
  /** The sort keys, beside creation, change and id. */
  readonly sorts?: ListKeys<T>;
  /** Whether it shows a total count. */
  readonly counts?: boolean;
}

const COMPARISONS: readonly (readonly [sign: string, fits: (order: number) => boolean])[] = [
  ["!", (order) => order !== 0],
  ["<=", (order) => order <= 0],
  ["<", (order) => order < 0],
  [">=", (order) => order >= 0],
  [">", (order) => order > 0],
];

function order(value: string, other: string): number {
  const [a, b] =
    value !== "" && other !== "" && !isNaN(Number(value) + Number(other))
      ? [Number(value), Number(other)]
      : [value, other];
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Whether a value matches a criterion: a pattern with `*` or `%`, a comparison, or the value itself. */
function fits(criterion: string, value: string): boolean {
  const pattern = criterion.replaceAll("*", "%");
  if (pattern.includes("%")) {
    const source = pattern
      .replace(/[.+?^${}()|[\]\\]/g, "\\$&")
      .replaceAll("%", ".*")
      .replaceAll("_", ".");
    return new RegExp(`^${source}$`, "is").test(value);
  }
  for (const [sign, isFitting] of COMPARISONS)
    if (criterion.startsWith(sign)) return isFitting(order(value, criterion.slice(sign.length)));
  return value.toLowerCase() === criterion.toLowerCase();
}

/** Rows that match all filters of the query. @throws Refusal 400; 500 for a filter given twice */
function filterRows<T extends ListedRow>({ rows, filters }: Listing<T>, query: URLSearchParams): readonly T[] {
  const asked = [...query].filter(([name]) => !STEERING.includes(name));
  const names = [...new Set(asked.map(([name]) => name))];
  const unknown = names.filter((name) => !Object.hasOwn(filters, name));
  if (unknown.length > 0) throw badRequest("bad_request", `Invalid filters ${unknown.sort().join(", ")}`);
  if (names.length < asked.length) throw crash();
  return rows.filter((row) =>
    asked.every(([name, criterion]) => {
      const value = own(filters, name)?.(row) ?? null;
      if (value === null) return false;
      const values = typeof value === "object" ? value : [String(value)];
      return values.some((each) => fits(criterion, each));
    }),
  );
}

/** @throws Refusal 400 */
function limitIn(query: URLSearchParams): number {
  const words = query.get("limit");
  if (words === null) return LIMIT_DEFAULT;
  if (words === "") throw badRequest("value_error", "invalid literal for int() with base 10: ''");
  const limit = words.toLowerCase() === "max" ? LIMIT_MAX : Number(words);
  if (!Number.isInteger(limit) || limit < 1)
    throw badRequest("invalid_limit", `limit should be an integer between 1 and ${LIMIT_MAX}`);
  return Math.min(limit, LIMIT_MAX);
}

/** @throws Refusal 400 */
function directionIn(query: URLSearchParams): "asc" | "desc" {
  const direction = query.get("sort_dir") ?? "asc";
  if (direction === "asc" || direction === "desc") return direction;
  throw badRequest("invalid_sort_dir", `Unknown sort direction, must be 'desc' or 'asc'`);
}

/** The key by which rows are sorted: their creation, unless the query names another. @throws Refusal 400 */
function sortKeyIn<T extends ListedRow>(query: URLSearchParams, sorts: ListKeys<T>): (row: T) => SortValue {
  const [name = "created_at", ...others] = query.getAll("sort_key");
  const keys: ListKeys<T> = {
    created_at: ({ createdMs }) => createdMs,
    id: ({ id }) => id,
    updated_at: ({ updatedMs }) => updatedMs,
    ...sorts,
  };
  const key = own(keys, name);
  if (key === undefined || others.length > 0)
    throw badRequest("invalid_sort_key", `sort key must be one of ${repr(Object.keys(keys))}`);
  return (row) => {
    const value = key(row);
    return typeof value === "object" && value !== null ? value.join(" ") : value;
  };
}

/** A query as Python writes it. */
const encode = (pairs: Iterable<readonly [string, string]>): string =>
  [...pairs].map(([name, value]) => `${quote(name)}=${quote(value)}`).join("&");

const quote = (part: string): string =>
  encodeURIComponent(part)
    .replaceAll("%20", "+")
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

/** Replies with a list as the query asks for it: filters, sort, page. @throws Refusal 400 */
export function listReply<T extends ListedRow>(context: RequestContext, listing: Listing<T>): HttpReply {
  const { query } = context;
  const { member, path, view, sorts = {}, counts = true } = listing;
  const limit = limitIn(query);
  const marker = query.get("marker");
  if (marker !== null && !UUID.test(marker)) throw badRequest("invalid_marker", "");
  const direction = directionIn(query);
  const sortKey = sortKeyIn(query, sorts);
  const rows = filterRows(listing, query);
  const page = pageAfter(sortBy(rows, [[sortKey, direction]]), marker, limit, ({ id }) => id);
  // The service forgets which marker it was.
  if (page === undefined) throw badRequest("marker_not_found", "Marker None could not be found");
  const url = `${rootOf(context)}${path}`;
  const last = page.items.at(-1);
  const rest = [...query].filter(([name]) => name !== "marker");
  return json(200, {
    [member]: page.items.map(view),
    links: {
      self: query.size === 0 ? url : `${url}?${encode(query)}`,
      ...(page.isFull && last !== undefined && { next: `${url}?${encode([...rest, ["marker", last.id]])}` }),
    },
    ...(counts && { metadata: { total_count: rows.length } }),
  });
}
