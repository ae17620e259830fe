import type { HttpReply } from "../../../kernel/index.ts";
import type { NetworkView } from "../../cloud.ts";
import { notFound } from "../wire/errors.ts";
import { ok } from "../wire/replies.ts";
import type { NovaCall } from "../wire/request.ts";
import { type NovaRoute, proxyRoute } from "../wire/route.ts";

const networks = ({ nova, actor }: NovaCall): readonly NetworkView[] => nova.cloud.ports.networksFor(actor);

const networkView = ({ id, name }: NetworkView): object => ({ id, label: name, cidr: "None" });

function showNetwork(call: NovaCall): HttpReply {
  const network = call.nova.cloud.ports.network(call.actor, call.params.id ?? "");
  if (network === undefined) throw notFound(`Network not found.`);
  return ok({ network: networkView(network) });
}

/** Routes of the API reference, "Networks (os-networks)". Neutron's, until 2.35. */
export const NETWORK_ROUTES: readonly NovaRoute[] = ["/os-networks", "/os-tenant-networks"].flatMap((path) => [
  proxyRoute("GET", path, (call) => ok({ networks: networks(call).map(networkView) })),
  proxyRoute("GET", `${path}/:id`, showNetwork),
]);
