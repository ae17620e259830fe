import type { HttpRequest, Kernel, Random, SecretStream } from "../kernel/index.ts";
import { CATALOG, CATALOG_TYPES, type CatalogType } from "./catalog.ts";
import { type ComputeHost, hostsOf, zonesOf } from "./hosts.ts";
import type { IdentityOps } from "./operations/identity.ts";
import type { ImageOps } from "./operations/images.ts";
import type { PortOps } from "./operations/ports.ts";
import type { ServerOps } from "./operations/servers.ts";
import type { CloudProfile } from "./profiles.ts";
import type { VolumeOps } from "./operations/volumes.ts";

/*
 * How the services of one cloud are connected. Each service is a folder with `createX(cloud): X`, where X holds its `Service`
 * and, if other services need them, its operations. `createOpenStack` (index.ts) makes the `Cloud`, then Keystone, then the rest, and
 * puts their operations into `cloud.ports`, `cloud.volumes`, `cloud.images`, `cloud.servers`.
 *
 * - A service defines its API with `openStackService` (service.ts): authentication, request ids, error bodies.
 * - A handler gets a `RequestContext`: `actor` (project, user, roles), `request`, `query`, `requestId`, `origin` for links.
 *   It throws `Refusal(status, type, message)` (refusal.ts) to fail; the service's wire makes the body of it.
 * - State lives in a kernel slot per service (`kernel.slot("neutron", …)`), indexed by id and by what is looked up.
 * - Ids: `cloud.uuid("neutron")`, `cloud.hex("keystone")`. Times: kernel ms in state, time.ts on reading.
 * - Work that takes time: `cloud.kernel.timer(cloud.kernel.work(ms), kind, data)`, plain data.
 * - Calls from one service to another inside the world go through the interfaces of `operations/`, never over HTTP. They throw `Refusal` as the called service would answer (same status, type, message); the caller rewords it if the real one does.
 * - Each state change is one `kernel.record(service, "port.create", id, {…})`.
 */

export {
  CATALOG,
  CATALOG_TYPES,
  type CatalogType,
  isCatalogType,
  isSimulatedType,
  type ServiceName,
} from "./catalog.ts";
export type { CloudProfile } from "./profiles.ts";
export { type Actor, controls, type IdentityOps } from "./operations/identity.ts";
export type { ImageOps, ImageView } from "./operations/images.ts";
export type {
  FloatingIpView,
  NetworkView,
  PortOps,
  PortRequest,
  PortView,
  ProxiedOps,
  SecurityGroupView,
} from "./operations/ports.ts";
export type { ServerOps } from "./operations/servers.ts";
export type { VolumeOps, VolumeView } from "./operations/volumes.ts";

/** The options of a cloud. */
export interface OpenStackOptions {
  /** The first administrator, of domain `default`. Default admin, secret, admin. */
  readonly admin?: { readonly user: string; readonly password: string; readonly project: string };
  /** Default `RegionOne`. */
  readonly region?: string;
  /**
   * Root URLs without version or trailing slash (`http://127.0.0.1:8774`). Those not given are built from the address that the client used and the
   * usual port.
   */
  readonly endpoints?: Partial<Record<CatalogType, string>>;
  /** Availability zones, the first is the default. Default `["nova", "nova-2"]`, with the profile `rig` `["nova"]`. */
  readonly zones?: readonly string[];
  /** Default `agents`. */
  readonly profile?: CloudProfile;
  /** Default quotas; what is left out is as in docs/discoveries/openstack.md, "Quotas". −1 is unlimited. */
  readonly quotas?: Readonly<Record<string, number>>;
}

/** One cloud under construction; complete once `createOpenStack` returns. */
export interface Cloud {
  readonly kernel: Kernel;
  readonly region: string;
  readonly zones: readonly string[];
  /** The machines that run servers, in all zones. */
  readonly hosts: readonly ComputeHost[];
  readonly profile: CloudProfile;
  /** When the cloud was made, kernel ms: its machines have been up since. */
  readonly bootMs: number;
  readonly admin: { readonly user: string; readonly password: string; readonly project: string };
  /** A default quota: the option's, or `fallback`. */
  quota(resource: string, fallback: number): number;
  /** The root URL of a service for the sender of `request`. */
  root(type: CatalogType, request: Pick<HttpRequest, "origin">): string;
  /** Fixes the root URL of a service once its port is known. */
  readonly setEndpoint: (type: CatalogType, url: string) => void;
  /** New ids, from the service's own random stream. */
  uuid(service: string): string;
  hex(service: string): string;
  random(service: string): Random;
  /** New passwords, keys and tokens, from the service's own stream of secrets. */
  secrets(service: string): SecretStream;
  identity: IdentityOps;
  ports: PortOps;
  volumes: VolumeOps;
  images: ImageOps;
  servers: ServerOps;
}

const absent = (what: string): never => {
  throw new Error(`openstack: ${what} is not part of this cloud`);
};

/** A placeholder that throws when it is used: until the service has been made, or in a cloud without it. */
const missing = <T extends object>(what: string): T =>
  new Proxy({} as T, { get: () => absent(what), set: () => absent(what) });

/** A cloud that still lacks its services. */
export function createCloud(kernel: Kernel, options: OpenStackOptions = {}): Cloud {
  const endpoints = new Map(
    CATALOG_TYPES.flatMap((type) => {
      const url = options.endpoints?.[type];
      return url === undefined ? [] : [[type, url] as const];
    }),
  );
  const quotas = options.quotas ?? {};
  const profile = options.profile ?? "agents";
  const zones = options.zones ?? zonesOf(profile);
  return {
    kernel,
    region: options.region ?? "RegionOne",
    zones,
    bootMs: kernel.nowMs,
    hosts: hostsOf(profile, zones),
    profile,
    admin: options.admin ?? { user: "admin", password: "secret", project: "admin" },
    quota: (resource, fallback) => quotas[resource] ?? fallback,
    root: (type, request) => endpoints.get(type) ?? beside(request.origin, CATALOG[type].port),
    setEndpoint: (type, url) => {
      endpoints.set(type, url.replace(/\/+$/, ""));
    },
    uuid: (service) => kernel.random(`openstack/${service}`).uuid(),
    hex: (service) => kernel.random(`openstack/${service}`).hex(32),
    random: (service) => kernel.random(`openstack/${service}`),
    secrets: (service) => kernel.secrets(`openstack/${service}`),
    identity: missing("keystone"),
    ports: missing("neutron"),
    volumes: missing("cinder"),
    images: missing("glance"),
    servers: missing("nova"),
  };
}

/** The URL of the host that the client used, with another port. */
function beside(origin: string, port: number): string {
  const match = /^(https?:\/\/(?:\[[^\]]*\]|[^:/]+))/.exec(origin);
  return `${match?.[1] ?? "http://127.0.0.1"}:${port}`;
}
