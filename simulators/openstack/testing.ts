import type { Kernel } from "../kernel/index.ts";
import { type ActorSession, type PreparedScenario, ScenarioSetup } from "./parity/actors.ts";
import { LocalClient } from "./parity/client.ts";
import type { ReceivedReply } from "./parity/compare.ts";
import type { OpenStack, OpenStackOptions } from "./index.ts";

/** Two projects of one cloud. */
export const PROJECTS = ["A", "B"] as const;
/** `A` or `B`. */
export type ProjectName = (typeof PROJECTS)[number];
/** Who calls: a user of one of the two projects, or the administrator of the cloud. */
type ActorName = ProjectName | "admin";

type Body = Readonly<Record<string, unknown>>;

/** A resource that a project owns. */
export interface OwnedResource {
  readonly kind: string;
  readonly id: string;
  readonly owner: ProjectName;
}

/** How resources of a kind are created, listed and deleted. */
interface ResourceKind {
  readonly service: string;
  readonly path: string;
  /** The member of the reply that holds the new resource; absent: the reply is the resource. */
  readonly member?: string;
  readonly body: (cloud: TwoProjectCloud, who: ProjectName, resources: readonly OwnedResource[]) => Body | undefined;
}

const NAMES = 3;
const idOf = (resources: readonly OwnedResource[], kind: string, who: ProjectName): string | undefined =>
  resources.findLast((resource) => resource.kind === kind && resource.owner === who)?.id;

/** The kinds of resources, in the order in which they can be deleted. */
export const RESOURCE_KINDS: Readonly<Record<string, ResourceKind>> = {
  balancer: {
    service: "load-balancer",
    path: "/v2.0/lbaas/loadbalancers",
    member: "loadbalancer",
    body: (_cloud, who, resources) => ({ loadbalancer: { vip_subnet_id: idOf(resources, "subnet", who) } }),
  },
  trunk: {
    service: "network",
    path: "/trunks",
    member: "trunk",
    body: (_cloud, who, resources) => ({ trunk: { port_id: idOf(resources, "port", who) } }),
  },
  backup: {
    service: "volume",
    path: "/backups",
    member: "backup",
    body: (_cloud, who, resources) => ({ backup: { volume_id: idOf(resources, "volume", who), force: true } }),
  },
  server: {
    service: "compute",
    path: "/servers",
    member: "server",
    body: ({ variables }, who, resources) => ({
      server: {
        name: "vm",
        flavorRef: variables.get("flavor.tiny"),
        imageRef: variables.get("image"),
        networks: [{ uuid: idOf(resources, "network", who) }],
      },
    }),
  },
  group: {
    service: "compute",
    path: "/os-server-groups",
    member: "server_group",
    body: () => ({ server_group: { name: "group", policies: ["anti-affinity"] } }),
  },
  snapshot: {
    service: "volume",
    path: "/snapshots",
    member: "snapshot",
    body: (_cloud, who, resources) => ({ snapshot: { volume_id: idOf(resources, "volume", who), force: true } }),
  },
  volume: { service: "volume", path: "/volumes", member: "volume", body: () => ({ volume: { size: 1 } }) },
  address: {
    service: "network",
    path: "/floatingips",
    member: "floatingip",
    body: ({ variables }) => ({ floatingip: { floating_network_id: variables.get("ext") } }),
  },
  port: {
    service: "network",
    path: "/ports",
    member: "port",
    body: (_cloud, who, resources) => ({ port: { network_id: idOf(resources, "network", who) } }),
  },
  router: {
    service: "network",
    path: "/routers",
    member: "router",
    body: ({ variables }) => ({ router: { external_gateway_info: { network_id: variables.get("ext") } } }),
  },
  subnet: {
    service: "network",
    path: "/subnets",
    member: "subnet",
    body: (cloud, who, resources) => ({
      subnet: { network_id: idOf(resources, "network", who), ip_version: 4, cidr: `10.${cloud.next()}.0.0/24` },
    }),
  },
  network: { service: "network", path: "/networks", member: "network", body: () => ({ network: { name: "net" } }) },
  security: {
    service: "network",
    path: "/security-groups",
    member: "security_group",
    body: () => ({ security_group: { name: "group" } }),
  },
  image: {
    service: "image",
    path: "/images",
    body: () => ({ name: "image", disk_format: "raw", container_format: "bare" }),
  },
  recordset: { service: "dns", path: "/recordsets", body: () => undefined },
  zone: {
    service: "dns",
    path: "/zones",
    body: (cloud) => ({ name: `zone${cloud.next() % NAMES}.org.`, email: "a@example.com" }),
  },
};

