import type { HttpRequest, Kernel, Random, SecretStream } from "../kernel/index.ts";

/*
 * CONTRACT: how the services of one cloud meet. Each service is a folder with `createX(cloud): X`, where X holds its `Service`
 * and, if neighbours need it, its operations. `createOpenStack` (index.ts) makes the `Cloud`, then Keystone, then the rest, and
 * puts their operations into `cloud.ports`, `cloud.volumes`, `cloud.images`, `cloud.servers`.
 *
 * - A service defines its API with `openStackService` (service.ts): authentication, request ids, error bodies.
 * - A handler gets a `Context`: `actor` (project, user, roles), `request`, `query`, `requestId`, `origin` for links.
 *   It throws `Refusal(status, type, message)` (refusal.ts) to fail; the service's style makes the body of it.
 * - State lives in a kernel slot per service (`kernel.slot("neutron", …)`), indexed by id and by what is looked up.
 * - Ids: `cloud.uuid("neutron")`, `cloud.hex("keystone")`. Times: kernel ms in state, time.ts on reading.
 * - Work that takes time: `cloud.kernel.timer(cloud.kernel.work(ms), kind, data)`, plain data.
 * - What one service asks of another inside the world goes through the interfaces below, never over HTTP. They throw `Refusal`
 *   as the asked service would answer (same status, type, message); the asking service rewords it where the real one does.
 * - Each state change is one `kernel.record(service, "port.create", id, {…})`.
 */

/** The services that have routes of their own. */
export type ServiceName = "keystone" | "nova" | "neutron" | "cinder" | "glance" | "swift" | "designate";

/** Types of the catalog, with the usual port, and the path behind the endpoint's root (docs/discoveries/openstack.md, "What differs per service"). */
export const CATALOG = {
  identity: { name: "keystone", port: 5000, path: "/v3" },
  compute: { name: "nova", port: 8774, path: "/v2.1" },
  volumev3: { name: "cinder", port: 8776, path: "/v3/$(project_id)s" },
  network: { name: "neutron", port: 9696, path: "" },
  image: { name: "glance", port: 9292, path: "" },
  "object-store": { name: "swift", port: 8080, path: "/v1/AUTH_$(project_id)s" },
  dns: { name: "designate", port: 9001, path: "" },
  placement: { name: "placement", port: 8778, path: "" },
  "load-balancer": { name: "octavia", port: 9876, path: "" },
} as const;
export type CatalogType = keyof typeof CATALOG;

/** Is it one of the catalog's own types? */
export const isCatalogType = (type: string): type is CatalogType => Object.hasOwn(CATALOG, type);

export const CATALOG_TYPES: readonly CatalogType[] = Object.keys(CATALOG).filter(isCatalogType);

export interface OpenStackOptions {
  /** The first administrator, of domain `default`. Default admin, secret, admin. */
  readonly admin?: { readonly user: string; readonly password: string; readonly project: string };
  /** Default `RegionOne`. */
  readonly region?: string;
  /** Root URLs without version or trailing slash (`http://127.0.0.1:8774`). Those not given are built from the address that the client used and the usual port. */
  readonly endpoints?: Partial<Record<CatalogType, string>>;
  /** Availability zones of Nova and Cinder, the first is the default. Default `["nova"]`. */
  readonly zones?: readonly string[];
  /** Default quotas; what is left out is as in docs/discoveries/openstack.md, "Quotas". −1 is unlimited. */
  readonly quotas?: Readonly<Record<string, number>>;
}

/** Who calls: what the token says, with the roles that hold at this moment (implied ones included). */
export interface Actor {
  readonly token: string;
  readonly userId: string;
  readonly userName: string;
  readonly userDomainId: string;
  /** Empty when the token is unscoped or scoped to a domain. */
  readonly projectId: string;
  readonly projectName: string;
  readonly projectDomainId: string;
  /** Empty unless the token is scoped to a domain. */
  readonly domainId: string;
  readonly roles: readonly string[];
  readonly isAdmin: boolean;
}

/** A port as Nova needs it. */
export interface PortView {
  readonly id: string;
  readonly networkId: string;
  readonly networkName: string;
  readonly projectId: string;
  readonly mac: string;
  /** ACTIVE or DOWN. */
  readonly status: string;
  readonly deviceId: string;
  readonly fixedIps: readonly { readonly subnetId: string; readonly ip: string; readonly version: 4 | 6 }[];
  /** Floating addresses, with the fixed address that each stands for. */
  readonly floatingIps: readonly { readonly ip: string; readonly fixedIp: string }[];
  /** Names of its security groups, in order. */
  readonly securityGroups: readonly string[];
}

export interface NetworkView {
  readonly id: string;
  readonly name: string;
  readonly projectId: string;
  readonly external: boolean;
  readonly shared: boolean;
  readonly subnets: readonly string[];
  readonly portSecurity: boolean;
}

/** A security group as Nova's old routes show it. */
export interface SecurityGroupView {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly rules: readonly {
    readonly id: string;
    readonly direction: "ingress" | "egress";
    readonly protocol: string | null;
    readonly portMin: number | null;
    readonly portMax: number | null;
    readonly remoteIpPrefix: string | null;
    /** Name of the group whose members it lets in. */
    readonly remoteGroup: string | null;
  }[];
}

