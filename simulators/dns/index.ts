import { type Body, type Kernel, type Process, type Service } from "../kernel/index.ts";
import { Cluster } from "./agent/cluster.ts";
import { checkConfig, type ConsulConfig } from "./config.ts";
import { DNS_FAULT, servfail } from "./faults.ts";
import { createConsulHttp } from "./http/index.ts";
import { answerPacket } from "./resolver/answer.ts";
import type { Upstream } from "./resolver/recursor.ts";
import { Resolver } from "./resolver/resolver.ts";
import type { Catalog } from "./store/catalog.ts";
import type { Transport } from "./wire/types.ts";

export type { ConsulConfig } from "./config.ts";
export type { Upstream, UpstreamAnswer, UpstreamRecord } from "./resolver/recursor.ts";
export { Catalog, CatalogError, type CatalogState } from "./store/catalog.ts";

/** One agent of the cloud. */
export interface ConsulAgentOptions {
  /** Default `consul-0`. */
  readonly name?: string;
  /** A UUID. Default: one of the seed. */
  readonly id?: string;
  readonly address: string;
  /** `dev` is a server with indented JSON, `client` no server. Default `server`. */
  readonly mode?: "dev" | "server" | "client";
  /** In Consul's own configuration keys. Default: domain `consul`, datacenter `dc1`. */
  readonly config?: ConsulConfig;
}

export interface DnsOptions extends ConsulAgentOptions {
  /** Further agents, of this datacenter or of others; their names differ. */
  readonly agents?: readonly ConsulAgentOptions[];
  /** Resolvers for names outside the domain, by the addresses in `recursors`. */
  readonly upstreams?: readonly Upstream[];
  /** False: the servers wait for peers and never had a leader. Default true. */
  readonly hasLeader?: boolean;
}

/** Where one agent is spoken to. */
export interface ConsulAgent {
  readonly name: string;
  readonly http: Service;
  /** The answer to a DNS message at once, however long the real one would take; `undefined` is silence. */
  answer(message: Uint8Array, transport: Transport): Uint8Array | undefined;
  /** The same, in the time that it takes: a process where it must wait for a leader or a resolver. */
  ask(message: Uint8Array, transport: Transport): Uint8Array | undefined | Process<Uint8Array | undefined>;
}

/** Consul: its catalog, the HTTP API and DNS of its agents. */
export interface Dns extends ConsulAgent {
  /** The catalog of the first agent's datacenter. */
  readonly catalog: Catalog;
  /** All agents, the first one first. */
  readonly agents: readonly ConsulAgent[];
  /** The first IPv4 address of a name, as the first agent resolves it. */
  resolve(name: string): string | undefined;
  /** Kills an agent: it answers no more, the others notice after some seconds. */
  kill(agent: string): void;
}

/** @throws Error for a configuration that is malformed or not simulated */
export function createDns(kernel: Kernel, options: DnsOptions): Dns {
  kernel.faults.define(DNS_FAULT);
  const cluster = new Cluster(kernel);
  const all = [options, ...(options.agents ?? [])];
  for (const { config } of all) checkConfig(config ?? {});
  const resolvers = all.map((given, at) => {
    const name = given.name ?? `consul-${at}`;
    const id = given.id ?? kernel.random("dns").uuid();
    const mode = given.mode ?? "server";
    const agent = cluster.add(
      {
        name,
        id,
        address: given.address,
        isServer: mode !== "client",
        isDev: mode === "dev",
        config: given.config ?? {},
      },
      options.hasLeader ?? true,
    );
    return { agent, resolver: new Resolver(cluster, agent, options.upstreams ?? []) };
  });
  const agents = resolvers.map(({ agent, resolver }, at) => {
    const service = at === 0 ? "consul" : `consul/${agent.name}`;
    return serve(kernel, cluster, agent.name, resolver, createConsulHttp(kernel, service, { cluster, agent }));
  });
  const [first] = resolvers;
  const [front] = agents;
  if (first === undefined || front === undefined) throw new Error("a Consul without agents");
  return {
    ...front,
    catalog: first.agent.datacenter.catalog,
    agents,
    resolve: (name) => first.resolver.addressOf(name),
    kill: (agent) => cluster.kill(agent),
  };
}

interface Asked {
  readonly message: Uint8Array;
  readonly transport: Transport;
}

function serve(kernel: Kernel, cluster: Cluster, name: string, resolver: Resolver, http: Service): ConsulAgent {
  const input = `dns:answer/${name}`;
  const answer = ({ message, transport }: Asked): Uint8Array | undefined => {
    if (cluster.agents.get(name)?.membership !== "alive") return undefined;
    const effect = kernel.faults.at(DNS_FAULT.point, { transport, agent: name });
    if (effect === undefined) return answerPacket(resolver, message, transport);
    switch (effect.kind) {
      case "reset":
        return undefined;
      case "reply":
        return servfail(message);
      case "truncate":
        return answerPacket(resolver, message, transport)?.subarray(0, effect.bytes);
      case "stale":
        return resolver.stale(effect.ageMs, () => answerPacket(resolver, message, transport));
      default:
        throw new Error(`${DNS_FAULT.point}: no effect ${effect.kind}`);
    }
  };
  kernel.onInput(input, answer);
  const ask = (message: Uint8Array, transport: Transport): Uint8Array | undefined =>
    kernel.input(input, { message, transport }) as Uint8Array | undefined;
  return {
    name,
    http,
    answer: ask,
    ask: (message, transport) => {
      const reply = ask(message, transport);
      const { waitedMs } = resolver;
      return waitedMs === 0 ? reply : kernel.spawn("dns reply", late(waitedMs, reply));
    },
  };
}

function* late(waitedMs: number, reply: Uint8Array | undefined): Body<Uint8Array | undefined> {
  yield waitedMs;
  return reply;
}
