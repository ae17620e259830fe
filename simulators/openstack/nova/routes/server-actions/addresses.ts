import type { HttpReply } from "../../../../kernel/index.ts";
import { Refusal } from "../../../refusal.ts";
import { type FixedIpChange, startFixedIp } from "../../behaviour/interfaces.ts";
import type { Server } from "../../state/server.ts";
import { badRequest, conflict, notFound } from "../../wire/errors.ts";
import { emptyReply } from "../../wire/replies.ts";
import type { NovaCall } from "../../wire/request.ts";
import { objectSchema } from "../schemas/parts.ts";
import { type ServerActions, withBody } from "./action.ts";

const addSchema = () => objectSchema({ address: { type: "string" }, fixed_address: { type: "string" } }, ["address"]);
const removeSchema = () => objectSchema({ address: { type: "string" } }, ["address"]);
const fixedIpSchema = () => objectSchema({ networkId: { type: ["string", "integer"], minLength: 1 } }, ["networkId"]);

interface WantedAddress {
  readonly address: string;
  readonly fixed_address?: string;
}

function associateFloatingIp(
  call: NovaCall,
  server: Server,
  { address, fixed_address: fixedIp }: WantedAddress,
  isAdding: boolean,
): HttpReply {
  const { ports } = call.nova.cloud;
  const [port] = ports.portsOf(server.id);
  const known = ports.floatingIps(call.actor).find(({ ip }) => ip === address);
  if (isAdding && port === undefined) throw badRequest("No fixed IPs associated to instance");
  if (known === undefined)
    throw notFound(isAdding ? "floating IP not found" : `Floating IP not found for address ${address}.`);
  if (!isAdding && known.deviceId !== server.id)
    throw conflict(`Floating IP ${address} is not associated with instance ${server.id}.`);
  try {
    ports.associateFloatingIp(call.actor, address, isAdding ? (port?.id ?? "") : null, fixedIp);
  } catch (error) {
    if (error instanceof Refusal && error.status === 409) throw badRequest(error.message);
    throw error;
  }
  return emptyReply(202);
}

/** The last microversion with the actions on addresses. */
const LAST_ADDRESS_ACTION = 43;

/** Floating and fixed addresses, until 2.43. */
export const ADDRESS_ACTIONS: ServerActions = {
  addFloatingIp: {
    to: LAST_ADDRESS_ACTION,
    ignoresLock: true,
    ...withBody(addSchema, (call, server, body) => associateFloatingIp(call, server, body, true)),
  },
  removeFloatingIp: {
    to: LAST_ADDRESS_ACTION,
    ignoresLock: true,
    ...withBody(removeSchema, (call, server, body) => associateFloatingIp(call, server, body, false)),
  },
  addFixedIp: {
    to: LAST_ADDRESS_ACTION,
    ...withBody(fixedIpSchema, (call, server, { networkId }) =>
      changeFixedIps(call, { serverId: server.id, networkId: String(networkId), address: "" }),
    ),
  },
  removeFixedIp: {
    to: LAST_ADDRESS_ACTION,
    ...withBody(removeSchema, (call, server, { address }) =>
      changeFixedIps(call, { serverId: server.id, networkId: "", address }),
    ),
  },
};

function changeFixedIps(call: NovaCall, change: FixedIpChange): HttpReply {
  startFixedIp(call.nova, change);
  return emptyReply(202);
}
