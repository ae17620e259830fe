import { type HttpReply, json, own, readTexts } from "../../../kernel/index.ts";
import { repr } from "../../python/index.ts";
import type { RequestContext } from "../../service.ts";
import type { Attributes } from "./attributes.ts";
import { boolean, isDictionary } from "./converters.ts";
import { badRequest, httpBadRequest, notFound } from "./errors.ts";
import type { View } from "./views.ts";

/** Query keys that steer a list instead of filtering it. */
const STEERING = new Set(["fields", "limit", "marker", "page_reverse", "sort_key", "sort_dir"]);
const TAG_FILTERS = new Set(["tags", "tags-any", "not-tags", "not-tags-any"]);

/** What a list is made of. */
interface ListSchema {
  readonly collection: string;
  /** The path's own word. */
  readonly path: string;
  readonly attributes: Attributes;
  /** `Port`: an unknown marker is an error of this resource's. Absent: it is ignored. */
  readonly exception?: string;
}

/** Replies with a list as the query asks for it: filters (several values are alternatives), sort, page, fields. @throws Refusal 400, 404 */
export function listReply(context: RequestContext, schema: ListSchema, views: readonly View[]): HttpReply {
  const { query } = context;
  const filters = filtersOf(query, schema.attributes);
  const rows = sortRows(
    query,
    schema.attributes,
    views.filter((view) => filters.every((fits) => fits(view))),
  );
  const { page, links } = pageOf(context, schema, rows);
  return json(200, { [schema.collection]: page.map((view) => selectFields(query, view)), ...links });
}

/** Whether a resource passes a filter. */
type Filter = (view: View) => boolean;

function filtersOf(query: URLSearchParams, attributes: Attributes): readonly Filter[] {
  const keys = [...new Set(query.keys())].filter((key) => !STEERING.has(key));
  const isKnown = (key: string): boolean => {
    const attribute = own(attributes, TAG_FILTERS.has(key) ? "tags" : key);
    return attribute !== undefined && attribute.isFilter !== false;
  };
  const unknown = keys.filter((key) => !isKnown(key));
  if (unknown.length > 0) throw httpBadRequest(`${repr(unknown.sort())} is invalid attribute for filtering`);
  return keys.map((key) => filterOf(key, query.getAll(key), attributes));
}

function filterOf(key: string, wanted: readonly string[], attributes: Attributes): Filter {
  if (key === "fixed_ips") return fixedIpsFilter(wanted);
  if (TAG_FILTERS.has(key))
    return tagFilter(
      key,
      wanted.flatMap((each) => each.split(",")),
    );
  if (attributes[key]?.isBoolean === true) {
    const values = wanted.map((each) => boolean(each));
    return (view) => values.some((value) => value === (view[key] ?? false));
  }
  return (view) => {
    const value = view[key];
    if (Array.isArray(value)) return value.some((each) => wanted.includes(String(each)));
    return wanted.includes(String(value ?? ""));
  };
}

/** The `fixed_ips` of a port's view. */
function addressesIn(value: unknown): readonly { readonly subnet_id: string; readonly ip_address: string }[] {
  const each = Array.isArray(value) ? value.filter(isDictionary) : [];
  return each.map(({ subnet_id: id, ip_address: ip }) => ({ subnet_id: String(id), ip_address: String(ip) }));
}

function tagFilter(key: string, wanted: readonly string[]): Filter {
  const isAny = key.endsWith("-any");
  const isNot = key.startsWith("not-");
  return (view) => {
    const tags = readTexts(view.tags);
    const fits = isAny ? wanted.some((tag) => tags.includes(tag)) : wanted.every((tag) => tags.includes(tag));
    return fits !== isNot;
  };
}

/** `fixed_ips=ip_address=10.0.0.5`: values of one key are alternatives, different keys must all fit. */
function fixedIpsFilter(wanted: readonly string[]): Filter {
  const byKey = new Map<string, string[]>();
  for (const each of wanted) {
    const [key = "", value = ""] = each.split(/=(.*)/s);
    byKey.set(key, [...(byKey.get(key) ?? []), value]);
  }
  return (view) => {
    const ips = addressesIn(view.fixed_ips);
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

function sortRows(query: URLSearchParams, attributes: Attributes, rows: readonly View[]): readonly View[] {
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
  context: RequestContext,
  { collection, path, exception }: ListSchema,
  rows: readonly View[],
): { readonly page: readonly View[]; readonly links: object } {
  const { query } = context;
  const limit = limitOf(query);
  const marker = query.get("marker");
  const at = marker === null ? -1 : rows.findIndex(({ id }) => id === marker);
  if (marker !== null && at < 0 && exception !== undefined) throw notFound(exception, marker);
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
function linksOf(
  { request, query, cloud }: RequestContext,
  path: string,
  page: readonly View[],
  limit: number,
): object[] {
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

/** A view reduced to the `fields` that a query names; whole where it names none. */
export function selectFields(query: URLSearchParams, view: View): View {
  const wanted = query.getAll("fields").filter((each) => each !== "");
  return wanted.length === 0 ? view : Object.fromEntries(Object.entries(view).filter(([key]) => wanted.includes(key)));
}
