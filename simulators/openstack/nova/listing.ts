import { compilePattern, type HttpReply, own, type Pattern } from "../../kernel/index.ts";
import { repr } from "../python/index.ts";
import { type SortKey, sortedBy } from "../paging.ts";
import type { Schema } from "../schema/index.ts";
import { badRequest, type Call, checkQuery, denied, limitOf, nextLink, ok } from "./call.ts";
import { isTrue } from "./create.ts";
import { BOOLEAN_WORDS } from "./schemas.ts";
import type { Server } from "./state.ts";
import { POWER, statusOf } from "./view.ts";

/*
 * Lists of servers: filters, order, pages. What a member may not filter by is dropped; what nobody knows is refused from 2.75 on.
 */

const JOINED = [
  "access_ip_v4",
  "access_ip_v6",
  "auto_disk_config",
  "availability_zone",
  "config_drive",
  "created_at",
  "display_description",
  "display_name",
  "host",
  "hostname",
  "image_ref",
  "instance_type_id",
  "kernel_id",
  "key_name",
  "launch_index",
  "launched_at",
  "locked_by",
  "node",
  "power_state",
  "progress",
  "project_id",
  "ramdisk_id",
  "root_device_name",
  "task_state",
  "terminated_at",
  "updated_at",
  "user_id",
  "uuid",
  "vm_state",
  "architecture",
  "cell_name",
  "cleaned",
  "default_ephemeral_device",
  "default_swap_device",
  "deleted",
  "deleted_at",
  "disable_terminate",
  "ephemeral_gb",
  "ephemeral_key_uuid",
  "id",
  "key_data",
  "launched_on",
  "locked",
  "memory_mb",
  "os_type",
  "reservation_id",
  "root_gb",
  "shutdown_terminate",
  "user_data",
  "vcpus",
  "vm_mode",
];
const TEXT: Schema = { type: "string" };
const REGEX: Schema = { type: "string", format: "regex" };
/** Filters whose value must be a regular expression, whatever is done with it. */
const REGEX_FILTERS = [
  "kernel_id",
  "ramdisk_id",
  "hostname",
  "key_name",
  "power_state",
  "node",
  "flavor",
  "reservation_id",
  "launched_at",
  "terminated_at",
  "availability_zone",
  "name",
  "display_name",
  "description",
  "display_description",
  "locked_by",
  "root_device_name",
  "config_drive",
  "access_ip_v4",
  "access_ip_v6",
  "auto_disk_config",
  "progress",
  "ip",
  "ip6",
  "created_at",
];
const FILTERS = [
  "name",
  "status",
  "flavor",
  "image",
  "ip",
  "ip6",
  "host",
  "node",
  "tenant_id",
  "project_id",
  "user_id",
  "all_tenants",
  "changes-since",
  "deleted",
  "uuid",
  "reservation_id",
  "availability_zone",
  "config_drive",
  "key_name",
  "launch_index",
  "vm_state",
  "task_state",
  "power_state",
  "locked_by",
  "hostname",
  "access_ip_v4",
  "access_ip_v6",
  "created_at",
  "description",
  "launched_at",
  "terminated_at",
  "progress",
  "root_device_name",
  "soft_deleted",
  "auto_disk_config",
  "kernel_id",
  "ramdisk_id",
  "metadata",
  "system_metadata",
];

const queryOf = (version: number): Readonly<Record<string, Schema>> => ({
  limit: { type: "string", pattern: "^[0-9]*$" },
  marker: TEXT,
  sort_key: { type: "string", enum: JOINED },
  sort_dir: TEXT,
  ...Object.fromEntries(FILTERS.map((name) => [name, TEXT])),
  ...Object.fromEntries(REGEX_FILTERS.map((name) => [name, REGEX])),
  ...(version >= 26 &&
    Object.fromEntries(["tags", "tags-any", "not-tags", "not-tags-any"].map((name) => [name, REGEX]))),
  ...(version >= 66 && { "changes-before": TEXT }),
  ...(version >= 73 && { locked: TEXT }),
});

const SORT_KEYS: Readonly<Record<string, (server: Server) => string | number | null>> = {
  created_at: ({ seq }) => seq,
  display_name: ({ name }) => name,
  uuid: ({ id }) => id,
  user_id: ({ userId }) => userId,
  project_id: ({ projectId }) => projectId,
  updated_at: ({ updatedMs }) => updatedMs,
  launched_at: ({ launchedMs }) => launchedMs,
  vm_state: ({ vm }) => vm,
  task_state: ({ task }) => task,
  key_name: ({ keyName }) => keyName,
  image_ref: ({ imageId }) => imageId,
  instance_type_id: ({ flavor }) => flavor.seq,
};

