import { type HttpReply, json, own } from "../../kernel/index.ts";
import type { Actor } from "../cloud.ts";
import { type SortKey, sortedBy } from "../paging.ts";
import { Refusal } from "../refusal.ts";
import type { Context, OpenStackRoute } from "../service.ts";
import { view } from "./images.ts";
import { type Glance, type ImageRow, memberOf, owns, sees } from "./state.ts";

const STEERING = new Set(["limit", "marker", "sort", "sort_key", "sort_dir", "member_status"]);
const LIMIT_DEFAULT = 25;
const LIMIT_MAX = 1000;

const bad = (message: string): Refusal => new Refusal(400, "", message);

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

/** @throws Refusal 400 */
function orderOf(query: URLSearchParams): readonly SortKey<ImageRow>[] {
  const [keys, dirs] = [query.getAll("sort_key"), query.getAll("sort_dir")];
  const pairs = query.has("sort")
    ? (query.get("sort") ?? "").split(",").map((part) => part.split(":"))
    : keys.map((key, at) => [key, dirs[at] ?? dirs.at(-1)]);
  const asked = pairs.map(([key = "", dir = "desc"]): SortKey<ImageRow> => {
    const value = own(SORT_KEYS, key.trim());
    if (value === undefined)
      throw bad(`Invalid sort key: ${key}. It must be one of the following: ${Object.keys(SORT_KEYS).join(", ")}.`);
    if (dir !== "asc" && dir !== "desc") throw bad(`Invalid sort direction: ${dir}`);
    return [value, dir];
  });
  return [...asked, [({ seq }) => seq, dirs.at(-1) === "asc" && keys.length > 0 ? "asc" : "desc"]];
}

/** @throws Refusal 400 */
function limitOf(query: URLSearchParams): number {
  const asked = query.get("limit");
  if (asked === null) return LIMIT_DEFAULT;
  if (!/^\s*[+-]?\d+\s*$/.test(asked)) throw bad("limit param must be an integer");
  if (Number(asked) < 0) throw bad("limit param must be positive");
  return Math.min(Number(asked), LIMIT_MAX);
}

const VISIBILITIES = ["public", "private", "community", "shared", "all"];
const STATUSES = ["pending", "accepted", "rejected", "all"];

/** What a list shows: less than what may be read by its id. @throws Refusal 400 */
function shownTo(actor: Actor, query: URLSearchParams): (row: ImageRow) => boolean {
  const visibility = query.get("visibility");
  const status = query.get("member_status") ?? "accepted";
  if (visibility !== null && !VISIBILITIES.includes(visibility)) throw bad(`Invalid visibility value: ${visibility}`);
  if (!STATUSES.includes(status))
    throw bad(`Invalid status: ${status}. It must be one of the following: ${STATUSES.join(", ")}.`);
  const isHidden = (query.get("os_hidden") ?? "false").toLowerCase() === "true";
  return (row) => {
    if (row.isHidden !== isHidden || !sees(actor, row)) return false;
    const member = memberOf(row, actor.projectId);
    const isGiven = member === undefined || owns(actor, row) || status === "all" || member.status === status;
    if (visibility !== null && visibility !== "all") return row.visibility === visibility && isGiven;
    return isGiven && (row.visibility !== "community" || row.projectId === actor.projectId || visibility === "all");
  };
}

/** `gte:2026-…`: the operators of dates. @throws Refusal 400 */
function dateFits(ms: number, wanted: string, name: string): boolean {
  const [operator = "", rest = ""] = wanted.split(/:(.*)/s);
  const isOperator = ["gt", "gte", "lt", "lte", "eq", "neq"].includes(operator);
  const value = Date.parse(isOperator ? rest : wanted);
  if (Number.isNaN(value)) throw bad(`Invalid ${name} value: ${wanted}`);
  const difference = Math.floor(ms / 1000) * 1000 - value;
  const fits: Readonly<Record<string, boolean>> = {
    gt: difference > 0,
    gte: difference >= 0,
    lt: difference < 0,
    lte: difference <= 0,
    neq: difference !== 0,
  };
  return (isOperator ? fits[operator] : undefined) ?? difference === 0;
}

const LISTS = ["id", "name", "status", "container_format", "disk_format"];

function fits(row: ImageRow, name: string, wanted: string): boolean {
  if (name === "visibility" || name === "os_hidden") return true;
  if (name === "tag") return row.tags.includes(wanted);
  if (name === "created_at") return dateFits(row.createdMs, wanted, name);
  if (name === "updated_at") return dateFits(row.updatedMs, wanted, name);
  const range = /^(size|min_ram|min_disk)_(min|max)$/.exec(name);
  if (range !== null) {
    const value = { size: row.size ?? 0, min_ram: row.minRamMb, min_disk: row.minDiskGb }[range[1] as "size"];
    return range[2] === "min" ? value >= Number(wanted) : value <= Number(wanted);
  }
  const value = own(view(row), name);
  if (typeof value === "boolean") return String(value) === wanted.toLowerCase();
  const choices = LISTS.includes(name) && wanted.startsWith("in:") ? wanted.slice(3).split(",") : [wanted];
  return value !== undefined && choices.includes(String(value));
}

/** The query as the client sent it, with another marker or none. */
function address(query: URLSearchParams, marker?: string): string {
  const next = new URLSearchParams(query);
  next.delete("marker");
  if (marker !== undefined) next.append("marker", marker);
  const text = next.toString();
  return text === "" ? "/v2/images" : `/v2/images?${text}`;
}

function list({ slot }: Glance, { actor, query }: Context): HttpReply {
  const limit = limitOf(query);
  const order = orderOf(query);
  const isShown = shownTo(actor, query);
  const filters = [...query].filter(([name]) => !STEERING.has(name));
  const rows = [...slot.value.images.values()].filter(isShown);
  const found = sortedBy(
    rows.filter((row) => filters.every(([name, wanted]) => fits(row, name, wanted))),
    order,
  );
  const marker = query.get("marker");
  const start = marker === null ? 0 : found.findIndex(({ id }) => id === marker) + 1;
  if (marker !== null && start === 0) throw bad(`No image found with ID ${marker}`);
  const page = found.slice(start, start + limit);
  const last = page.at(-1);
  const isFull = last !== undefined && page.length === limit;
  return json(200, {
    images: page.map(view),
    first: address(query),
    schema: "/v2/schemas/images",
    ...(isFull && { next: address(query, last.id) }),
  });
}

export const listRoutes = (glance: Glance): readonly OpenStackRoute[] => [
  { method: "GET", path: "/v2/images", clients: ["openstack"], handler: (context) => list(glance, context) },
];
