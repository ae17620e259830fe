import { type HttpReply, json, own } from "../../../kernel/index.ts";
import { pageAfter, type SortKey, sortBy } from "../../paging.ts";
import { Refusal } from "../../refusal.ts";
import { bindRoutes, type RequestContext, type OpenStackRoute } from "../../service.ts";
import type { Glance, ImageRow } from "../state.ts";
import { attributeFilter, visibilityFilter } from "../wire/image-filters.ts";
import { imageView } from "../wire/image.ts";

/** The list of images: filtered, sorted, paged (Image API v2, "list images"). */
export const imageListRoutes = (glance: Glance): readonly OpenStackRoute[] =>
  bindRoutes(glance, [["GET", "/v2/images", list, { clients: ["openstack"] }]]);

const LIMIT_DEFAULT = 25;
const LIMIT_MAX = 1000;

const badRequest = (message: string): Refusal => new Refusal(400, "", message);

const SORT_KEYS: Readonly<Record<string, (row: ImageRow) => string | number | null>> = {
  name: ({ name }) => name,
  status: ({ status }) => status,
  container_format: ({ containerFormat }) => containerFormat,
  disk_format: ({ diskFormat }) => diskFormat,
  size: ({ size }) => size,
  id: ({ id }) => id,
  created_at: ({ seq }) => seq,
  updated_at: ({ updatedMs }) => updatedMs,
};

/** The sort keys and directions of the query, in either of its two forms. */
function readOrder(query: URLSearchParams): readonly (readonly (string | undefined)[])[] {
  const sort = query.get("sort");
  if (sort !== null && (query.has("sort_key") || query.has("sort_dir")))
    throw badRequest("Old and new sorting syntax cannot be combined");
  if (sort !== null) return sort.split(",").map((part) => part.split(":"));
  const dirs = query.getAll("sort_dir");
  return query.getAll("sort_key").map((key, at) => [key, dirs[at] ?? dirs.at(-1)]);
}

/** @throws Refusal 400 */
function parseSortKey([key = "", dir = "desc"]: readonly (string | undefined)[]): SortKey<ImageRow> {
  const value = own(SORT_KEYS, key.trim());
  if (value === undefined)
    throw badRequest(
      `Invalid sort key: ${key}. It must be one of the following: ${Object.keys(SORT_KEYS).join(", ")}.`,
    );
  if (dir !== "asc" && dir !== "desc") throw badRequest(`Invalid sort direction: ${dir}`);
  return [value, dir];
}

/** The newest come first, even among those that are otherwise equal. @throws Refusal 400 */
function parseOrder(query: URLSearchParams): readonly SortKey<ImageRow>[] {
  const isAscending = query.has("sort_key") && query.getAll("sort_dir").at(-1) === "asc";
  return [...readOrder(query).map(parseSortKey), [({ seq }) => seq, isAscending ? "asc" : "desc"]];
}

/** @throws Refusal 400 */
function parseLimit(query: URLSearchParams): number {
  const asked = query.get("limit");
  if (asked === null) return LIMIT_DEFAULT;
  if (!/^\s*[+-]?\d+\s*$/.test(asked)) throw badRequest("limit param must be an integer");
  if (Number(asked) < 0) throw badRequest("limit param must be positive");
  return Math.min(Number(asked), LIMIT_MAX);
}

/** The query as the client sent it, with another marker or none. */
function addressOf(query: URLSearchParams, marker?: string): string {
  // Of several values it repeats only the last.
  const next = new URLSearchParams(Object.fromEntries(query));
  next.delete("marker");
  if (marker !== undefined) next.append("marker", marker);
  const text = next.toString();
  return text === "" ? "/v2/images" : `/v2/images?${text}`;
}

function list({ slot }: Glance, { actor, query }: RequestContext): HttpReply {
  const limit = parseLimit(query);
  const order = parseOrder(query);
  const rows = [...slot.value.images.values()].filter(visibilityFilter(actor, query)).filter(attributeFilter(query));
  const marker = query.get("marker");
  const page = pageAfter(sortBy(rows, order), marker, limit, ({ id }) => id);
  if (page === undefined) throw badRequest(`No image found with ID ${marker}`);
  const last = page.items.at(-1);
  return json(200, {
    images: page.items.map(imageView),
    first: addressOf(query),
    schema: "/v2/schemas/images",
    ...(page.isFull && last !== undefined && { next: addressOf(query, last.id) }),
  });
}