/** @throws Refusal 400 */
function orderOf({ query }: Call): readonly SortKey<Server>[] {
  const [keys, dirs] = [query.getAll("sort_key"), query.getAll("sort_dir")];
  const wrong = dirs.find((dir) => dir !== "asc" && dir !== "desc");
  if (wrong !== undefined) throw badRequest("Invalid input received: Unknown sort direction, must be 'desc' or 'asc'");
  const asked = keys.map(
    (key, at): SortKey<Server> => [own(SORT_KEYS, key) ?? (() => null), dirs[at] === "asc" ? "asc" : "desc"],
  );
  const last: SortKey<Server> = [({ seq }) => seq, dirs.at(-1) === "asc" && keys.length > 0 ? "asc" : "desc"];
  return [...asked, last];
}

type Fits = (server: Server) => boolean;

/**
 * Regular expressions of MariaDB, which ignore case; Nova takes `|` by the letter before it asks (`_safe_regex_mysql`). Its schema has
 * refused what Python can't compile. Looking around and back-references, which can't be had in linear time, are not modelled.
 *
 * @throws Refusal 400
 */
function like(text: string): Pattern {
  const compiled = compilePattern(text.replaceAll("|", "\\|"), { ignoresCase: true });
  if (compiled.ok) return compiled.pattern;
  throw badRequest(`not simulated: the regular expression ${repr(text)}: ${compiled.error}`);
}

/** Neutron looks for the text within addresses, where it has the extension (`ip-substring-filtering`). */
function addressFits(call: Call, version: 4 | 6, part: string): Fits {
  return ({ nics }) =>
    nics.some(({ portId }) =>
      call.nova.cloud.ports.port(portId)?.fixedIps.some((each) => each.version === version && each.ip.includes(part)),
    );
}

const STATUSES = [
  "ACTIVE",
  "BUILD",
  "DELETED",
  "ERROR",
  "HARD_REBOOT",
  "MIGRATING",
  "PASSWORD",
  "PAUSED",
  "REBOOT",
  "REBUILD",
  "RESCUE",
  "RESIZE",
  "REVERT_RESIZE",
  "SHELVED",
  "SHELVED_OFFLOADED",
  "SHUTOFF",
  "SOFT_DELETED",
  "SUSPENDED",
  "UNKNOWN",
  "VERIFY_RESIZE",
];

/** @throws Refusal 400 from 2.38 on, for a status that is none */
function statusFits({ version }: Call, wanted: readonly string[]): Fits {
  const upper = wanted.map((status) => status.toUpperCase());
  if (version >= 38 && upper.some((status) => !STATUSES.includes(status))) throw badRequest("Invalid status value");
  return (server) => upper.includes(statusOf(server));
}

function tagFits(query: URLSearchParams): readonly Fits[] {
  const has = (server: Server, tag: string): boolean => server.extras?.tags?.includes(tag) ?? false;
  const parts = (name: string): readonly string[] => (query.get(name) ?? "").split(",");
  const kinds: Readonly<Record<string, (server: Server, tags: readonly string[]) => boolean>> = {
    tags: (server, tags) => tags.every((tag) => has(server, tag)),
    "tags-any": (server, tags) => tags.some((tag) => has(server, tag)),
    "not-tags": (server, tags) => !tags.every((tag) => has(server, tag)),
    "not-tags-any": (server, tags) => !tags.some((tag) => has(server, tag)),
  };
  return Object.entries(kinds).flatMap(([name, fits]) =>
    query.has(name) ? [(server: Server) => fits(server, parts(name))] : [],
  );
}

/** @throws Refusal 400 */
function lockFits({ query }: Call): Fits {
  const word = (query.get("locked") ?? "").toLowerCase();
  if (!BOOLEAN_WORDS.includes(word))
    throw badRequest(
      `Unrecognized value '${query.get("locked")}', acceptable values are: ${BOOLEAN_WORDS.map(repr).join(", ")}`,
    );
  return ({ extras }) => (extras?.lock !== undefined) === isTrue(word);
}

