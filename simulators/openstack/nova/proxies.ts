import type { FloatingIpView, NetworkView } from "../cloud.ts";
import { Refusal } from "../refusal.ts";
import { admin, type Call, NO_JSON, type NovaRoute, nothing, notFound, ok, readBody } from "./call.ts";
import { HOST } from "./state.ts";
import { OLD_GROUP_ROUTES } from "./old-groups.ts";
import { OLD_IMAGE_ROUTES } from "./old-images.ts";

/*
 * What Nova once did for its neighbours: gone since 2.36 (images' metadata since 2.39), and what is gone at every microversion.
 */

const LAST = 35;

const gone = (): never => {
  throw new Refusal(410, "computeFault", "This resource is no longer available. No forwarding address is given.");
};

const GONE = [
  "/os-fping",
  "/os-cells",
  "/os-agents",
  "/os-fixed-ips/:ip",
  "/os-cloudpipe",
  "/os-networks/:id/associate",
  "/servers/:id/os-virtual-interfaces",
];

const floatingIpView = ({ id, ip, network, fixedIp, deviceId }: FloatingIpView): object => ({
  id,
  ip,
  pool: network,
  fixed_ip: fixedIp,
  instance_id: deviceId === "" ? null : deviceId,
});

const floatingIps = (call: Call): readonly FloatingIpView[] => call.nova.cloud.ports.floatingIps(call.actor);

/** @throws Refusal 404 */
function floatingIpOf(call: Call): FloatingIpView {
  const found = floatingIps(call).find(({ id }) => id === call.params.id);
  if (found === undefined) throw notFound(`Floating IP not found for ID ${call.params.id}`);
  return found;
}

/** Takes an address of the pool that is named, or of the first. */
function allocate(call: Call): ReturnType<NovaRoute["handler"]> {
  const body = call.context.request.body === undefined ? {} : (Object(readBody(call)) as { readonly pool?: unknown });
  const { ports } = call.nova.cloud;
  const pools = ports.externalNetworks(call.actor);
  const pool = body.pool == null ? pools[0] : pools.find(({ id, name }) => name === body.pool || id === body.pool);
  if (pool === undefined)
    throw notFound(body.pool == null ? "No floating IP pools available." : `Floating IP pool not found.`);
  return ok({ floating_ip: floatingIpView(ports.proxied.allocate(call.actor, pool.id)) });
}

/** Volumes are Cinder's; whoever has some must ask there. */
const none = (member: string, count: (call: Call) => number) => (call: Call) => {
  if (count(call) > 0) throw new Refusal(501, "notImplemented", `not simulated: ${member} through Nova; ask Cinder`);
  return ok({ [member]: [] });
};

const networks = ({ nova, actor }: Call): readonly NetworkView[] => nova.cloud.ports.networksFor(actor);

const networkView = ({ id, name }: NetworkView): object => ({ id, label: name, cidr: "None" });

const refused = (what: string) => (): never => {
  throw new Refusal(501, "notImplemented", `not simulated: ${what}`);
};

const get = (path: string, handler: NovaRoute["handler"]): NovaRoute => ({ method: "GET", path, to: LAST, handler });

function unmodelledHost(call: Call): never {
  admin(call, "os-hosts:show");
  if (call.params.host !== HOST) throw notFound(`Compute host ${call.params.host} could not be found.`);
  return refused("hosts one by one")();
}

export const PROXY_ROUTES: readonly NovaRoute[] = [
  ...GONE.map((path): NovaRoute => ({ method: "GET", path, handler: gone })),
  ...OLD_IMAGE_ROUTES,
  get("/os-floating-ips", (call) => ok({ floating_ips: floatingIps(call).map(floatingIpView) })),
  { ...get("/os-floating-ips", allocate), method: "POST" },
  get("/os-floating-ips/:id", (call) => ok({ floating_ip: floatingIpView(floatingIpOf(call)) })),
  {
    ...get("/os-floating-ips/:id", (call) => {
      call.nova.cloud.ports.proxied.release(call.actor, floatingIpOf(call).id);
      return nothing(202, NO_JSON);
    }),
    method: "DELETE",
  },
  get("/os-floating-ip-pools", (call) =>
    ok({ floating_ip_pools: call.nova.cloud.ports.externalNetworks(call.actor).map(({ name }) => ({ name })) }),
  ),
  ...OLD_GROUP_ROUTES,
  ...["/os-networks", "/os-tenant-networks"].flatMap((path) => [
    get(path, (call) => ok({ networks: networks(call).map(networkView) })),
    get(`${path}/:id`, (call) => {
      const network = call.nova.cloud.ports.network(call.actor, call.params.id ?? "");
      if (network === undefined) throw notFound(`Network not found.`);
      return ok({ network: networkView(network) });
    }),
  ]),
  get(
    "/os-volumes",
    none("volumes", ({ nova, actor }) => nova.cloud.volumes.counts(actor).volumes),
  ),
  get(
    "/os-snapshots",
    none("snapshots", ({ nova, actor }) => nova.cloud.volumes.counts(actor).snapshots),
  ),
  { ...get("/os-volumes", refused("volumes through Nova; ask Cinder")), method: "POST" },
  { ...get("/os-snapshots", refused("snapshots through Nova; ask Cinder")), method: "POST" },
  { method: "POST", path: "/os-assisted-volume-snapshots", handler: refused("assisted snapshots") },
  { method: "POST", path: "/os-server-external-events", handler: refused("events from other services over HTTP") },
  get("/os-instance_usage_audit_log", refused("the audit log of usage")),
  get("/os-instance_usage_audit_log/:before", refused("the audit log of usage")),
  ...["", "/startup", "/shutdown", "/reboot"].map((end) => get(`/os-hosts/:host${end}`, unmodelledHost)),
  { ...get("/os-hosts/:host", unmodelledHost), method: "PUT" },
  {
    method: "GET",
    path: "/os-hosts",
    to: 42,
    handler: (call) => {
      admin(call, "os-hosts:list");
      const [zone] = call.nova.cloud.zones;
      const isWanted = !call.query.get("zone") || call.query.get("zone") === zone;
      return ok({ hosts: isWanted ? [{ host_name: HOST, service: "compute", zone }] : [] });
    },
  },
];