export interface PortRequest {
  readonly projectId: string;
  readonly networkId: string;
  readonly fixedIp?: string;
  readonly name?: string;
  /** Ids; left out: the project's default group. */
  readonly securityGroupIds?: readonly string[];
  readonly deviceId: string;
  readonly deviceOwner: string;
  readonly hostId: string;
}

/** A floating address as Nova and Designate see it. */
export interface FloatingIpView {
  readonly id: string;
  readonly ip: string;
  /** Name of its network. */
  readonly network: string;
  readonly fixedIp: string | null;
  /** Empty where it points at nothing. */
  readonly deviceId: string;
}

/** What Nova's old routes (up to 2.35) change in Neutron for their clients. Each throws `Refusal` as Neutron's own API would. */
export interface ProxiedOps {
  createGroup(actor: Actor, group: { readonly name: string; readonly description: string }): SecurityGroupView;
  updateGroup(
    actor: Actor,
    id: string,
    group: { readonly name: string; readonly description: string },
  ): SecurityGroupView;
  deleteGroup(actor: Actor, id: string): void;
  /** A rule for incoming traffic; answers its id and the group with it. */
  createRule(
    actor: Actor,
    rule: {
      readonly groupId: string;
      readonly protocol: string | null;
      readonly portMin: number | null;
      readonly portMax: number | null;
      readonly cidr: string | null;
      readonly remoteGroupId: string | null;
    },
  ): { readonly id: string; readonly group: SecurityGroupView };
  deleteRule(actor: Actor, id: string): void;
  allocate(actor: Actor, networkId: string): FloatingIpView;
  release(actor: Actor, id: string): void;
}

/** What Neutron does for Nova (and for a floating address, Designate). */
export interface PortOps {
  readonly proxied: ProxiedOps;
  /** A network that the actor may see. */
  network(actor: Actor, networkId: string): NetworkView | undefined;
  /** Networks a server is put on when it names none: the project's own, else shared ones, without external ones. */
  networksFor(actor: Actor): readonly NetworkView[];
  /** By id or name, among those of the actor's project. @throws Refusal 409 when a name is not unique */
  securityGroup(actor: Actor, nameOrId: string): { readonly id: string; readonly name: string } | undefined;
  securityGroups(actor: Actor): readonly SecurityGroupView[];
  port(portId: string): PortView | undefined;
  /** Ids of the port's groups. */
  groupIdsOf(portId: string): readonly string[];
  /** The port that has this address on this network. */
  portAt(networkId: string, ip: string): PortView | undefined;
  /** Networks of floating addresses that the actor may use. */
  externalNetworks(actor: Actor): readonly NetworkView[];
  /** The actor's floating addresses. */
  floatingIps(actor: Actor): readonly FloatingIpView[];
  /** Ports whose device_id is this, in order of creation. Indexed. */
  portsOf(deviceId: string): readonly PortView[];
  /** How many ports the project may still create (Infinity: no limit). */
  portsLeft(projectId: string): number;
  /** Creates, binds and activates a port for a server. @throws Refusal as POST /ports */
  create(actor: Actor, request: PortRequest): PortView;
  /** Gives an existing port to a server. @throws Refusal */
  bind(portId: string, to: { readonly deviceId: string; readonly deviceOwner: string; readonly hostId: string }): void;
  /** Takes it away again: DOWN, no device. Nothing happens when it is gone. */
  unbind(portId: string): void;
  /** Deletes it, floating addresses let go. Nothing happens when it is gone. */
  remove(portId: string): void;
  /** Takes other addresses; one without `ip` is chosen from its subnet. @throws Refusal */
  setFixedIps(portId: string, wanted: readonly { readonly subnetId: string; readonly ip?: string }[]): void;
  setSecurityGroups(portId: string, groupIds: readonly string[]): void;
  /** Floating addresses by address (any project's for an admin), for Nova's old proxy actions. @throws Refusal */
  associateFloatingIp(actor: Actor, address: string, portId: string | null, fixedIp?: string): void;
}

/** A volume as Nova and Glance need it. */
export interface VolumeView {
  readonly id: string;
  readonly projectId: string;
  readonly status: string;
  readonly sizeGb: number;
  readonly bootable: boolean;
  readonly multiattach: boolean;
  readonly zone: string;
  readonly imageId: string | undefined;
  readonly attachments: readonly { readonly id: string; readonly serverId: string; readonly device: string | null }[];
}

