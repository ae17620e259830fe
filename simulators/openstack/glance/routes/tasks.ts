import { notSimulated, Refusal } from "../../refusal.ts";
import type { OpenStackRoute, RequestContext } from "../../service.ts";
import { readBody } from "../wire/body.ts";
import { checkMetadef } from "../wire/metadefs.ts";

const TYPES = ["import", "api_image_import"];
const STATUSES = ["pending", "processing", "success", "failure"];

/** @throws Refusal 403 */
function requireAdmin({ actor }: RequestContext): void {
  if (!actor.isAdmin) throw new Refusal(403, "", "You are not authorized to complete tasks_api_access action.");
}

/** @throws Refusal 400, 403, 501 */
function list(context: RequestContext): never {
  requireAdmin(context);
  const { query } = context;
  const [type, status] = [query.get("type"), query.get("status")];
  if (type !== null && !TYPES.includes(type)) throw new Refusal(400, "", `Invalid type value: ${type}`);
  if (status !== null && !STATUSES.includes(status)) throw new Refusal(400, "", `Invalid status value: ${status}`);
  throw notSimulated("tasks");
}

/** @throws Refusal 400, 403, 501 */
function create(context: RequestContext): never {
  const body = readBody(context);
  for (const name of ["type", "input"])
    if (!Object.hasOwn(body, name)) throw new Refusal(400, "", `Task '${name}' is required`);
  checkMetadef("task", body);
  requireAdmin(context);
  throw notSimulated("tasks");
}

/** @throws Refusal 403, 404 */
function refuseOne(context: RequestContext): never {
  requireAdmin(context);
  throw new Refusal(404, "", `No task found with ID ${context.params.id ?? ""}`);
}

/** Tasks for administrators: not simulated. */
export const TASK_ROUTES: readonly OpenStackRoute[] = [
  { method: "GET", path: "/v2/tasks", clients: ["openstack"], handler: list },
  { method: "POST", path: "/v2/tasks", handler: create },
  { method: "GET", path: "/v2/tasks/:id", handler: refuseOne },
  { method: "DELETE", path: "/v2/tasks/:id", handler: refuseOne },
];
