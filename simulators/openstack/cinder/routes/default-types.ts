import type { HttpReply } from "../../../kernel/index.ts";
import { recordChange } from "../state/cinder.ts";
import { findType } from "../state/types.ts";
import { requireMember } from "../wire/body.ts";
import { badRequest, forbiddenByPolicy, notFound } from "../wire/errors.ts";
import { emptyReply, ok } from "../wire/replies.ts";
import type { CinderCall } from "../wire/request.ts";
import type { CinderRoute } from "../wire/route.ts";

/** The project of the path, which only administrators speak for. @throws Refusal 403, 404 */
function projectIn({ cinder, actor, params }: CinderCall, policy: string): string {
  const { id = "" } = params;
  if (cinder.cloud.identity.project(id) === undefined) throw notFound(`Project with id ${id} not found.`);
  if (!actor.isAdmin) throw forbiddenByPolicy(policy);
  return id;
}

const view = (projectId: string, typeId: string): object => ({ project_id: projectId, volume_type_id: typeId });

function set(call: CinderCall): HttpReply {
  const { volume_type: wanted } = requireMember(call, "default_type", {
    type: "object",
    properties: { volume_type: { type: "string" } },
    required: ["volume_type"],
  });
  const projectId = projectIn(call, "volume_extension:default_set_or_update");
  const type = findType(call.cinder, wanted);
  if (type === undefined) throw badRequest(`Volume type ${wanted} could not be found.`);
  call.cinder.slot.value.defaultTypes.set(projectId, type.id);
  recordChange(call.cinder, "type.default", projectId, { type: type.id });
  return ok({ default_type: view(projectId, type.id) });
}

function show(call: CinderCall): HttpReply {
  const projectId = projectIn(call, "volume_extension:default_get");
  const typeId = call.cinder.slot.value.defaultTypes.get(projectId);
  if (typeId === undefined) throw notFound(`Default type for project ${projectId} not found.`);
  return ok({ default_type: view(projectId, typeId) });
}

function unset(call: CinderCall): HttpReply {
  const projectId = projectIn(call, "volume_extension:default_unset");
  call.cinder.slot.value.defaultTypes.delete(projectId);
  recordChange(call.cinder, "type.default", projectId, { type: null });
  return emptyReply(204);
}

const list = ({ cinder }: CinderCall): HttpReply =>
  ok({ default_types: [...cinder.slot.value.defaultTypes].map(([project, type]) => view(project, type)) });

/** Their paths have no project in front. */
const COMMON = { from: 62, isOfNoProject: true } as const;

/** Routes of the API reference, "Default volume types": what a project's volumes are if their client names no type. */
export const DEFAULT_TYPE_ROUTES: readonly CinderRoute[] = [
  { method: "GET", path: "/default-types", ...COMMON, admin: "volume_extension:default_get_all", handler: list },
  { method: "GET", path: "/default-types/:id", ...COMMON, handler: show },
  { method: "PUT", path: "/default-types/:id", ...COMMON, handler: set },
  { method: "DELETE", path: "/default-types/:id", ...COMMON, handler: unset },
];
