import type { HttpReply } from "../../../kernel/index.ts";
import { DEFAULTS, quotaOf, resetQuotas, setQuotas } from "../state/quotas.ts";
import { readBody, requireBody } from "../wire/body.ts";
import { badRequest, forbiddenByPolicy, requireAdmin, unexpectedError } from "../wire/errors.ts";
import { emptyReply, ok } from "../wire/replies.ts";
import type { NovaCall } from "../wire/request.ts";
import type { NovaRoute } from "../wire/route.ts";
import { envelope, objectSchema } from "./schemas/parts.ts";
import type { Schema } from "../../schema/schema.ts";

const NETWORK = ["fixed_ips", "floating_ips", "security_group_rules", "security_groups"];
const INJECTED = ["injected_file_content_bytes", "injected_file_path_bytes", "injected_files"];

/** The quotas that this microversion still shows. */
export const shownNames = (version: number): readonly string[] =>
  Object.keys(DEFAULTS).filter(
    (name) => !(version >= 36 && NETWORK.includes(name)) && !(version >= 57 && INJECTED.includes(name)),
  );

const quotasOf = (call: NovaCall, project: string): object =>
  Object.fromEntries(shownNames(call.version).map((name) => [name, quotaOf(call.nova, project, name)]));

/** @throws Refusal 400, 403 */
function requireProject(call: NovaCall, rule: string): string {
  const project = call.params.project ?? "";
  if (!call.actor.isAdmin && project !== call.actor.projectId) throw forbiddenByPolicy(`os-quota-sets:${rule}`);
  if (call.nova.cloud.identity.project(project) === undefined)
    throw badRequest(`Project ID ${project} is not a valid project.`);
  return project;
}

function showDetail(call: NovaCall): HttpReply {
  const project = requireProject(call, "detail");
  const { usage, groups } = call.nova.slot.value;
  const used: Readonly<Record<string, number>> = {
    ...usage.get(project),
    server_groups: [...groups.values()].filter(({ projectId }) => projectId === project).length,
  };
  const each = shownNames(call.version).map((name) => [
    name,
    { limit: quotaOf(call.nova, project, name), in_use: used[name] ?? 0, reserved: 0 },
  ]);
  return ok({ quota_set: { id: project, ...Object.fromEntries(each) } });
}

const VALUE = {
  type: ["integer", "string"],
  pattern: "^-?[0-9]+$",
  minimum: -1,
  minLength: 1,
  maximum: 2147483647,
} as const satisfies Schema;

/** The body of a change of quotas, in the member `name`. */
export const quotaSchema = <const Name extends string>(version: number, name: Name) =>
  envelope(
    name,
    objectSchema({
      ...Object.fromEntries(shownNames(version).map((each) => [each, VALUE])),
      force: { type: ["boolean", "string"] },
      tenant_id: { type: "string" },
    }),
  );

/** The limits in a body; members that are not quotas are left out. */
export const readQuotas = (fields: object): Record<string, number> =>
  Object.fromEntries(
    Object.entries(fields)
      .filter(([name]) => Object.hasOwn(DEFAULTS, name))
      .map(([name, value]) => [name, Number(value)]),
  );

/** The schema admits values over which the code then stumbles. @throws Refusal 500 */
function checkForm(body: unknown): void {
  if (typeof body !== "object" || body === null || !("quota_set" in body)) return;
  if (Array.isArray(body.quota_set)) throw unexpectedError("AttributeError");
  if (body.quota_set === null) throw unexpectedError("TypeError");
}

/** A user of a project may have no more than the project. Limits of users are not kept. @throws Refusal 400 */
function updateOfUser(call: NovaCall, project: string, limits: Readonly<Record<string, number>>): HttpReply {
  for (const [name, limit] of Object.entries(limits)) {
    const most = quotaOf(call.nova, project, name);
    if (most >= 0 && (limit > most || limit < 0))
      throw badRequest(`Quota limit ${limit} for ${name} must be less than or equal to ${most}.`);
  }
  return ok({ quota_set: { ...quotasOf(call, project), ...limits } });
}

function update(call: NovaCall): HttpReply {
  checkForm(readBody(call));
  const body = requireBody(call, quotaSchema(call.version, "quota_set"));
  requireAdmin(call, "os-quota-sets:update");
  const project = requireProject(call, "update");
  if (call.query.has("user_id")) return updateOfUser(call, project, readQuotas(body.quota_set));
  setQuotas(call.nova, project, readQuotas(body.quota_set));
  return ok({ quota_set: quotasOf(call, project) });
}

const path = "/os-quota-sets/:project";

/** Routes of the API reference, "Quota sets (os-quota-sets)". */
export const QUOTA_SET_ROUTES: readonly NovaRoute[] = [
  {
    method: "GET",
    path,
    clients: ["openstack"],
    handler: (call) => {
      const project = requireProject(call, "show");
      return ok({ quota_set: { id: project, ...quotasOf(call, project) } });
    },
  },
  {
    method: "GET",
    path: `${path}/defaults`,
    clients: ["openstack"],
    handler: (call) => ok({ quota_set: { id: requireProject(call, "defaults"), ...quotasOf(call, "") } }),
  },
  { method: "GET", path: `${path}/detail`, clients: ["openstack"], handler: showDetail },
  { method: "PUT", path, clients: ["openstack"], handler: update },
  {
    method: "DELETE",
    path,
    clients: ["openstack"],
    handler: (call) => {
      requireAdmin(call, "os-quota-sets:delete");
      resetQuotas(call.nova, requireProject(call, "delete"));
      return emptyReply(202);
    },
  },
];
