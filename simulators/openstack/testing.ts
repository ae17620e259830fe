import type { Kernel } from "../kernel/index.ts";
import { type ActorSession, type PreparedScenario, ScenarioSetup } from "./parity/actors.ts";
import { LocalClient } from "./parity/client.ts";
import type { ReceivedReply } from "./parity/compare.ts";
import type { OpenStack, OpenStackOptions } from "./index.ts";

/** Two projects of one cloud. */
export const PROJECTS = ["A", "B"] as const;
/** `A` or `B`. */
export type ProjectName = (typeof PROJECTS)[number];

type Body = Readonly<Record<string, unknown>>;

/** Something that a project owns. */
export interface Thing {
  readonly kind: string;
  readonly id: string;
  readonly owner: ProjectName;
}

/** How things of a kind are made, listed and deleted. */
interface ResourceKind {
  readonly service: string;
  readonly path: string;
  /** The member that holds the new thing; absent: the body is the thing. */
  readonly member?: string;
  readonly body: (lab: Lab, who: ProjectName, things: readonly Thing[]) => Body | undefined;
}

const NAMES = 3;
const idOf = (things: readonly Thing[], kind: string, who: ProjectName): string | undefined =>
  things.findLast((thing) => thing.kind === kind && thing.owner === who)?.id;

/** In the order in which things can be deleted. */
export const KINDS: Readonly<Record<string, ResourceKind>> = {
  server: {
    service: "compute",
    path: "/servers",
    member: "server",
    body: ({ variables }, who, things) => ({
      server: {
        name: "vm",
        flavorRef: variables.get("flavor.tiny"),
        imageRef: variables.get("image"),
        networks: [{ uuid: idOf(things, "network", who) }],
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
    body: (_lab, who, things) => ({ snapshot: { volume_id: idOf(things, "volume", who), force: true } }),
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
    body: (_lab, who, things) => ({ port: { network_id: idOf(things, "network", who) } }),
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
    body: (lab, who, things) => ({
      subnet: { network_id: idOf(things, "network", who), ip_version: 4, cidr: `10.${lab.next()}.0.0/24` },
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
    body: (lab) => ({ name: `zone${lab.next() % NAMES}.org.`, email: "a@example.com" }),
  },
};

/** A cloud with two projects in it, spoken to over its HTTP APIs without sockets. */
export class Lab {
  readonly #client: LocalClient;
  readonly #setting: PreparedScenario;
  #made = 0;

  private constructor(client: LocalClient, setting: PreparedScenario) {
    this.#client = client;
    this.#setting = setting;
  }

  static async open(options: OpenStackOptions, seed: number): Promise<Lab> {
    const client = new LocalClient(options, seed);
    const stage = await ScenarioSetup.set(client);
    // Naming both projects in a step is what makes them.
    const steps = PROJECTS.map((as) => ({ as, service: "compute", method: "GET", path: "/", reply: { status: 200 } }));
    return new Lab(client, await stage.actorsFor({ id: "", service: "", title: "", steps }));
  }

  get openstack(): OpenStack {
    return this.#client.openstack;
  }

  get kernel(): Kernel {
    return this.#client.kernel;
  }

  /** `A`, `B` and `admin`, with their tokens. */
  get actors(): Readonly<Record<string, ActorSession>> {
    return this.#setting.actors;
  }

  get variables(): ReadonlyMap<string, unknown> {
    return this.#setting.variables;
  }

  /** A new number each time. */
  next(): number {
    return this.#made++;
  }

  projectId(who: ProjectName): string {
    return String(this.variables.get(`${who}.project`));
  }

  sleep(ms: number): void {
    this.#client.sleep(ms);
  }

  async call(who: ProjectName, method: string, service: string, path: string, body?: unknown): Promise<ReceivedReply> {
    const { token, endpoints } = this.#setting.actors[who] as ActorSession;
    const bytes = typeof body === "string" ? body : JSON.stringify(body);
    const type = typeof body === "string" ? "application/octet-stream" : "application/json";
    return this.#client.send(
      method,
      `${endpoints[service]?.base ?? ""}${path}`,
      { "X-Auth-Token": token, Accept: "application/json", ...(body !== undefined && { "Content-Type": type }) },
      body === undefined ? undefined : Buffer.from(bytes),
    );
  }

  /** Makes a thing of this kind for a project; `undefined` when the service refuses. */
  async make(
    who: ProjectName,
    kind: string,
    things: readonly Thing[],
  ): Promise<readonly [ReceivedReply, Thing | undefined]> {
    const { service, path, member, body } = KINDS[kind] as ResourceKind;
    const answer = await this.call(who, "POST", service, path, body(this, who, things));
    if (answer.status >= 300) return [answer, undefined];
    const made = answer.body as Body;
    const { id } = (member === undefined ? made : made[member]) as { id: string };
    return [answer, { kind, id, owner: who }];
  }

  drop(who: ProjectName, { kind, id }: Thing): Promise<ReceivedReply> {
    const { service, path } = KINDS[kind] as ResourceKind;
    return this.call(who, "DELETE", service, `${path}/${id}`);
  }

  read(who: ProjectName, { kind, id }: Thing): Promise<ReceivedReply> {
    const { service, path } = KINDS[kind] as ResourceKind;
    return this.call(who, "GET", service, `${path}/${id}`);
  }

  /** Ids of what a project is shown of a kind. */
  async list(who: ProjectName, kind: string): Promise<readonly string[]> {
    const { service, path } = KINDS[kind] as ResourceKind;
    const { body } = await this.call(who, "GET", service, path);
    const lists = Object.values(body as Body).filter((value) => Array.isArray(value)) as { id: string }[][];
    return lists.flat().map(({ id }) => id);
  }
}
