import { type Actor, controls } from "../../cloud.ts";
import { empty, type HttpReply, json, isoSeconds } from "../../../kernel/index.ts";
import { Refusal } from "../../refusal.ts";
import { bindRoutes, type RequestContext, type OpenStackRoute } from "../../service.ts";
import { type Glance, type ImageRow, type MemberRow, requireImage } from "../state.ts";
import { readMembers } from "../wire/body.ts";

const PATH = "/v2/images/:id/members";

/** The projects with which an image is shared (Image API v2, "sharing"). */
export const memberRoutes = (glance: Glance): readonly OpenStackRoute[] =>
  bindRoutes(glance, [
    ["GET", PATH, list, { clients: ["openstack"] }],
    ["POST", PATH, add, { clients: ["openstack"] }],
    ["GET", `${PATH}/:member`, show],
    ["PUT", `${PATH}/:member`, decide, { clients: ["openstack"] }],
    ["DELETE", `${PATH}/:member`, remove, { clients: ["openstack"] }],
  ]);

const view = (row: ImageRow, member: MemberRow): object => ({
  member_id: member.id,
  image_id: row.id,
  status: member.status,
  created_at: isoSeconds(member.createdMs),
  updated_at: isoSeconds(member.updatedMs),
  schema: "/v2/schemas/member",
});

const notAllowed = (verb: string, { id }: ImageRow): Refusal =>
  new Refusal(403, "", `Not allowed to ${verb} members for image ${id}.`);

const requireSharedImage = (glance: Glance, actor: Actor, id = ""): ImageRow =>
  requireImage(glance, actor, id, (missing) => `Image ${missing} not found.`);

/** The member of the path. Owners see all members, a member sees itself. @throws Refusal 404 */
function requireMember(
  glance: Glance,
  { actor, params }: RequestContext,
): { readonly row: ImageRow; readonly member: MemberRow } {
  const row = requireSharedImage(glance, actor, params.id);
  const isVisible = controls(actor, row) || params.member === actor.projectId;
  const member = isVisible ? row.members.find(({ id }) => id === params.member) : undefined;
  if (member === undefined)
    throw new Refusal(404, "", `${params.member} not found in the member list of the image ${row.id}.`);
  return { row, member };
}

function add(glance: Glance, context: RequestContext): HttpReply {
  const { member: given } = readMembers(context);
  if (given === undefined) throw new Refusal(400, "", "Member to be added not specified");
  if (given === "") throw new Refusal(400, "", "Member can't be empty");
  const id = String(given);
  const row = requireSharedImage(glance, context.actor, context.params.id);
  if (!controls(context.actor, row) || row.visibility !== "shared") throw notAllowed("create", row);
  if (row.members.some((member) => member.id === id))
    throw new Refusal(409, "", `Member ${id} is duplicated for image ${row.id}`);
  const { kernel } = glance.cloud;
  const member: MemberRow = { id, status: "pending", createdMs: kernel.nowMs, updatedMs: kernel.nowMs };
  row.members = [...row.members, member];
  kernel.record("glance", "member.create", row.id, { member: id });
  return json(200, view(row, member));
}

function list(glance: Glance, { actor, params }: RequestContext): HttpReply {
  const row = requireSharedImage(glance, actor, params.id);
  if (row.visibility !== "shared")
    throw new Refusal(403, "", `Not allowed to list members for image ${row.id}: Only shared images have members.`);
  const shown = controls(actor, row) ? row.members : row.members.filter(({ id }) => id === actor.projectId);
  return json(200, { members: shown.map((member) => view(row, member)), schema: "/v2/schemas/members" });
}

function show(glance: Glance, context: RequestContext): HttpReply {
  const { row, member } = requireMember(glance, context);
  return json(200, view(row, member));
}

/** Only the member itself decides whether it accepts the image. */
function decide(glance: Glance, context: RequestContext): HttpReply {
  const { status } = readMembers(context);
  if (status === undefined) throw new Refusal(400, "", "Status not specified");
  const { row, member } = requireMember(glance, context);
  if (context.actor.projectId !== member.id && !context.actor.isAdmin) throw notAllowed("update", row);
  if (status !== "pending" && status !== "accepted" && status !== "rejected")
    throw new Refusal(400, "", 'Incorrect request: Status must be "pending", "accepted" or "rejected".');
  Object.assign(member, { status, updatedMs: glance.cloud.kernel.nowMs });
  return json(200, view(row, member));
}

function remove(glance: Glance, context: RequestContext): HttpReply {
  const { row, member } = requireMember(glance, context);
  if (!controls(context.actor, row)) throw notAllowed("delete", row);
  row.members = row.members.filter((each) => each !== member);
  return empty(204);
}
