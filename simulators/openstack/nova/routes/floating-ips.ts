import type { HttpReply } from "../../../kernel/index.ts";
import type { FloatingIpView } from "../../cloud.ts";
import { readBody } from "../wire/body.ts";
import { notFound } from "../wire/errors.ts";
import { emptyReply, HTML_TYPE, ok } from "../wire/replies.ts";
import type { NovaCall } from "../wire/request.ts";
import { type NovaRoute, proxyRoute } from "../wire/route.ts";

const floatingIpView = ({ id, ip, network, fixedIp, deviceId }: FloatingIpView): object => ({
  id,
  ip,
  pool: network,
  fixed_ip: fixedIp,
  instance_id: deviceId === "" ? null : deviceId,
});

const floatingIps = (call: NovaCall): readonly FloatingIpView[] => call.nova.cloud.ports.floatingIps(call.actor);

/** @throws Refusal 404 */
function requireFloatingIp(call: NovaCall): FloatingIpView {
  const found = floatingIps(call).find(({ id }) => id === call.params.id);
  if (found === undefined) throw notFound(`Floating IP not found for ID ${call.params.id}`);
  return found;
}

/** The pool that the body names, if any. @throws Refusal 400, 415 */
function readPool(call: NovaCall): unknown {
  const body = readBody(call);
  return typeof body === "object" && body !== null && "pool" in body ? body.pool : undefined;
}

/** Takes an address from the named pool, or from the first. */
function allocate(call: NovaCall): HttpReply {
  const wantedPool = readPool(call);
  const { ports } = call.nova.cloud;
  const pools = ports.externalNetworks(call.actor);
  const pool = wantedPool == null ? pools[0] : pools.find(({ id, name }) => name === wantedPool || id === wantedPool);
  if (pool === undefined)
    throw notFound(wantedPool == null ? "No floating IP pools available." : `Floating IP pool not found.`);
  return ok({ floating_ip: floatingIpView(ports.proxied.allocate(call.actor, pool.id)) });
}

function release(call: NovaCall): HttpReply {
  call.nova.cloud.ports.proxied.release(call.actor, requireFloatingIp(call).id);
  return emptyReply(202, HTML_TYPE);
}

/** Routes of the API reference, "Floating IPs (os-floating-ips)". Neutron's, until 2.35. */
export const FLOATING_IP_ROUTES: readonly NovaRoute[] = [
  proxyRoute("GET", "/os-floating-ips", (call) => ok({ floating_ips: floatingIps(call).map(floatingIpView) })),
  proxyRoute("POST", "/os-floating-ips", allocate),
  proxyRoute("GET", "/os-floating-ips/:id", (call) => ok({ floating_ip: floatingIpView(requireFloatingIp(call)) })),
  proxyRoute("DELETE", "/os-floating-ips/:id", release),
  proxyRoute("GET", "/os-floating-ip-pools", (call) =>
    ok({ floating_ip_pools: call.nova.cloud.ports.externalNetworks(call.actor).map(({ name }) => ({ name })) }),
  ),
];
