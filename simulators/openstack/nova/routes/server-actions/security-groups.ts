import type { HttpReply } from "../../../../kernel/index.ts";
import type { Server } from "../../state/server.ts";
import { badRequest, notFound, unexpectedError } from "../../wire/errors.ts";
import { emptyReply } from "../../wire/replies.ts";
import type { NovaCall } from "../../wire/request.ts";
import type { ServerActions } from "./action.ts";

/** The name in the body, which may also be an id. @throws Refusal 400, 404 */
function requireNamedGroup(call: NovaCall, body: unknown): { readonly id: string; readonly asked: string } {
  if (typeof body !== "object" || body === null) throw badRequest("Missing parameter dict");
  const name = "name" in body ? body.name : undefined;
  if (name === undefined || name === null) throw badRequest("Security group not specified");
  if (typeof name !== "string") throw unexpectedError("AttributeError");
  if (name.trim() === "") throw badRequest("Security group name cannot be empty");
  const group = call.nova.cloud.ports.securityGroup(call.actor, name);
  if (group === undefined) throw notFound(`Security group ${name} is not found for project ${call.actor.projectId}`);
  return { id: group.id, asked: name };
}

function addGroup(call: NovaCall, server: Server, body: unknown): HttpReply {
  const group = requireNamedGroup(call, body);
  const { ports } = call.nova.cloud;
  for (const { portId } of server.nics) {
    const ids = ports.groupIdsOf(portId);
    if (ids.includes(group.id))
      throw badRequest(
        `Invalid input for security_groups. Reason: Duplicate items in the list: '${group.id}'.\nNeutron server returns request_ids: ['${call.requestId}']`,
      );
    ports.setSecurityGroups(portId, [...ids, group.id]);
  }
  return emptyReply(202);
}

function removeGroup(call: NovaCall, server: Server, body: unknown): HttpReply {
  const group = requireNamedGroup(call, body);
  const { ports } = call.nova.cloud;
  const holders = server.nics.filter(({ portId }) => ports.groupIdsOf(portId).includes(group.id));
  if (holders.length === 0)
    throw notFound(`Security group ${group.asked} not associated with the instance ${server.id}`);
  for (const { portId } of holders)
    ports.setSecurityGroups(
      portId,
      ports.groupIdsOf(portId).filter((id) => id !== group.id),
    );
  return emptyReply(202);
}

/** Changes the security groups of all ports of a server. */
export const SECURITY_GROUP_ACTIONS: ServerActions = {
  addSecurityGroup: { run: addGroup, ignoresLock: true },
  removeSecurityGroup: { run: removeGroup, ignoresLock: true },
};
