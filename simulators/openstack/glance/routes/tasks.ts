import { type HttpReply, isObject, isoSeconds, json } from "../../../kernel/index.ts";
import { Refusal } from "../../refusal.ts";
import { bindRoutes, type OpenStackRoute, type RequestContext } from "../../service.ts";
import { pageAfter, sortBy } from "../../paging.ts";
import { startTask } from "../behaviour/tasks.ts";
import type { Glance, TaskRow } from "../state.ts";
import { emptyReply, readBody } from "../wire/body.ts";
import { checkMetadef } from "../wire/metadefs.ts";

const TYPES = ["import", "api_image_import"];
const STATUSES = ["pending", "processing", "success", "failure"];
const PAGE = 25;
const PAGE_MAX = 1000;

/** @throws Refusal 403 */
function requireAdmin({ actor }: RequestContext): void {
  if (!actor.isAdmin) throw new Refusal(403, "", "You are not authorized to complete tasks_api_access action.");
}

const brief = (row: TaskRow): Readonly<Record<string, unknown>> => ({
  id: row.id,
  type: row.type,
  status: row.status,
  owner: row.owner,
  created_at: isoSeconds(row.createdMs),
  updated_at: isoSeconds(row.updatedMs),
  self: `/v2/tasks/${row.id}`,
  schema: "/v2/schemas/task",
});

const view = (row: TaskRow): object => ({
  ...brief(row),
  input: row.input,
  result: row.result,
  message: row.message,
});

/** @throws Refusal 400 */
function limitIn({ query }: RequestContext): number {
  const text = query.get("limit");
  if (text === null) return PAGE;
  if (!/^[+-]?\d+$/.test(text)) throw new Refusal(400, "", "limit param must be an integer");
  if (Number(text) < 0) throw new Refusal(400, "", "limit param must be positive");
  return Math.min(Number(text), PAGE_MAX);
}

/** @throws Refusal 400, 403 */
function list({ slot }: Glance, context: RequestContext): HttpReply {
  requireAdmin(context);
  const { query } = context;
  const [type, status] = [query.get("type"), query.get("status")];
  if (type !== null && !TYPES.includes(type)) throw new Refusal(400, "", `Invalid type value: ${type}`);
  if (status !== null && !STATUSES.includes(status)) throw new Refusal(400, "", `Invalid status value: ${status}`);
  const found = [...slot.value.tasks.values()].filter(
    (row) => (type === null || row.type === type) && (status === null || row.status === status),
  );
  const direction = query.get("sort_dir") === "asc" ? "asc" : "desc";
  const key = query.get("sort_key") ?? "created_at";
  const sorted = sortBy(found, [[(row) => String(brief(row)[key] ?? ""), direction]]);
  const page = pageAfter(sorted, query.get("marker"), limitIn(context), ({ id }) => id);
  if (page === undefined) throw new Refusal(400, "", "Invalid marker format");
  const last = page.items.at(-1);
  const linkTo = (marker?: string): string => {
    const next = new URLSearchParams(query);
    next.delete("marker");
    if (marker !== undefined) next.set("marker", marker);
    return next.size === 0 ? "/v2/tasks" : `/v2/tasks?${next.toString()}`;
  };
  return json(200, {
    tasks: page.items.map(brief),
    first: linkTo(),
    schema: "/v2/schemas/tasks",
    ...(page.hasMore && last !== undefined && { next: linkTo(last.id) }),
  });
}

/** @throws Refusal 400, 403 */
function create(glance: Glance, context: RequestContext): HttpReply {
  const body = readBody(context);
  for (const name of ["type", "input"])
    if (!Object.hasOwn(body, name)) throw new Refusal(400, "", `Task '${name}' is required`);
  checkMetadef("task", body);
  requireAdmin(context);
  const { type, input } = { type: "", input: {}, ...body };
  const owner = context.actor.projectId;
  const row = startTask(glance, { type: String(type), owner, input: isObject(input) ? input : {} });
  const root = context.cloud.root("image", context.request);
  return json(201, view(row), { Location: `${root}/v2/tasks/${row.id}` });
}

/** @throws Refusal 403, 404 */
function requireTask({ slot }: Glance, context: RequestContext): TaskRow {
  requireAdmin(context);
  const row = slot.value.tasks.get(context.params.id ?? "");
  if (row === undefined) throw new Refusal(404, "", `No task found with ID ${context.params.id ?? ""}`);
  return row;
}

function remove(glance: Glance, context: RequestContext): HttpReply {
  const row = requireTask(glance, context);
  glance.slot.value.tasks.delete(row.id);
  glance.cloud.kernel.record("glance", "task.delete", row.id);
  return emptyReply(204);
}

/** Tasks (Image API v2), for administrators. */
export const taskRoutes = (glance: Glance): readonly OpenStackRoute[] =>
  bindRoutes(glance, [
    ["GET", "/v2/tasks", list, { clients: ["openstack"] }],
    ["POST", "/v2/tasks", create],
    ["GET", "/v2/tasks/:id", (it, context) => json(200, view(requireTask(it, context)))],
    ["DELETE", "/v2/tasks/:id", remove],
  ]);
