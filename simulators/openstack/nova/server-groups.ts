import type { Schema } from "../schema/index.ts";
import { membersOf } from "./behaviour.ts";
import { badRequest, type Call, checkedBody, forbidden, type NovaRoute, nothing, notFound, ok } from "./call.ts";
import { isTrue } from "./create.ts";
import { quotaOf } from "./quotas.ts";
import { envelope, NAME, objectSchema } from "./schemas.ts";
import type { ServerGroup } from "./state.ts";

const STRICT = ["anti-affinity", "affinity"];
const SOFT = ["soft-anti-affinity", "soft-affinity"];

/** Until 2.63 a list of one policy, then one policy with rules. */
function bodyFor(version: number): Schema {
  const policies = version >= 15 ? [...STRICT, ...SOFT] : STRICT;
  const fields: Readonly<Record<string, Schema>> =
    version >= 64
      ? {
          name: NAME,
          policy: { type: "string", enum: policies },
          rules: objectSchema({
            max_server_per_host: { type: ["integer", "string"], pattern: "^[0-9]*$", minimum: 1 },
          }),
        }
      : {
          name: NAME,
          policies: { type: "array", items: { enum: policies }, minItems: 1, maxItems: 1, uniqueItems: true },
        };
  return envelope("server_group", objectSchema(fields, ["name", version >= 64 ? "policy" : "policies"]));
}

const view = (call: Call, group: ServerGroup): object => ({
  id: group.id,
  name: group.name,
  ...(call.version >= 64 ? { policy: group.policy, rules: group.rules } : { policies: [group.policy], metadata: {} }),
  members: membersOf(call.nova, group.id).map(({ id }) => id),
  ...(call.version >= 13 && { project_id: group.projectId, user_id: group.userId }),
});

function create(call: Call): ReturnType<NovaRoute["handler"]> {
  const { server_group: wanted } = checkedBody(call, bodyFor(call.version)) as {
    server_group: { name: string; policies?: string[]; policy?: string; rules?: Record<string, number | string> };
  };
  const policy = wanted.policy ?? wanted.policies?.[0] ?? "";
  if (wanted.rules !== undefined && Object.keys(wanted.rules).length > 0 && policy !== "anti-affinity")
    throw badRequest("Only anti-affinity policy supports rules.");
  const { groups } = call.nova.slot.value;
  const { projectId, userId } = call.actor;
  const limit = quotaOf(call.nova, projectId, "server_groups");
  const own = [...groups.values()].filter((each) => each.projectId === projectId);
  if (limit >= 0 && own.length >= limit) throw forbidden("Quota exceeded, too many server groups.");
  const rules = Object.fromEntries(Object.entries(wanted.rules ?? {}).map(([name, value]) => [name, Number(value)]));
  const group: ServerGroup = {
    id: call.nova.cloud.uuid("nova"),
    name: wanted.name,
    policy,
    rules,
    projectId,
    userId,
  };
  groups.set(group.id, group);
  call.nova.cloud.kernel.record("nova", "server-group.create", group.id, { name: group.name, policy });
  return ok({ server_group: view(call, group) });
}

/** @throws Refusal 404 */
function groupOf(call: Call): ServerGroup {
  const group = call.nova.slot.value.groups.get(call.params.id ?? "");
  if (group === undefined || !(call.actor.isAdmin || group.projectId === call.actor.projectId))
    throw notFound(`Instance group ${call.params.id} could not be found.`);
  return group;
}

export const GROUP_ROUTES: readonly NovaRoute[] = [
  {
    method: "GET",
    path: "/os-server-groups",
    clients: ["openstack"],
    handler: (call) => {
      const isAll =
        call.actor.isAdmin && call.query.has("all_projects") && isTrue(call.query.get("all_projects") || "1");
      const own = [...call.nova.slot.value.groups.values()].filter(
        ({ projectId }) => isAll || projectId === call.actor.projectId,
      );
      return ok({ server_groups: own.map((group) => view(call, group)) });
    },
  },
  { method: "POST", path: "/os-server-groups", clients: ["openstack"], handler: create },
  {
    method: "GET",
    path: "/os-server-groups/:id",
    clients: ["openstack"],
    handler: (call) => ok({ server_group: view(call, groupOf(call)) }),
  },
  {
    method: "DELETE",
    path: "/os-server-groups/:id",
    clients: ["openstack"],
    handler: (call) => {
      call.nova.slot.value.groups.delete(groupOf(call).id);
      return nothing(204);
    },
  },
];