/** What Cinder does for Nova. */
export interface VolumeOps {
  /** A volume the actor may see. */
  volume(actor: Actor, volumeId: string): VolumeView | undefined;
  /** A volume, whoever's. */
  find(volumeId: string): VolumeView | undefined;
  snapshotSizeGb(actor: Actor, snapshotId: string): number | undefined;
  /** How many the actor's project has. */
  counts(actor: Actor): { readonly volumes: number; readonly snapshots: number };
  /** Starts the creation of a volume; it becomes available (or error) later. @throws Refusal as POST /volumes (quota) */
  create(
    actor: Actor,
    request: {
      readonly sizeGb: number;
      readonly name?: string;
      readonly imageId?: string;
      readonly snapshotId?: string;
      readonly volumeType?: string;
      readonly zone?: string;
    },
  ): VolumeView;
  /** available → reserved, with an attachment; answers its id. @throws Refusal 400 when its status does not allow it */
  reserve(actor: Actor, volumeId: string, serverId: string): string;
  /** reserved → in-use. Nothing happens when the attachment is gone. */
  attach(attachmentId: string, device: string, host: string): void;
  /** in-use → detaching. @throws Refusal 400 when its status does not allow it */
  beginDetach(actor: Actor, volumeId: string): void;
  /** Ends the attachment whatever the status: available (in-use where others are attached). */
  detach(volumeId: string, serverId: string): void;
  /** Deletes it when no one uses it; without effect otherwise. */
  remove(volumeId: string): void;
}

/** An image as Nova and Cinder need it. */
export interface ImageView {
  readonly id: string;
  readonly name: string | null;
  readonly status: string;
  readonly sizeBytes: number;
  readonly minDiskGb: number;
  readonly minRamMb: number;
  readonly projectId: string;
  readonly diskFormat: string | null;
  readonly containerFormat: string | null;
  /** MD5 of its data. */
  readonly checksum: string | null;
  readonly createdMs: number;
  readonly updatedMs: number;
  /** Custom properties. */
  readonly properties: Readonly<Record<string, string>>;
}

/** What Glance does for Nova and Cinder. */
export interface ImageOps {
  /** An image the actor may see. */
  image(actor: Actor, imageId: string): ImageView | undefined;
  /** Whoever's. */
  find(imageId: string): ImageView | undefined;
  /** Those the actor may see, newest first; for Nova's old image proxy. */
  images(actor: Actor): readonly ImageView[];
  /** A queued image for a snapshot. @throws Refusal as POST /images */
  create(
    actor: Actor,
    request: {
      readonly name: string;
      /** Null until the data is there; left out: qcow2, bare. */
      readonly diskFormat?: string | null;
      readonly containerFormat?: string | null;
      /** Default shared. */
      readonly visibility?: string;
      readonly minDiskGb?: number;
      readonly minRamMb?: number;
      readonly properties?: Readonly<Record<string, string>>;
    },
  ): ImageView;
  /** queued → active with data of this size. */
  activate(imageId: string, sizeBytes: number): void;
  /** Deletes it, whoever's. Nothing happens when it is gone. */
  remove(imageId: string): void;
  /** Sets and takes away custom properties. @throws Refusal as PATCH /images */
  setProperties(actor: Actor, imageId: string, properties: Readonly<Record<string, string>>): void;
  /** As the actor's own DELETE /images would. @throws Refusal */
  delete(actor: Actor, imageId: string): void;
}

/** What Nova does for its neighbours. */
export interface ServerOps {
  /** A live server, whoever's. */
  server(serverId: string):
    | {
        readonly id: string;
        readonly projectId: string;
        readonly name: string;
        readonly zone: string;
        readonly host: string;
        /** ACTIVE, SHUTOFF … */
        readonly status: string;
      }
    | undefined;
  /** Whether a live server was booted from this image. */
  usesImage(imageId: string): boolean;
  /** Neutron tells that a port of a server is no more; nothing happens when Nova knows of none. */
  forgetPort(serverId: string, portId: string): void;
}

/** What Keystone does for the others. */
export interface IdentityOps {
  /** The bearer of a token that holds now, or `undefined`. */
  actor(token: string): Actor | undefined;
  project(projectId: string): { readonly id: string; readonly name: string; readonly enabled: boolean } | undefined;
}

/** One cloud while it is put together; complete once `createOpenStack` returns. */
export interface Cloud {
  readonly kernel: Kernel;
  readonly region: string;
  readonly zones: readonly string[];
  readonly admin: { readonly user: string; readonly password: string; readonly project: string };
  /** A default quota: the option's, or `fallback`. */
  quota(resource: string, fallback: number): number;
  /** The root URL of a service for whoever sent `request`. */
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

/** A stand-in that says so when it is used: until the service has been made, or in a cloud without it. */
export const missing = <T extends object>(what: string): T =>
  new Proxy({} as T, { get: () => absent(what), set: () => absent(what) });

/** The frame that the services are put into. */
export function createCloud(kernel: Kernel, options: OpenStackOptions = {}): Cloud {
  const endpoints = new Map(
    CATALOG_TYPES.flatMap((type) => {
      const url = options.endpoints?.[type];
      return url === undefined ? [] : [[type, url] as const];
    }),
  );
  const quotas = options.quotas ?? {};
  return {
    kernel,
    region: options.region ?? "RegionOne",
    zones: options.zones ?? ["nova"],
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

/** The same host as the client used, another port. */
function beside(origin: string, port: number): string {
  const match = /^(https?:\/\/(?:\[[^\]]*\]|[^:/]+))/.exec(origin);
  return `${match?.[1] ?? "http://127.0.0.1"}:${port}`;
}