const ADMIN_FITS: Readonly<Record<string, (server: Server, value: string) => boolean>> = {
  host: (server, value) => server.isScheduled && value === "ref",
  node: (server, value) => server.isScheduled && value === "ref",
  user_id: ({ userId }, value) => userId === value,
  vm_state: ({ vm }, value) => vm === value,
  task_state: ({ task }, value) => (task ?? "") === value,
  power_state: ({ vm }, value) => String(POWER[vm]) === value,
  availability_zone: ({ extras }, value) => (extras?.zone ?? "nova") === value,
  key_name: ({ keyName }, value) => keyName === value,
};
const FITS: Readonly<Record<string, (server: Server, value: string) => boolean>> = {
  flavor: ({ flavor }, value) => flavor.id === value,
  image: ({ imageId }, value) => imageId === value,
  uuid: ({ id }, value) => id === value,
  reservation_id: ({ extras }, value) => extras?.reservationId === value,
};

function filtersOf(call: Call): readonly Fits[] {
  const { query, version, actor } = call;
  const filters: Fits[] = [];
  // Of several values the last one counts.
  const name = query.getAll("name").at(-1);
  if (name !== undefined) {
    const wanted = like(name);
    filters.push((server) => wanted.test(server.name));
  }
  if (query.has("status")) filters.push(statusFits(call, query.getAll("status")));
  for (const [key, fits] of Object.entries({ ...FITS, ...((actor.isAdmin || version >= 83) && ADMIN_FITS) }))
    if (query.has(key)) filters.push((server) => fits(server, query.get(key) ?? ""));
  if (query.has("ip")) filters.push(addressFits(call, 4, query.get("ip") ?? ""));
  if (query.has("ip6")) filters.push(addressFits(call, 6, query.get("ip6") ?? ""));
  if (version >= 26) filters.push(...tagFits(query));
  if (version >= 73 && query.has("locked")) filters.push(lockFits(call));
  for (const [key, sign] of [
    ["changes-since", 1],
    ["changes-before", -1],
  ] as const) {
    const given = query.get(key) ?? "";
    const since = /^\d{4}-?\d{2}-?\d{2}/.test(given) ? Date.parse(given) : Number.NaN;
    if (query.has(key) && Number.isNaN(since)) throw badRequest(`Invalid ${key} value`);
    if (query.has(key)) filters.push(({ updatedMs }) => (updatedMs - since) * sign >= 0);
  }
  return filters;
}

/** @throws Refusal 403 */
function ownersOf(call: Call, rule: string): readonly Server[] {
  const { query, actor, nova } = call;
  const { servers, byProject, tombstones } = nova.slot.value;
  const isAll = query.has("all_tenants") && isTrue(query.get("all_tenants") === "" ? "1" : query.get("all_tenants"));
  if (isAll && !actor.isAdmin) throw denied(`servers:${rule}:get_all_tenants`);
  const project = isAll ? (query.get("project_id") ?? query.get("tenant_id")) : actor.projectId;
  const live = project === null ? [...servers.values()] : [...(byProject.get(project)?.values() ?? [])];
  const wantsDead = query.has("changes-since") || (actor.isAdmin && isTrue(query.get("deleted") ?? "false"));
  if (!wantsDead) return live;
  const dead = [...tombstones.values()].filter(({ projectId }) => project === null || projectId === project);
  return query.has("changes-since") ? [...live, ...dead] : dead;
}

/** A page of servers; `rule` is the policy's word for this list. @throws Refusal 400, 403 */
export function list(call: Call, path: string, rule: "index" | "detail", view: (server: Server) => object): HttpReply {
  const { query, nova } = call;
  checkQuery(call, queryOf(call.version), 75);
  const order = orderOf(call);
  const filters = filtersOf(call);
  const found = ownersOf(call, rule).filter((server) => filters.every((fits) => fits(server)));
  const marker = query.get("marker");
  const dead = marker === null ? undefined : nova.slot.value.tombstones.get(marker);
  const isDeadMarker = dead !== undefined && dead.projectId === call.actor.projectId && !found.includes(dead);
  const sorted = sortedBy(isDeadMarker ? [...found, dead] : found, order);
  const start = marker === null ? 0 : sorted.findIndex(({ id }) => id === marker) + 1;
  if (marker !== null && start === 0) throw badRequest(`marker [${marker}] not found`);
  const limit = limitOf(call);
  const page = sorted.slice(start, start + limit);
  const last = page.at(-1);
  const more = query.has("limit") && page.length === limit && last !== undefined;
  return ok({ servers: page.map(view), ...(more && { servers_links: nextLink(call, path, last.id) }) });
}
