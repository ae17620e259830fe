import { globFits, json, type HttpReply } from "../../../kernel/index.ts";
import { nextQuery, pageAfter, sortedBy } from "../../common/page.ts";
import type { Context } from "../../common/service.ts";
import { bad, base } from "../state.ts";

const LIMIT_DEFAULT = 20;
export const LIMIT_MAX = 1000;

type Value = string | number | null;

export interface Listing<T extends { readonly id: string; readonly createdMs: number }> {
  /** The member that holds the list, and the path behind `/v2`. */
  readonly member: string;
  readonly path: string;
  readonly rows: readonly T[];
  readonly view: (row: T) => object;
  /** What may be sorted by and filtered for. */
  readonly keys: Readonly<Record<string, (row: T) => Value | readonly string[]>>;
}

function filterRows<T extends { readonly id: string; readonly createdMs: number }>(
  { rows, keys }: Listing<T>,
  query: URLSearchParams,
): readonly T[] {
  const asked = [...query].filter(([name]) => !["limit", "marker", "sort_key", "sort_dir"].includes(name));
  const unknown = [...new Set(asked.map(([name]) => name).filter((name) => !Object.hasOwn(keys, name)))];
  if (unknown.length > 0) throw bad("bad_request", `Invalid filters ${unknown.sort().join(", ")}`);
  return rows.filter((row) =>
    asked.every(([name, wanted]) => {
      const value = keys[name]?.(row) ?? "";
      const values = Array.isArray(value) ? (value as string[]) : [String(value as Value)];
      return values.some((each) => globFits(wanted, each, { ignoresCase: true }));
    }),
  );
}

function limitIn(query: URLSearchParams): number {
  const given = query.get("limit");
  if (given === null) return LIMIT_DEFAULT;
  const limit = given.toLowerCase() === "max" ? LIMIT_MAX : Number(given);
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX)
    throw bad("invalid_limit", `limit should be an integer between 1 and ${LIMIT_MAX}`);
  return limit;
}

export function listReply<T extends { readonly id: string; readonly createdMs: number }>(
  context: Context,
  listing: Listing<T>,
): HttpReply {
  const { query, request } = context;
  const { member, path, view, keys } = listing;
  const limit = limitIn(query);
  const sort = query.get("sort_key");
  const direction = query.get("sort_dir") ?? "asc";
  if (direction !== "asc" && direction !== "desc")
    throw bad("invalid_sort_dir", `Unknown sort direction, must be 'desc' or 'asc'`);
  if (sort !== null && !Object.hasOwn(keys, sort) && sort !== "id" && sort !== "created_at")
    throw bad("invalid_sort_key", `sort key '${sort}' must be one of ${Object.keys(keys).join(", ")}`);
  const rows = filterRows(listing, query);
  const sortKey = (row: T): Value => {
    const value = sort === null || sort === "created_at" ? row.createdMs : sort === "id" ? row.id : keys[sort]?.(row);
    return Array.isArray(value) ? value.join(" ") : ((value as Value | undefined) ?? null);
  };
  const sorted = sortedBy(rows, [[sortKey, direction]]);
  const page = pageAfter(sorted, query.get("marker"), limit, ({ id }) => id);
  // The service forgets which marker it was.
  if (page === undefined) throw bad("marker_not_found", "Marker None could not be found");
  const url = `${base(context)}${path}`;
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
