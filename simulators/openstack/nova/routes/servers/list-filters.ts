import { compilePattern, type Pattern } from "../../../../kernel/index.ts";
import type { Server } from "../../state/server.ts";
import { badRequest } from "../../wire/errors.ts";
import { isTrueWord } from "../../wire/formats.ts";
import type { NovaCall } from "../../wire/request.ts";
import { POWER, statusOf } from "../../wire/server-status.ts";
import { BOOLEAN_WORDS } from "../schemas/parts.ts";
import { repr } from "../../../python/repr.ts";

/** Whether a server passes one filter of a list. */
export type ServerFilter = (server: Server) => boolean;

/**
 * Regular expressions of MariaDB, which ignore case; Nova escapes `|` first (`_safe_regex_mysql`). Its schema has refused what Python can't
 * compile. Look-around and back-references, which can't be matched in linear time, are not modelled.
 *
 * @throws Refusal 400
 */
function likePattern(text: string): Pattern {
  const compiled = compilePattern(text.replaceAll("|", "\\|"), { ignoresCase: true });
  if (compiled.ok) return compiled.pattern;
  throw badRequest(`not simulated: the regular expression ${repr(text)}: ${compiled.error}`);
}

/** Neutron searches addresses for the text, if it has the extension (`ip-substring-filtering`). */
function addressFilter(call: NovaCall, version: 4 | 6, part: string): ServerFilter {
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

/** @throws Refusal 400 from 2.38 on, for an unknown status */
function statusFilter({ version }: NovaCall, wanted: readonly string[]): ServerFilter {
  const upper = wanted.map((status) => status.toUpperCase());
  if (version >= 38 && upper.some((status) => !STATUSES.includes(status))) throw badRequest("Invalid status value");
  return (server) => upper.includes(statusOf(server));
}

function tagFilters(query: URLSearchParams): readonly ServerFilter[] {
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

/** Whether a parameter is one of the words for true. @throws Refusal 400 for what is neither that nor false */
export function flagIn({ query }: NovaCall, name: string): boolean {
  const word = (query.get(name) ?? "").toLowerCase();
  if (!BOOLEAN_WORDS.some((each) => each === word))
    throw badRequest(
      `Unrecognized value '${query.get(name)}', acceptable values are: ${BOOLEAN_WORDS.map(repr).join(", ")}`,
    );
  return isTrueWord(word);
}

function lockFilter(call: NovaCall): ServerFilter {
  const isLocked = flagIn(call, "locked");
  return ({ extras }) => (extras?.lock !== undefined) === isLocked;
}

const ADMIN_FILTERS: Readonly<Record<string, (server: Server, value: string) => boolean>> = {
  uuid: ({ id }, value) => id === value,
  host: ({ host }, value) => host === value,
  node: ({ host }, value) => host === value,
  user_id: ({ userId }, value) => userId === value,
  vm_state: ({ vm }, value) => vm === value,
  task_state: ({ task }, value) => (task ?? "") === value,
  power_state: ({ vm }, value) => String(POWER[vm]) === value,
  availability_zone: ({ extras }, value) => (extras?.zone ?? "nova") === value,
  key_name: ({ keyName }, value) => keyName === value,
};
/** The filters that members may use from 2.83 on. */
const MEMBER_FILTERS = ["availability_zone", "key_name", "power_state", "task_state", "vm_state", "user_id"];

const EXACT_FILTERS: Readonly<Record<string, (server: Server, value: string) => boolean>> = {
  flavor: ({ flavor }, value) => flavor.id === value,
  image: ({ imageId }, value) => imageId === value,
  reservation_id: ({ extras }, value) => extras?.reservationId === value,
};

/** The filters of a query, without those that a member may not use. @throws Refusal 400 */
export function readFilters(call: NovaCall): readonly ServerFilter[] {
  const { query, version, actor } = call;
  const filters: ServerFilter[] = [];
  // Of several values the last one counts.
  const name = query.getAll("name").at(-1);
  if (name !== undefined) {
    const wanted = likePattern(name);
    filters.push((server) => wanted.test(server.name));
  }
  if (query.has("status")) filters.push(statusFilter(call, query.getAll("status")));
  for (const [key, fits] of Object.entries({
    ...EXACT_FILTERS,
    ...(actor.isAdmin && ADMIN_FILTERS),
    ...(version >= 83 &&
      Object.fromEntries(Object.entries(ADMIN_FILTERS).filter(([key]) => MEMBER_FILTERS.includes(key)))),
  }))
    if (query.has(key)) filters.push((server) => fits(server, query.get(key) ?? ""));
  if (query.has("ip")) filters.push(addressFilter(call, 4, query.get("ip") ?? ""));
  if (query.has("ip6") && (actor.isAdmin || version >= 5)) filters.push(addressFilter(call, 6, query.get("ip6") ?? ""));
  if (version >= 26) filters.push(...tagFilters(query));
  if (version >= 73 && query.has("locked")) filters.push(lockFilter(call));
  const moments = ["changes-since", "changes-before"].map((key) => Date.parse(query.get(key) ?? ""));
  if ((moments[0] ?? 0) > (moments[1] ?? 0) && version >= 66)
    throw badRequest("The value of changes-since must be less than or equal to changes-before.");
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
