import type { HttpReply } from "../../../kernel/index.ts";
import { membersOf } from "../behaviour/scheduler.ts";
import { recordChange, type ServerGroup } from "../state/nova.ts";
import { quotaOf } from "../state/quotas.ts";
import { requireBody } from "../wire/body.ts";
import { badRequest, forbidden, notFound } from "../wire/errors.ts";
import { isTrueWord } from "../wire/formats.ts";
import { emptyReply, ok } from "../wire/replies.ts";
import type { NovaCall } from "../wire/request.ts";
import type { NovaRoute } from "../wire/route.ts";
import { envelope, NAME, objectSchema } from "./schemas/parts.ts";

const STRICT = ["anti-affinity", "affinity"] as const;
const SOFT = ["soft-anti-affinity", "soft-affinity"] as const;

const policiesFor = (version: number) => (version >= 15 ? ([...STRICT, ...SOFT] as const) : STRICT);

const RULES = objectSchema({
  max_server_per_host: { type: ["integer", "string"], pattern: "^[0-9]*$", minimum: 1 },
});

/** From 2.64 on one policy, with rules. */
const policySchema = (version: number) =>
  envelope(
    "server_group",
    objectSchema({ name: NAME, policy: { type: "string", enum: policiesFor(version) }, rules: RULES }, [
      "name",
      "policy",
    ]),
  );

/** Until 2.63 a list of one policy. */
const policiesSchema = (version: number) =>
  envelope(
    "server_group",
    objectSchema(
      {
        name: NAME,
        policies: {
          type: "array",
          items: { enum: policiesFor(version) },
          minItems: 1,
          maxItems: 1,
          uniqueItems: true,
        },
      },
      ["name", "policies"],
    ),
  );

interface WantedGroup {
  readonly name: string;
  readonly policy: string;
  readonly rules: Readonly<Record<string, number | string>>;
}

/** @throws Refusal 400 */
function readGroup(call: NovaCall): WantedGroup {
  if (call.version < 64) {
    const { name, policies } = requireBody(call, policiesSchema(call.version)).server_group;
    return { name, policy: policies[0] ?? "", rules: {} };
  }
  const { name, policy, rules = {} } = requireBody(call, policySchema(call.version)).server_group;
  if (Object.keys(rules).length > 0 && policy !== "anti-affinity")
    throw badRequest("Only anti-affinity policy supports rules.");
  return { name, policy, rules };
}

const view = (call: NovaCall, group: ServerGroup): object => ({
  id: group.id,
  name: group.name,
  ...(call.version >= 64 ? { policy: group.policy, rules: group.rules } : { policies: [group.policy], metadata: {} }),
  members: membersOf(call.nova, group.id).map(({ id }) => id),
  ...(call.version >= 13 && { project_id: group.projectId, user_id: group.userId }),
});

function create(call: NovaCall): HttpReply {
  const wanted = readGroup(call);
  const { groups } = call.nova.slot.value;
  const { projectId, userId } = call.actor;
  const limit = quotaOf(call.nova, projectId, "server_groups");
  const own = [...groups.values()].filter((each) => each.projectId === projectId);
  if (limit >= 0 && own.length >= limit) throw forbidden("Quota exceeded, too many server groups.");
  const rules = Object.fromEntries(Object.entries(wanted.rules).map(([name, value]) => [name, Number(value)]));
  const { name, policy } = wanted;
  const group: ServerGroup = { id: call.nova.cloud.uuid("nova"), name, policy, rules, projectId, userId };
  groups.set(group.id, group);
  recordChange(call.nova, "server-group.create", group.id, { name, policy });
  return ok({ server_group: view(call, group) });
}

function remove(call: NovaCall): HttpReply {
  const { id } = requireGroup(call);
  call.nova.slot.value.groups.delete(id);
  recordChange(call.nova, "server-group.delete", id);
  return emptyReply(204);
}

/** @throws Refusal 404 */
function requireGroup(call: NovaCall): ServerGroup {
  const group = call.nova.slot.value.groups.get(call.params.id ?? "");
  if (group === undefined || !(call.actor.isAdmin || group.projectId === call.actor.projectId))
    throw notFound(`Instance group ${call.params.id} could not be found.`);
  return group;
}

/** Routes of the API reference, "Server groups (os-server-groups)". */
export const SERVER_GROUP_ROUTES: readonly NovaRoute[] = [
  {
    method: "GET",
    path: "/os-server-groups",
    clients: ["openstack"],
    handler: (call) => {
      const isAll =
        call.actor.isAdmin && call.query.has("all_projects") && isTrueWord(call.query.get("all_projects") || "1");
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
    handler: (call) => ok({ server_group: view(call, requireGroup(call)) }),
  },
  {
    method: "DELETE",
    path: "/os-server-groups/:id",
    clients: ["openstack"],
    handler: remove,
  },
];
