import { type HttpReply, json, own, readTexts } from "../../../kernel/index.ts";
import { repr } from "../../python/index.ts";
import type { RequestContext } from "../../service.ts";
import type { Attributes } from "./attributes.ts";
import { isDictionary } from "./structures.ts";
import { badInput, badRequest, httpBadRequest, internalError, notFound } from "./errors.ts";
// By which attributes a list may be filtered and sorted (neutron-lib 3.1, `is_filter` and `is_sort_key` of the API definitions).
import LIST_KEYS from "./list-keys.json" with { type: "json" };
import type { View } from "./views.ts";

/** Query keys that steer a list instead of filtering it. */
const STEERING = new Set(["fields", "limit", "marker", "page_reverse", "sort_key", "sort_dir"]);
const TAG_FILTERS = new Set(["tags", "tags-any", "not-tags", "not-tags-any"]);

/** The parts of a list. */
interface ListSchema {
  readonly collection: keyof typeof LIST_KEYS;
  /** The path's own word. */
  readonly path: string;
  readonly attributes: Attributes;
  /** Whether its rows have tags, by which they may be filtered. Default: false. */
  readonly isTagged?: boolean;
  /** Members that the caller may filter by, but not see. */
  readonly hidden?: readonly string[];
  /** Whether `limit` and `marker` make pages. Default: true. */
  readonly isPaged?: boolean;
  /** `Port`: an unknown marker is an error of this resource's. Absent: it is ignored. */
  readonly exception?: string;
}

/** Collections whose lists may be filtered and sorted. */
export type ListedCollection = ListSchema["collection"];

/** Replies with a list as the query asks for it: filters (several values are alternatives), sort, page, fields. @throws Refusal 400, 404 */
export function listReply(context: RequestContext, schema: ListSchema, views: readonly View[]): HttpReply {
  const { query } = context;
  const filters = filtersOf(query, schema);
  const fitting = views.filter((view) => filters.every((fits) => fits(view)));
  const rows = sortRows(query, LIST_KEYS[schema.collection].sorts, fitting);
  const { page, links } = schema.isPaged === false ? { page: rows, links: {} } : pageOf(context, schema, rows);
  return json(200, {
    [schema.collection]: page.map((view) => selectFields(query, without(view, schema.hidden))),
    ...links,
  });
}

const without = (view: View, hidden: readonly string[] = []): View =>
  hidden.some((name) => name in view)
    ? Object.fromEntries(Object.entries(view).filter(([name]) => !hidden.includes(name)))
    : view;

/** Whether a resource passes a filter. */
type Filter = (view: View) => boolean;

function filtersOf(
  query: URLSearchParams,
  { collection, attributes, isTagged = false }: ListSchema,
): readonly Filter[] {
  const keys = [...new Set(query.keys())].filter((key) => !STEERING.has(key));
  const filters: readonly string[] = LIST_KEYS[collection].filters;
  const isKnown = (key: string): boolean => (TAG_FILTERS.has(key) ? isTagged : filters.includes(key));
  const unknown = keys.filter((key) => !isKnown(key));
  if (unknown.length > 0) throw httpBadRequest(`${repr(unknown)} is invalid attribute for filtering`);
  // The service joins its table of tags twice, and the database refuses.
  for (const not of ["", "not-"]) if (query.has(`${not}tags`) && query.has(`${not}tags-any`)) throw internalError();
  return keys.map((key) => filterOf(key, query.getAll(key), attributes));
}

/** The database compares texts without their case. */
const fold = (value: unknown): string => String(value ?? "").toLowerCase();

function filterOf(key: string, wanted: readonly string[], attributes: Attributes): Filter {
  if (key === "fixed_ips") return fixedIpsFilter(wanted);
  if (TAG_FILTERS.has(key))
    return tagFilter(
      key,
      wanted.flatMap((each) => each.split(",")),
    );
  const convert = convertsFilter(attributes, key);
  const values = new Set(wanted.map((each) => fold(convert(each))));
  return (view) => {
    const value = view[key];
    if (Array.isArray(value)) return value.some((each) => values.has(fold(each)));
    return values.has(fold(convert === asItIs ? value : (value ?? false)));
  };
}

