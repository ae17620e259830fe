import { type HttpReply, json, own } from "../../../kernel/index.ts";
import { repr } from "../../common/python.ts";
import type { Context } from "../../common/service.ts";
import { type Attributes, boolean } from "./attributes.ts";
import { badRequest, type Fields, httpBadRequest, notFound } from "./wire.ts";

/** Query keys that steer a list instead of filtering it. */
const STEERING = new Set(["fields", "limit", "marker", "page_reverse", "sort_key", "sort_dir"]);
const TAG_FILTERS = new Set(["tags", "tags-any", "not-tags", "not-tags-any"]);

export interface ListShape {
  readonly collection: string;
  /** The path's own word. */
  readonly path: string;
  readonly attributes: Attributes;
  /** `Port`, where an unknown marker is an error; some resources ignore it. */
  readonly markerKind?: string;
}

/** A list as the query asks for it: filters (several values are alternatives), sort, page, chosen fields. @throws Refusal 400, 404 */
export function listed(context: Context, shape: ListShape, views: readonly Fields[]): HttpReply {
  const { query } = context;
  const filters = filtersOf(query, shape.attributes);
  const rows = sorted(
    query,
    shape.attributes,
    views.filter((view) => filters.every((fits) => fits(view))),
  );
  const { page, links } = pageOf(context, shape, rows);
  return json(200, { [shape.collection]: page.map((view) => chosen(query, view)), ...links });
}

type Fits = (view: Fields) => boolean;

function filtersOf(query: URLSearchParams, attributes: Attributes): readonly Fits[] {
  const keys = [...new Set(query.keys())].filter((key) => !STEERING.has(key));
  const isKnown = (key: string): boolean => {
    const attribute = own(attributes, TAG_FILTERS.has(key) ? "tags" : key);
    return attribute !== undefined && attribute.isFilter !== false;
  };
  const unknown = keys.filter((key) => !isKnown(key));
  if (unknown.length > 0) throw httpBadRequest(`${repr(unknown.sort())} is invalid attribute for filtering`);
  return keys.map((key) => filterOf(key, query.getAll(key), attributes));
}

function filterOf(key: string, wanted: readonly string[], attributes: Attributes): Fits {
  if (key === "fixed_ips") return fixedIpsFilter(wanted);
  if (TAG_FILTERS.has(key))
    return tagFilter(
      key,
      wanted.flatMap((each) => each.split(",")),
    );
  if (attributes[key]?.isBoolean === true) {
    const values = wanted.map((each) => boolean(each));
    return (view) => values.includes(view[key] ?? false);
  }
  return (view) => {
    const value = view[key];
    if (Array.isArray(value)) return value.some((each) => wanted.includes(String(each)));
    return wanted.includes(String(value ?? ""));
  };
}

function tagFilter(key: string, wanted: readonly string[]): Fits {
  const isAny = key.endsWith("-any");
  const isNot = key.startsWith("not-");
  return (view) => {
    const tags = view.tags as readonly string[];
    const fits = isAny ? wanted.some((tag) => tags.includes(tag)) : wanted.every((tag) => tags.includes(tag));
    return fits !== isNot;
  };
}

/** `fixed_ips=ip_address=10.0.0.5`: values of one key are alternatives, different keys must all fit. */
function fixedIpsFilter(wanted: readonly string[]): Fits {
  const byKey = new Map<string, string[]>();
  for (const each of wanted) {
    const [key = "", value = ""] = each.split(/=(.*)/s);
    byKey.set(key, [...(byKey.get(key) ?? []), value]);
  }
  return (view) => {
    const ips = view.fixed_ips as readonly { readonly subnet_id: string; readonly ip_address: string }[];
    const fits = (key: string, values: readonly string[]): boolean => {
      if (key === "ip_address") return ips.some((each) => values.includes(each.ip_address));
      if (key === "subnet_id") return ips.some((each) => values.includes(each.subnet_id));
      if (key === "ip_address_substr")
        return ips.some((each) => values.some((value) => each.ip_address.includes(value)));
      return true;
    };
    return [...byKey].every(([key, values]) => fits(key, values));
  };
}

function sorted(query: URLSearchParams, attributes: Attributes, rows: readonly Fields[]): readonly Fields[] {
  const [keys, dirs] = [query.getAll("sort_key"), query.getAll("sort_dir")];
  if (keys.length !== dirs.length) throw httpBadRequest("The number of sort_keys and sort_dirs must be same");
  const unknown = keys.filter((key) => !Object.hasOwn(attributes, key));
  if (unknown.length > 0) throw httpBadRequest(`${repr(unknown)} is invalid attribute for sort_keys`);
  const wrong = dirs.filter((dir) => dir !== "asc" && dir !== "desc");
  if (wrong.length > 0)
    throw httpBadRequest(`${repr(wrong)} is invalid value for sort_dirs, valid value is 'asc' and 'desc'`);
  const byKeys = keys.length > 0 ? keys : query.has("limit") ? ["id"] : [];
  if (byKeys.length === 0) return rows;
  return [...rows].sort((a, b) => {
    for (const [at, key] of byKeys.entries()) {
      const [x, y] = [String(a[key] ?? ""), String(b[key] ?? "")];
      if (x !== y) return (x < y ? -1 : 1) * (dirs[at] === "desc" ? -1 : 1);
    }
    return 0;
  });
}

function pageOf(
  context: Context,
  { collection, path, markerKind }: ListShape,
  rows: readonly Fields[],
): { readonly page: readonly Fields[]; readonly links: object } {
  const { query } = context;
  const limit = limitOf(query);
  const marker = query.get("marker");
  const at = marker === null ? -1 : rows.findIndex(({ id }) => id === marker);
  if (marker !== null && at < 0 && markerKind !== undefined) throw notFound(markerKind, marker);
  if (limit === 0) return { page: rows.slice(at + 1), links: {} };
  const isReverse = boolean(query.get("page_reverse") ?? "false") === true;
  const end = marker === null || at < 0 ? rows.length : at;
  const page = isReverse ? rows.slice(Math.max(0, end - limit), end) : rows.slice(at + 1, at + 1 + limit);
  return { page, links: { [`${collection}_links`]: linksOf(context, path, page, limit) } };
}

function limitOf(query: URLSearchParams): number {
  const limit = query.get("limit");
  if (limit === null || limit === "") return 0;
  if (!/^\d+$/.test(limit)) throw badRequest("limit", `Limit must be an integer 0 or greater and not '${limit}'.`);
  return Number(limit);
}

/** `next` only on a full page, `previous` whenever there is a page. */
function linksOf({ request, query, cloud }: Context, path: string, page: readonly Fields[], limit: number): object[] {
  const [first, last] = [page[0], page.at(-1)];
  if (first === undefined || last === undefined) return [];
  const href = (marker: unknown, more: Readonly<Record<string, string>>): string => {
    const next = new URLSearchParams(query);
    next.delete("marker");
    next.delete("page_reverse");
    next.append("marker", String(marker));
    for (const [name, value] of Object.entries(more)) next.append(name, value);
    return `${cloud.root("network", request)}/v2.0/${path}?${next.toString()}`;
  };
  const next = { rel: "next", href: href(last.id, {}) };
  const previous = { rel: "previous", href: href(first.id, { page_reverse: "True" }) };
  return page.length === limit ? [next, previous] : [previous];
}

export function chosen(query: URLSearchParams, view: Fields): Fields {
  const wanted = query.getAll("fields").filter((each) => each !== "");
  return wanted.length === 0 ? view : Object.fromEntries(Object.entries(view).filter(([key]) => wanted.includes(key)));
}
