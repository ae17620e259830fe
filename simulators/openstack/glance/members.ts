import { empty, json } from "../../kernel/index.ts";
import { Refusal } from "../refusal.ts";
import type { Context, OpenStackRoute } from "../service.ts";
import { isoSeconds } from "../time.ts";
import { type Glance, type ImageRow, imageOf, type MemberRow, owns } from "./state.ts";
import { bodyOf } from "./style.ts";

const view = (row: ImageRow, member: MemberRow): object => ({
  member_id: member.id,
  image_id: row.id,
  status: member.status,
  created_at: isoSeconds(member.createdMs),
  updated_at: isoSeconds(member.updatedMs),
  schema: "/v2/schemas/member",
});

const refuse = (verb: string, { id }: ImageRow): Refusal =>
  new Refusal(403, "", `Not allowed to ${verb} members for image ${id}.`);

/** Owners see all members, a member sees itself. @throws Refusal 404 */
function memberIn(glance: Glance, { actor, params }: Context): { readonly row: ImageRow; readonly member: MemberRow } {
  const row = imageOf(glance, actor, params.id ?? "");
  const isVisible = owns(actor, row) || params.member === actor.projectId;
  const member = isVisible ? row.members.find(({ id }) => id === params.member) : undefined;
  if (member === undefined)
    throw new Refusal(404, "", `${params.member} not found in the member list of the image ${row.id}.`);
  return { row, member };
}

function add(glance: Glance, context: Context): ReturnType<OpenStackRoute["handler"]> {
  const { member: id } = bodyOf(context) as { member?: string };
  if (id === undefined) throw new Refusal(400, "", "Member to be added not specified");
  if (id === "") throw new Refusal(400, "", "Member can't be empty");
  const row = imageOf(glance, context.actor, context.params.id ?? "");
  if (!owns(context.actor, row) || row.visibility !== "shared") throw refuse("create", row);
  if (row.members.some((member) => member.id === id))
    throw new Refusal(409, "", `Member ${id} is duplicated for image ${row.id}`);
  const nowMs = glance.cloud.kernel.nowMs;
  const member: MemberRow = { id, status: "pending", createdMs: nowMs, updatedMs: nowMs };
  row.members = [...row.members, member];
  glance.cloud.kernel.record("glance", "member.create", row.id, { member: id });
  return json(200, view(row, member));
}

function list(glance: Glance, { actor, params }: Context): ReturnType<OpenStackRoute["handler"]> {
  const row = imageOf(glance, actor, params.id ?? "");
  if (row.visibility !== "shared")
    throw new Refusal(403, "", `Not allowed to list members for image ${row.id}: Only shared images have members.`);
  const shown = owns(actor, row) ? row.members : row.members.filter(({ id }) => id === actor.projectId);
  return json(200, { members: shown.map((member) => view(row, member)), schema: "/v2/schemas/members" });
}

/** Whether it takes the image is the member's own decision. */
function decide(glance: Glance, context: Context): ReturnType<OpenStackRoute["handler"]> {
  const { status } = bodyOf(context) as { status?: unknown };
  if (status === undefined) throw new Refusal(400, "", "Status not specified");
  const { row, member } = memberIn(glance, context);
  if (context.actor.projectId !== member.id && !context.actor.isAdmin) throw refuse("update", row);
  if (status !== "pending" && status !== "accepted" && status !== "rejected")
    throw new Refusal(400, "", 'Incorrect request: Status must be "pending", "accepted" or "rejected".');
  Object.assign(member, { status, updatedMs: glance.cloud.kernel.nowMs });
  return json(200, view(row, member));
}

function remove(glance: Glance, context: Context): ReturnType<OpenStackRoute["handler"]> {
  const { row, member } = memberIn(glance, context);
  if (!owns(context.actor, row)) throw refuse("delete", row);
  row.members = row.members.filter((each) => each !== member);
  return empty(204);
}

const path = "/v2/images/:id/members";

export const memberRoutes = (glance: Glance): readonly OpenStackRoute[] => [
  { method: "GET", path, clients: ["openstack"], handler: (context) => list(glance, context) },
  { method: "POST", path, clients: ["openstack"], handler: (context) => add(glance, context) },
  {
    method: "GET",
    path: `${path}/:member`,
    handler: (context) => {
      const { row, member } = memberIn(glance, context);
      return json(200, view(row, member));
    },
  },
  { method: "PUT", path: `${path}/:member`, clients: ["openstack"], handler: (context) => decide(glance, context) },
  { method: "DELETE", path: `${path}/:member`, clients: ["openstack"], handler: (context) => remove(glance, context) },
];
