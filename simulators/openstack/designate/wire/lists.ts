import { globFits, type HttpReply, json } from "../../../kernel/index.ts";
import { nextQuery, pageAfter, sortBy } from "../../paging.ts";
import type { RequestContext } from "../../service.ts";
import { badRequest } from "./errors.ts";
import { rootOf, type View } from "./request.ts";

const LIMIT_DEFAULT = 20;

/** Items of a page at most, and what `limit=max` means. */
export const LIMIT_MAX = 1000;

const STEERING = ["limit", "marker", "sort_key", "sort_dir"];

/** What a list may hold. */
interface ListedRow {
  readonly id: string;
  readonly createdMs: number;
}

type SortValue = string | number | null;

/** What may be sorted by and filtered for, by name. */
export type ListKeys<T> = Readonly<Record<string, (row: T) => SortValue | readonly string[]>>;

/** A list before the query is applied. */
interface Listing<T extends ListedRow> {
  /** The member that holds the list. */
  readonly member: string;
  /** The path behind `/v2`. */
  readonly path: string;
  readonly rows: readonly T[];
  readonly view: (row: T) => View;
  readonly keys: ListKeys<T>;
}

const isList = (value: SortValue | readonly string[]): value is readonly string[] => Array.isArray(value);

/** Rows that match all filters of the query: patterns with `*` that ignore case. @throws Refusal 400 */
function filterRows<T extends ListedRow>({ rows, keys }: Listing<T>, query: URLSearchParams): readonly T[] {
  const filters = [...query].filter(([name]) => !STEERING.includes(name));
  const unknown = [...new Set(filters.map(([name]) => name).filter((name) => !Object.hasOwn(keys, name)))];
  if (unknown.length > 0) throw badRequest("bad_request", `Invalid filters ${unknown.sort().join(", ")}`);
  return rows.filter((row) =>
    filters.every(([name, pattern]) => {
      const value = keys[name]?.(row) ?? "";
      const values = isList(value) ? value : [String(value)];
      return values.some((each) => globFits(pattern, each, { ignoresCase: true }));
    }),
  );
}

/** @throws Refusal 400 */
function limitIn(query: URLSearchParams): number {
  const text = query.get("limit");
  if (text === null) return LIMIT_DEFAULT;
  const limit = text.toLowerCase() === "max" ? LIMIT_MAX : Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX)
    throw badRequest("invalid_limit", `limit should be an integer between 1 and ${LIMIT_MAX}`);
  return limit;
}

/** @throws Refusal 400 */
function directionIn(query: URLSearchParams): "asc" | "desc" {
  const direction = query.get("sort_dir") ?? "asc";
  if (direction === "asc" || direction === "desc") return direction;
  throw badRequest("invalid_sort_dir", `Unknown sort direction, must be 'desc' or 'asc'`);
}

/** The key by which rows are sorted: their creation, unless the query names another. @throws Refusal 400 */
function sortKeyIn<T extends ListedRow>(query: URLSearchParams, keys: ListKeys<T>): (row: T) => SortValue {
  const name = query.get("sort_key") ?? "created_at";
  if (name === "created_at") return ({ createdMs }) => createdMs;
  if (name === "id") return ({ id }) => id;
  const key = Object.hasOwn(keys, name) ? keys[name] : undefined;
  if (key === undefined)
    throw badRequest("invalid_sort_key", `sort key '${name}' must be one of ${Object.keys(keys).join(", ")}`);
  return (row) => {
    const value = key(row);
    return isList(value) ? value.join(" ") : value;
  };
}

/** Replies with a list as the query asks for it: filters, sort, page. @throws Refusal 400 */
export function listReply<T extends ListedRow>(context: RequestContext, listing: Listing<T>): HttpReply {
  const { query, request } = context;
  const { member, path, view, keys } = listing;
  const limit = limitIn(query);
  const direction = directionIn(query);
  const sortKey = sortKeyIn(query, keys);
  const rows = filterRows(listing, query);
  const page = pageAfter(sortBy(rows, [[sortKey, direction]]), query.get("marker"), limit, ({ id }) => id);
  // The service forgets which marker it was.
  if (page === undefined) throw badRequest("marker_not_found", "Marker None could not be found");
  const url = `${rootOf(context)}${path}`;
  const last = page.items.at(-1);
  return json(200, {
    [member]: page.items.map(view),
    links: {
      self: request.query === "" ? url : `${url}?${request.query}`,
      ...(page.hasMore && last !== undefined && { next: `${url}?${nextQuery(query, last.id)}` }),
    },
    metadata: { total_count: rows.length },
  });
}
