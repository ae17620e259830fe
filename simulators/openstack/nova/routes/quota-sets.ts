import type { HttpReply } from "../../../kernel/index.ts";
import type { Schema } from "../../common/schema.ts";
import { DEFAULTS, quotaOf } from "../state/quotas.ts";
import { checkedBody } from "../wire/body.ts";
import { badRequest, denied, requireAdmin } from "../wire/errors.ts";
import { nothing, ok } from "../wire/replies.ts";
import type { Call } from "../wire/request.ts";
import type { NovaRoute } from "../wire/route.ts";
import { envelope, objectSchema } from "./schemas/parts.ts";

const NETWORK = ["fixed_ips", "floating_ips", "security_group_rules", "security_groups"];
const INJECTED = ["injected_file_content_bytes", "injected_file_path_bytes", "injected_files"];

/** What this microversion still shows. */
export const shownNames = (version: number): readonly string[] =>
  Object.keys(DEFAULTS).filter(
    (name) => !(version >= 36 && NETWORK.includes(name)) && !(version >= 57 && INJECTED.includes(name)),
  );

const quotasOf = (call: Call, project: string): object =>
  Object.fromEntries(shownNames(call.version).map((name) => [name, quotaOf(call.nova, project, name)]));

/** @throws Refusal 400, 403 */
function projectIn(call: Call, rule: string): string {
  const project = call.params.project ?? "";
  if (!call.actor.isAdmin && project !== call.actor.projectId) throw denied(`os-quota-sets:${rule}`);
  if (call.nova.cloud.identity.project(project) === undefined)
    throw badRequest(`Project ID ${project} is not a valid project.`);
  return project;
}

function detail(call: Call): HttpReply {
  const project = projectIn(call, "detail");
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

const VALUE: Schema = {
  type: ["integer", "string"],
  pattern: "^-?[0-9]+$",
  minimum: -1,
  minLength: 1,
  maximum: 2147483647,
};

export const wantedBody = (version: number, member: string): Schema =>
  envelope(
    member,
    objectSchema({
      ...Object.fromEntries(shownNames(version).map((name) => [name, VALUE])),
      force: { type: ["boolean", "string"] },
      tenant_id: { type: "string" },
    }),
  );

export const numbers = (fields: unknown): Record<string, number> =>
  Object.fromEntries(
    Object.entries(fields as Record<string, unknown>)
      .filter(([name]) => Object.hasOwn(DEFAULTS, name))
      .map(([name, value]) => [name, Number(value)]),
  );

function update(call: Call): HttpReply {
  const body = checkedBody(call, wantedBody(call.version, "quota_set"));
  requireAdmin(call, "os-quota-sets:update");
  const project = projectIn(call, "update");
  const { quotas } = call.nova.slot.value;
  quotas.set(project, { ...quotas.get(project), ...numbers(body.quota_set) });
  return ok({ quota_set: quotasOf(call, project) });
}

const path = "/os-quota-sets/:project";

export const QUOTA_SET_ROUTES: readonly NovaRoute[] = [
  {
    method: "GET",
    path,
    clients: ["openstack"],
    handler: (call) => {
      const project = projectIn(call, "show");
      return ok({ quota_set: { id: project, ...quotasOf(call, project) } });
    },
  },
  {
    method: "GET",
    path: `${path}/defaults`,
    clients: ["openstack"],
    handler: (call) => ok({ quota_set: { id: projectIn(call, "defaults"), ...quotasOf(call, "") } }),
  },
  { method: "GET", path: `${path}/detail`, clients: ["openstack"], handler: detail },
  { method: "PUT", path, clients: ["openstack"], handler: update },
  {
    method: "DELETE",
    path,
    clients: ["openstack"],
    handler: (call) => {
      requireAdmin(call, "os-quota-sets:delete");
      call.nova.slot.value.quotas.delete(projectIn(call, "delete"));
      return nothing(202);
    },
  },
];