/** A cloud with two projects, A and B, called through its HTTP APIs without sockets. For tests and the fuzzer. */
export class TwoProjectCloud {
  readonly #client: LocalClient;
  readonly #prepared: PreparedScenario;
  #numbers = 0;

  private constructor(client: LocalClient, prepared: PreparedScenario) {
    this.#client = client;
    this.#prepared = prepared;
  }

  static async open(options: OpenStackOptions, seed: number): Promise<TwoProjectCloud> {
    const client = new LocalClient(options, seed);
    const setup = await ScenarioSetup.prepare(client);
    // A step that names both projects creates them.
    const steps = PROJECTS.map((as) => ({ as, service: "compute", method: "GET", path: "/", reply: { status: 200 } }));
    return new TwoProjectCloud(client, await setup.actorsFor({ id: "", service: "", title: "", steps }));
  }

  /** For requests whose headers `call` does not send. */
  get client(): LocalClient {
    return this.#client;
  }

  get openstack(): OpenStack {
    return this.#client.openstack;
  }

  get kernel(): Kernel {
    return this.#client.kernel;
  }

  /** `A`, `B` and `admin`, with their tokens. */
  get actors(): Readonly<Record<string, ActorSession>> {
    return this.#prepared.actors;
  }

  get variables(): ReadonlyMap<string, unknown> {
    return this.#prepared.variables;
  }

  /** The next whole number, from 0. */
  next(): number {
    return this.#numbers++;
  }

  projectId(who: ProjectName): string {
    return String(this.variables.get(`${who}.project`));
  }

  sleep(ms: number): void {
    this.#client.kernel.advanceBy(ms);
  }

  /** Sends one request; a text as `body` is sent as it is, anything else as JSON. */
  async call(who: ActorName, method: string, service: string, path: string, body?: unknown): Promise<ReceivedReply> {
    const { token, endpoints } = this.#prepared.actors[who] as ActorSession;
    const bytes = typeof body === "string" ? body : JSON.stringify(body);
    const type = typeof body === "string" ? "application/octet-stream" : "application/json";
    return this.#client.send(
      method,
      `${endpoints[service]?.base ?? ""}${path}`,
      { "X-Auth-Token": token, Accept: "application/json", ...(body !== undefined && { "Content-Type": type }) },
      body === undefined ? undefined : Buffer.from(bytes),
    );
  }

  /** Creates a resource of this kind in a project and returns its id; `undefined` if the service refuses. */
  async create(
    who: ProjectName,
    kind: string,
    resources: readonly OwnedResource[],
  ): Promise<readonly [ReceivedReply, OwnedResource | undefined]> {
    const { service, path, member, body } = RESOURCE_KINDS[kind] as ResourceKind;
    const answer = await this.call(who, "POST", service, path, body(this, who, resources));
    if (answer.status >= 300) return [answer, undefined];
    const made = answer.body as Body;
    const { id } = (member === undefined ? made : made[member]) as { id: string };
    return [answer, { kind, id, owner: who }];
  }

  delete(who: ProjectName, { kind, id }: OwnedResource): Promise<ReceivedReply> {
    const { service, path } = RESOURCE_KINDS[kind] as ResourceKind;
    return this.call(who, "DELETE", service, `${path}/${id}`);
  }

  read(who: ProjectName, { kind, id }: OwnedResource): Promise<ReceivedReply> {
    const { service, path } = RESOURCE_KINDS[kind] as ResourceKind;
    return this.call(who, "GET", service, `${path}/${id}`);
  }

  /** The ids of the resources of a kind that a project sees. */
  async list(who: ProjectName, kind: string): Promise<readonly string[]> {
    const { service, path } = RESOURCE_KINDS[kind] as ResourceKind;
    const { body } = await this.call(who, "GET", service, path);
    const lists = Object.values(body as Body).filter((value) => Array.isArray(value)) as { id: string }[][];
    return lists.flat().map(({ id }) => id);
  }
}
