import type { HttpReply } from "../../../../kernel/index.ts";
import { Refusal } from "../../../common/refusal.ts";
import { startFixedIp } from "../../behaviour/interfaces.ts";
import type { Server } from "../../state/server.ts";
import { badRequest, conflict, notFound } from "../../wire/errors.ts";
import { emptyReply } from "../../wire/replies.ts";
import type { NovaCall } from "../../wire/request.ts";
import type { ActionBody, ServerActions } from "./action.ts";

function associateFloatingIp(
  call: NovaCall,
  server: Server,
  { address, fixed_address: fixed }: ActionBody,
  isAdding: boolean,
): HttpReply {
  const { ports } = call.nova.cloud;
  const [port] = ports.portsOf(server.id);
  const known = ports.floatingIps(call.actor).find(({ ip }) => ip === address);
  if (isAdding && port === undefined) throw badRequest("No fixed IPs associated to instance");
  if (known === undefined)
    throw notFound(isAdding ? "floating IP not found" : `Floating IP not found for address ${String(address)}.`);
  if (!isAdding && known.deviceId !== server.id)
    throw conflict(`Floating IP ${String(address)} is not associated with instance ${server.id}.`);
  try {
    ports.associateFloatingIp(
      call.actor,
      String(address),
      isAdding ? (port?.id ?? "") : null,
      fixed as string | undefined,
    );
  } catch (error) {
    if (error instanceof Refusal && error.status === 409) throw badRequest(error.message);
    throw error;
  }
  return emptyReply(202);
}

/** The last microversion with the actions on addresses. */
const LAST_ADDRESS_ACTION = 43;

export const ADDRESS_ACTIONS: ServerActions = {
  addFloatingIp: {
    to: LAST_ADDRESS_ACTION,
    ignoresLock: true,
    run: (call, server, body) => associateFloatingIp(call, server, body, true),
  },
  removeFloatingIp: {
    to: LAST_ADDRESS_ACTION,
    ignoresLock: true,
    run: (call, server, body) => associateFloatingIp(call, server, body, false),
  },
  addFixedIp: { to: LAST_ADDRESS_ACTION, run: addFixedIp },
  removeFixedIp: { to: LAST_ADDRESS_ACTION, run: removeFixedIp },
};

function addFixedIp(call: NovaCall, server: Server, { networkId }: ActionBody): HttpReply {
  startFixedIp(call.nova, { serverId: server.id, networkId: String(networkId), address: "" });
  return emptyReply(202);
}

function removeFixedIp(call: NovaCall, server: Server, { address }: ActionBody): HttpReply {
  startFixedIp(call.nova, { serverId: server.id, networkId: "", address: String(address) });
  return emptyReply(202);
}
