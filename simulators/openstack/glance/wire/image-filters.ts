import { own } from "../../../kernel/index.ts";
import { type Actor, controls } from "../../cloud.ts";
import { Refusal } from "../../refusal.ts";
import { type ImageRow, memberOf, sees } from "../state.ts";
import { imageView } from "./image.ts";

/** Parameters of a list that are not filters. */
const STEERING: ReadonlySet<string> = new Set(["limit", "marker", "sort", "sort_key", "sort_dir", "member_status"]);

const VISIBILITIES = ["public", "private", "community", "shared", "all"];
const STATUSES = ["pending", "accepted", "rejected", "all"];

const badRequest = (message: string): Refusal => new Refusal(400, "", message);

/** @throws Refusal 400 */
function booleanIn(query: URLSearchParams, name: string): boolean {
  const word = (query.getAll(name).at(-1) ?? "false").toLowerCase();
  if (word === "true" || word === "false") return word === "true";
  throw badRequest(
    `Invalid value '${query.getAll(name).at(-1)}' for '${name}' filter. Valid values are 'true' or 'false'.`,
  );
}

/** Chooses the images that a list shows: fewer than may be read by id. @throws Refusal 400 */
export function visibilityFilter(actor: Actor, query: URLSearchParams): (row: ImageRow) => boolean {
  const visibility = query.get("visibility");
  const status = query.get("member_status") ?? "accepted";
  if (visibility !== null && !VISIBILITIES.includes(visibility))
    throw badRequest(`Invalid visibility value: ${visibility}`);
  if (!STATUSES.includes(status))
    throw badRequest(`Invalid status: ${status}. It must be one of the following: ${STATUSES.join(", ")}.`);
  if (query.has("changes-since")) throw badRequest('The "changes-since" filter is no longer available on v2.');
  const isHidden = booleanIn(query, "os_hidden");
  booleanIn(query, "protected");
  return (row) => {
    if (row.isHidden !== isHidden || !sees(actor, row)) return false;
    const member = memberOf(row, actor.projectId);
    const isTaken = member === undefined || controls(actor, row) || status === "all" || member.status === status;
    if (visibility !== null && visibility !== "all") return row.visibility === visibility && isTaken;
    return isTaken && (row.visibility !== "community" || row.projectId === actor.projectId || visibility === "all");
  };
}

/** The filter made of the other parameters: each is an attribute or a custom property. @throws Refusal 400 when it is used */
export function attributeFilter(query: URLSearchParams): (row: ImageRow) => boolean {
  const filters = [...query].filter(([name]) => !STEERING.has(name));
  for (const [name, wanted] of filters) checkFilter(name, wanted);
  return (row) => filters.every(([name, wanted]) => fits(row, name, wanted));
}

/** Attributes that may be one of several: `status=in:queued,active`. */
const CHOICES = ["id", "name", "status", "container_format", "disk_format"];

/** @throws Refusal 400 for an operator or a number that it does not know */
function checkFilter(name: string, wanted: string): void {
  const [operator = "", rest] = wanted.split(/:(.*)/s);
  if (name === "created_at" || name === "updated_at") return void dateFits(0, wanted, name);
  if (/^(size|min_ram|min_disk)_(min|max)$/.test(name) && !/^\s*[+-]?\d+\s*$/.test(wanted))
    throw badRequest("Unable to filter on a range with a non-numeric value.");
  if (CHOICES.includes(name) && rest !== undefined && operator !== "in" && operator !== "eq")
    throw badRequest(`Unable to filter by unknown operator '${operator}'.`);
}

/** The values of `in:`, where quotes keep a comma. */
const choicesIn = (text: string): readonly string[] =>
  [...text.matchAll(/"((?:[^"\\]|\\.)*)"|([^,]+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");

function fits(row: ImageRow, name: string, wanted: string): boolean {
  if (name === "visibility" || name === "os_hidden") return true;
  if (name === "tag") return row.tags.includes(wanted);
  if (name === "created_at") return dateFits(row.createdMs, wanted, name);
  if (name === "updated_at") return dateFits(row.updatedMs, wanted, name);
  const [, attribute = "", bound] = /^(size|min_ram|min_disk)_(min|max)$/.exec(name) ?? [];
  if (bound !== undefined) return numberFits(row, attribute, bound, Number(wanted));
  const value = own(imageView(row), name);
  if (typeof value === "boolean") return String(value) === wanted.toLowerCase();
  // A word instead of a number is not one.
  if (typeof value === "number") return value === (Number.parseInt(wanted, 10) || 0);
  const isChoice = CHOICES.includes(name) && wanted.startsWith("in:");
  const choices = isChoice
    ? choicesIn(wanted.slice(3))
    : [CHOICES.includes(name) ? wanted.replace(/^eq:/, "") : wanted];
  const text = String(value).toLowerCase();
  return value !== undefined && value !== null && choices.some((each) => each.toLowerCase() === text);
}

function numberFits({ size, minRamMb, minDiskGb }: ImageRow, attribute: string, bound: string, limit: number): boolean {
  if (attribute === "size" && size === null) return false;
  const value = attribute === "size" ? (size ?? 0) : attribute === "min_ram" ? minRamMb : minDiskGb;
  return bound === "min" ? value >= limit : value <= limit;
}

const DATE_OPERATORS: Readonly<Record<string, (differenceMs: number) => boolean>> = {
  gt: (ms) => ms > 0,
  gte: (ms) => ms >= 0,
  lt: (ms) => ms < 0,
  lte: (ms) => ms <= 0,
  eq: (ms) => ms === 0,
  neq: (ms) => ms !== 0,
};

/** `gte:2026-…`, to the second. @throws Refusal 400 */
function dateFits(ms: number, wanted: string, name: string): boolean {
  const [operator = "", rest = ""] = wanted.split(/:(.*)/s);
  const holds = own(DATE_OPERATORS, operator);
  const value = Date.parse(holds === undefined ? wanted : rest);
  if (holds === undefined && rest !== "" && !/^\d{4}-?\d\d/.test(wanted))
    throw badRequest("Unable to filter on a unknown operator.");
  if (Number.isNaN(value)) throw badRequest(`Bad "${name}" query filter format. Use ISO 8601 DateTime notation.`);
  const difference = Math.floor(ms / 1000) * 1000 - value;
  return holds === undefined ? difference === 0 : holds(difference);
}
