import type { HttpReply } from "../../../kernel/index.ts";
import { notFound } from "../wire/errors.ts";
import { ok } from "../wire/replies.ts";
import type { NovaCall } from "../wire/request.ts";
import type { NovaRoute } from "../wire/route.ts";
import { addressesOf } from "../wire/server-addresses.ts";
import { SERVER_PATH } from "./servers.ts";
import { requireServer } from "./servers/require-server.ts";

function showNetworkAddresses(call: NovaCall): HttpReply {
  const { network = "" } = call.params;
  const addresses = addressesOf(call, requireServer(call), false)[network];
  if (addresses === undefined) throw notFound("Instance is not a member of specified network");
  return ok({ [network]: addresses });
}

/** Routes of the API reference, "Servers IPs". */
export const SERVER_IP_ROUTES: readonly NovaRoute[] = [
  {
    method: "GET",
    path: `${SERVER_PATH}/ips`,
    clients: ["openstack"],
    handler: (call) => ok({ addresses: addressesOf(call, requireServer(call), false) }),
  },
  { method: "GET", path: `${SERVER_PATH}/ips/:network`, handler: showNetworkAddresses },
];
