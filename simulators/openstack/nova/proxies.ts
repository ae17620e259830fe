import type { ImageView } from "../cloud.ts";
import { Refusal } from "../common/refusal.ts";
import { isoSeconds } from "../common/time.ts";
import { admin, type Call, links, type NovaRoute, notFound, ok } from "./call.ts";
import { oldGroupView } from "./surfaces.ts";

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

const floatingIps = (call: Call): object[] =>
  call.nova.cloud.ports.floatingIps(call.actor).map(({ id, ip, network, fixedIp, deviceId }) => ({
    id,
    ip,
    pool: network,
    fixed_ip: fixedIp,
    instance_id: deviceId === "" ? null : deviceId,
  }));

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
  get("/os-floating-ips", (call) => ok({ floating_ips: floatingIps(call) })),
  get("/os-floating-ip-pools", (call) =>
    ok({ floating_ip_pools: call.nova.cloud.ports.externalNetworks(call.actor).map(({ name }) => ({ name })) }),
  ),
  get("/os-security-groups", (call) =>
    ok({
      security_groups: call.nova.cloud.ports.securityGroups(call.actor).map((group) => oldGroupView(call, group)),
    }),
  ),
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
