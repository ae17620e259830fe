import type { Kernel, Process, Service } from "../kernel/index.ts";
import { answerAfter, createNameServer, defineFace, type DnsQuestion, type Lookups, type NameServer } from "./face.ts";
import { type DnsReply, replyOf } from "./reply.ts";
import { Cluster } from "./behaviour/cluster.ts";
import { checkConfig, type ConsulConfig } from "./behaviour/config.ts";
import { DATACENTER_POINT, LEADER_POINT } from "./faults.ts";
import { createConsulHttp } from "./routes/index.ts";
import type { Probe } from "./behaviour/probe.ts";
import { type ConsulVersion, PROFILES } from "./behaviour/profile.ts";
import { answerPacket } from "./resolver/answer.ts";
import type { Upstream } from "./resolver/recursor.ts";
import { Resolver } from "./resolver/resolver.ts";
import type { Catalog } from "./state/catalog.ts";

export { datagramOf, type DnsReply } from "./reply.ts";
export type { NameServer } from "./face.ts";
export type { Probe, ProbeRequest, ProbeResult } from "./behaviour/probe.ts";
export { type BoshDns, createBoshDns } from "./bosh/index.ts";
export {
  createZone,
  createZoneServer,
  type Hosting,
  recordOf,
  type RecordSet,
  typeNumber,
  type Zone,
} from "./zones/index.ts";
export { CONSUL_VERSIONS, type ConsulVersion } from "./behaviour/profile.ts";
export type { ConsulConfig } from "./behaviour/config.ts";
export type { Upstream, UpstreamAnswer, UpstreamRecord } from "./resolver/recursor.ts";
export { Catalog } from "./state/catalog.ts";
export type { Check as CatalogCheck } from "./state/rows.ts";
export type { CatalogState } from "./state/catalog-state.ts";
export { CatalogError } from "./state/registration.ts";

/** The release that is simulated unless the options name one. */
const DEFAULT_VERSION: ConsulVersion = "1.22.0";

/** One agent of the cloud. */
interface ConsulAgentOptions {
  /** Default `consul-0`. */
  readonly name?: string;
  /** A UUID. Default: one from the seed. */
  readonly id?: string;
  readonly address: string;
  /** `dev` is a server with indented JSON, `client` is not a server. Default `server`. */
  readonly mode?: "dev" | "server" | "client";
  /** In Consul's own configuration keys. Default: domain `consul`, datacenter `dc1`. */
  readonly config?: ConsulConfig;
}

/** A Consul of one or several agents, the first of which the options describe. */
export interface DnsOptions extends ConsulAgentOptions {
  /** Further agents, of this datacenter or of others; their names differ. */
  readonly agents?: readonly ConsulAgentOptions[];
  /** Resolvers for names outside the domain, by the addresses in `recursors`. */
  readonly upstreams?: readonly Upstream[];
  /** False: the servers wait for peers and have never had a leader. Default true. */
  readonly hasLeader?: boolean;
  /** How checks reach what they probe. Default: nothing can be reached. */
  readonly probe?: Probe;
  /** The release that is simulated. Default `1.22.0`. */
  readonly version?: ConsulVersion;
}

/** The interfaces of one agent. */
export interface ConsulAgent extends NameServer {
  readonly name: string;
  readonly http: Service;
}

/** Consul: its catalog, the HTTP API and DNS of its agents. */
export interface Dns extends ConsulAgent {
  /** The release that is simulated. */
  readonly version: ConsulVersion;
  /** The catalog of the first agent's datacenter. */
  readonly catalog: Catalog;
  /** All agents, in the order of the options. */
  readonly agents: readonly ConsulAgent[];
  /** The first IPv4 address of a name, as the first agent resolves it. */
  resolve(name: string): string | undefined;
  /** Kills an agent: it stops answering, and the others notice after some seconds. */
  kill(agent: string): void;
  /** Overrides keys of the first agent's configuration file; a reload reads it. */
  reconfigure(changed: Readonly<Record<string, unknown>>): void;
}

/** Adds an agent to the cluster, with a resolver that answers names as the agent does. */
function addAgent(
  cluster: Cluster,
  { hasLeader = true, probe, upstreams = [], version = DEFAULT_VERSION }: DnsOptions,
  { id, address, mode = "server", config = {} }: ConsulAgentOptions,
  name: string,
): { readonly agent: ReturnType<Cluster["add"]>; readonly resolver: Resolver } {
  const { kernel } = cluster;
  const agent = cluster.add(
    {
      name,
      id: id ?? kernel.random("dns").uuid(),
      address,
      isServer: mode !== "client",
      isDev: mode === "dev",
      config,
      probe,
      profile: PROFILES[version],
    },
    hasLeader,
  );
  const resolver = new Resolver(cluster, agent, upstreams);
  // After a restore, an index may recur with another catalog.
  kernel.restored.add(() => resolver.cache.clear());
  return { agent, resolver };
}

/** @throws Error for a configuration that is malformed or not simulated */
export function createDns(kernel: Kernel, options: DnsOptions): Dns {
  const cluster = new Cluster(kernel);
  const all = [options, ...(options.agents ?? [])];
  const names = all.map(({ name }, at) => name ?? `consul-${at}`);
  const point = defineFace(kernel, "dns", names);
  for (const each of [LEADER_POINT, DATACENTER_POINT]) kernel.faults.define(each);
  for (const { config } of all) checkConfig(config ?? {});
  const resolvers = all.map((given, at) => addAgent(cluster, options, given, names[at] ?? ""));
  const agents = resolvers.map(({ agent, resolver }, at) => {
    const service = at === 0 ? "consul" : `consul/${agent.name}`;
    return {
      name: agent.name,
      http: createConsulHttp(kernel, service, { cluster, agent }),
      ...createNameServer(kernel, point, agent.name, lookupsOf(kernel, cluster, resolver, agent.name)),
    };
  });
  const [first] = resolvers;
  const [front] = agents;
  if (first === undefined || front === undefined) throw new Error("a Consul without agents");
  return {
    ...front,
    version: options.version ?? DEFAULT_VERSION,
    catalog: first.agent.datacenter.catalog,
    agents,
    resolve: (name) => first.resolver.addressOf(name),
    kill: (agent) => cluster.kill(agent),
    reconfigure: (changed) => first.agent.reconfigure(changed),
  };
}

/** Looks names up as one agent does. */
function lookupsOf(kernel: Kernel, cluster: Cluster, resolver: Resolver, name: string): Lookups {
  const look = ({ message, transport, isAtOnce }: DnsQuestion): DnsReply | Process<DnsReply> => {
    const answer = answerPacket(resolver, message, transport);
    const { waitedMs } = resolver;
    return isAtOnce || waitedMs === 0 ? replyOf(answer) : kernel.spawn("dns reply", answerAfter(waitedMs, answer));
  };
  return {
    isUp: () => cluster.agents.get(name)?.membership === "alive",
    look,
    lookBack: (asked, ageMs) => resolver.stale(ageMs, () => look(asked)),
  };
}