const asItIs = (value: unknown): unknown => value;

/** Filters by attributes with a `convert_to` are converted as values of the body are; validators don't look at them. */
function convertsFilter(attributes: Attributes, key: string): (value: unknown) => unknown {
  const attribute = own(attributes, key);
  return attribute?.filter ?? asItIs;
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
    const [key = "", value] = each.split(/=(.*)/s).map((part) => part.trim());
    if (key === "" || value === undefined) throw badInput(`'${each}' is not of the form <key>=[value]`);
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

function sortRows(query: URLSearchParams, sortable: readonly string[], rows: readonly View[]): readonly View[] {
  const [keys, dirs] = [query.getAll("sort_key"), query.getAll("sort_dir")];
  if (keys.length !== dirs.length) throw httpBadRequest("The number of sort_keys and sort_dirs must be same");
  const unknown = keys.filter((key) => !sortable.includes(key));
  if (unknown.length > 0) throw httpBadRequest(`${repr(unknown)} is invalid attribute for sort_keys`);
  const wrong = dirs.filter((dir) => dir !== "asc" && dir !== "desc");
  if (wrong.length > 0)
    throw httpBadRequest(`${repr(wrong)} is invalid value for sort_dirs, valid value is 'asc' and 'desc'`);
  const byKeys = keys.length > 0 ? keys : query.has("limit") ? ["id"] : [];
  if (byKeys.length === 0) return rows;
  return [...rows].sort((a, b) => {
    for (const [at, key] of byKeys.entries()) {
      const [x, y] = [fold(a[key]), fold(b[key])];
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
  const isReverse = query.get("page_reverse")?.toLowerCase() === "true";
  if (limit === 0) return { page: rows, links: {} };
  const at = marker === null ? -1 : rows.findIndex(({ id }) => id === marker);
  if (marker !== null && at < 0 && exception !== undefined) throw notFound(exception, marker);
  const end = at < 0 ? rows.length : at;
  const page = isReverse ? rows.slice(Math.max(0, end - limit), end) : rows.slice(at + 1, at + 1 + limit);
  return { page, links: { [`${collection}_links`]: linksOf(context, path, page, limit, isReverse) } };
}

/** 0 without a limit. @throws Refusal 400 */
function limitOf(query: URLSearchParams): number {
  const limit = query.get("limit");
  if (limit === null) return 0;
  if (!/^\d+$/.test(limit)) throw badRequest("limit", `Limit must be an integer 0 or greater and not '${limit}'.`);
  return Number(limit);
}

/** No `next` behind a page that is not full, no `previous` before one when going backwards. */
function linksOf(
  { request, query, cloud }: RequestContext,
  path: string,
  page: readonly View[],
  limit: number,
  isReverse: boolean,
): object[] {
  const isShort = page.length < limit;
  const href = (marker: View | undefined, more: Readonly<Record<string, string>>): string => {
    const next = new URLSearchParams(query);
    next.delete("marker");
    next.delete("page_reverse");
    if (marker !== undefined) next.append("marker", String(marker.id));
    for (const [name, value] of Object.entries(more)) next.append(name, value);
    return `${cloud.root("network", request)}/v2.0/${path}?${next.toString()}`;
  };
  const next = { rel: "next", href: href(page.at(-1), {}) };
  const previous = { rel: "previous", href: href(page[0], { page_reverse: "True" }) };
  return [...(isShort && !isReverse ? [] : [next]), ...(isShort && isReverse ? [] : [previous])];
}

/** A view reduced to the `fields` that a query names, and to those that are always shown; unreduced if it names none. */
export function selectFields(query: URLSearchParams, view: View, always: readonly string[] = []): View {
  const wanted = query.getAll("fields").filter((each) => each !== "");
  if (wanted.length === 0) return view;
  const shown = [...wanted, ...always];
  return Object.fromEntries(Object.entries(view).filter(([key]) => shown.includes(key)));
}
