import type { FloatingIpView, ImageView } from "../cloud.ts";
import { Refusal } from "../common/refusal.ts";
import { isoSeconds } from "../common/time.ts";
import { admin, type Call, links, NO_JSON, type NovaRoute, nothing, notFound, ok, readBody } from "./call.ts";
import { OLD_GROUP_ROUTES } from "./old-groups.ts";

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

const STATUSES: Readonly<Record<string, string>> = { queued: "SAVING", saving: "SAVING", active: "ACTIVE" };

const imageView = (call: Call, image: ImageView): object => ({
  id: image.id,
  name: image.name,
  links: links(call, "images", image.id),
  status: STATUSES[image.status] ?? "UNKNOWN",
  progress: image.status === "active" ? 100 : 25,
  created: isoSeconds(image.createdMs),
  updated: isoSeconds(image.updatedMs),
  minDisk: image.minDiskGb,
  minRam: image.minRamMb,
  metadata: image.properties,
  "OS-EXT-IMG-SIZE:size": image.sizeBytes,
});

function imageOf(call: Call): ImageView {
  const image = call.nova.cloud.images.image(call.actor, call.params.id ?? "");
  if (image === undefined) throw notFound("Image not found.");
  return image;
}

const images = ({ nova, actor }: Call): readonly ImageView[] => nova.cloud.images.images(actor);

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

const networks = ({ nova, actor }: Call): object[] =>
  nova.cloud.ports.networksFor(actor).map(({ id, name }) => ({ id, label: name, cidr: "None" }));

const get = (path: string, handler: NovaRoute["handler"]): NovaRoute => ({ method: "GET", path, to: LAST, handler });

export const PROXY_ROUTES: readonly NovaRoute[] = [
  ...GONE.map((path): NovaRoute => ({ method: "GET", path, handler: gone })),
  get("/images", (call) =>
    ok({ images: images(call).map(({ id, name }) => ({ id, name, links: links(call, "images", id) })) }),
  ),
  get("/images/detail", (call) => ok({ images: images(call).map((image) => imageView(call, image)) })),
  get("/images/:id", (call) => ok({ image: imageView(call, imageOf(call)) })),
  { ...get("/images/:id/metadata", (call) => ok({ metadata: imageOf(call).properties })), to: 38 },
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
  get("/os-networks", (call) => ok({ networks: networks(call) })),
  get("/os-tenant-networks", (call) => ok({ networks: networks(call) })),
  get(
    "/os-volumes",
    none("volumes", ({ nova, actor }) => nova.cloud.volumes.counts(actor).volumes),
  ),
  get(
    "/os-snapshots",
    none("snapshots", ({ nova, actor }) => nova.cloud.volumes.counts(actor).snapshots),
  ),
  {
    method: "GET",
    path: "/os-hosts",
    to: 42,
    handler: (call) => {
      admin(call, "os-hosts:list");
      return ok({ hosts: [{ host_name: "ref", service: "compute", zone: call.nova.cloud.zones[0] }] });
    },
  },
];
