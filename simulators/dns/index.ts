import { type Body, type Kernel, Process, type Service } from "../kernel/index.ts";
import { datagramOf, type DnsReply, replyOf } from "./reply.ts";
import { Cluster } from "./behaviour/cluster.ts";
import { checkConfig, type ConsulConfig } from "./behaviour/config.ts";
import { type DnsAnswerPoint, dnsAnswerPoint, falseAnswer, Occasion } from "./faults.ts";
import { createConsulHttp } from "./routes/index.ts";
import type { Probe } from "./behaviour/probe.ts";
import { type ConsulVersion, PROFILES } from "./behaviour/profile.ts";
import { answerPacket } from "./resolver/answer.ts";
import type { Upstream } from "./resolver/recursor.ts";
import { Resolver } from "./resolver/resolver.ts";
import type { Catalog } from "./state/catalog.ts";
import type { Transport } from "./wire/codec/types.ts";

export { datagramOf, type DnsReply } from "./reply.ts";
export type { ConsulVersion } from "./behaviour/profile.ts";
export type { ConsulConfig } from "./behaviour/config.ts";
export type { Upstream, UpstreamAnswer, UpstreamRecord } from "./resolver/recursor.ts";
export { Catalog } from "./state/catalog.ts";
export type { CatalogState } from "./state/catalog-state.ts";
export { CatalogError } from "./state/registration.ts";

/** One agent of the cloud. */
interface ConsulAgentOptions {
  /** Default `consul-0`. */
  readonly name?: string;
  /** A UUID. Default: one from the seed. */
  readonly id?: string;
  readonly address: string;
  /** `dev` is a server with indented JSON, `client` no server. Default `server`. */
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
  /** False: the servers wait for peers and never had a leader. Default true. */
  readonly hasLeader?: boolean;
  /** How checks reach what they probe. Default: nothing can be reached. */
  readonly probe?: Probe;
  /** The simulated release. Default: `1.8.7`. */
  readonly version?: ConsulVersion;
}

/** The interfaces of one agent. */
export interface ConsulAgent {
  readonly name: string;
  readonly http: Service;
  /** What arrives of the answer to a DNS message sent as a datagram: at once, however long the real agent would take; `undefined` is silence. */
  answer(message: Uint8Array, transport: Transport): Uint8Array | undefined;
  /** The same, but takes its time: a process, if it must wait for a leader or a resolver. */
  ask(message: Uint8Array, transport: Transport, client?: string): DnsReply | Process<DnsReply>;
}

/** Consul: its catalog, the HTTP API and DNS of its agents. */
export interface Dns extends ConsulAgent {
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

/** @throws Error for a configuration that is malformed or not simulated */
export function createDns(kernel: Kernel, options: DnsOptions): Dns {
  const cluster = new Cluster(kernel);
  const all = [options, ...(options.agents ?? [])];
  const names = all.map(({ name }, at) => name ?? `consul-${at}`);
  const point = dnsAnswerPoint(names);
  kernel.faults.define(point);
  for (const { config } of all) checkConfig(config ?? {});
  const resolvers = all.map((given, at) => {
    const name = names[at] ?? "";
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
        probe: options.probe,
        profile: PROFILES[options.version ?? "1.8.7"],
      },
      options.hasLeader ?? true,
    );
    return { agent, resolver: new Resolver(cluster, agent, options.upstreams ?? []) };
  });
  const agents = resolvers.map(({ agent, resolver }, at) => {
    const service = at === 0 ? "consul" : `consul/${agent.name}`;
    return createConsulAgent(
      { kernel, cluster, point, resolver, name: agent.name },
      createConsulHttp(kernel, service, { cluster, agent }),
    );
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
    reconfigure: (changed) => first.agent.reconfigure(changed),
  };
}

interface DnsQuestion {
  readonly message: Uint8Array;
  readonly transport: Transport;
  /** Answers at once, however long a real agent would take. */
  readonly isAtOnce: boolean;
  /** The address that asks; absent for one within the process. */
  readonly client?: string | undefined;
}

interface AnsweringAgent {
  readonly kernel: Kernel;
  readonly cluster: Cluster;
  readonly point: DnsAnswerPoint;
  readonly resolver: Resolver;
  /** Of the agent. */
  readonly name: string;
}

function respond(
  agent: AnsweringAgent,
  { message, transport, isAtOnce, client }: DnsQuestion,
): DnsReply | Process<DnsReply> {
  const { kernel, cluster, point, resolver, name } = agent;
  if (cluster.agents.get(name)?.membership !== "alive") return {};
  const look = (): Uint8Array | undefined => answerPacket(resolver, message, transport);
  const occasion = new Occasion(message, transport, name, client ?? "");
  const effect = kernel.faults.at(point, occasion);
  if (effect !== undefined) journalFault(kernel, occasion, effect.kind);
  switch (effect?.kind) {
    case undefined:
      return isAtOnce ? replyOf(look()) : answerInTime(agent, look());
    case "reset":
      return { wire: { kind: "reset" } };
    case "reply":
      return replyOf(falseAnswer(message, effect.body, look));
    case "truncate":
      return { ...replyOf(look()), wire: { kind: "truncate", bytes: effect.bytes } };
    case "stale":
      return replyOf(resolver.stale(effect.ageMs, look));
    case "delay":
      if (isAtOnce) return replyOf(look());
      return kernel.spawn("dns delayed reply", answerDelayed(agent, look, kernel.faults.delay(effect)));
  }
}

/** Records which question a fault has hit. */
function journalFault(kernel: Kernel, { question, type, transport, agent, client }: Occasion, effect: string): void {
  kernel.record("dns", "answer.fault", question, { type, transport, agent, client, effect });
}

/** An answer that takes time in a real agent: it waits for a leader or a resolver. */
function answerInTime(
  { kernel, resolver }: AnsweringAgent,
  message: Uint8Array | undefined,
): DnsReply | Process<DnsReply> {
  const { waitedMs } = resolver;
  return waitedMs === 0 ? replyOf(message) : kernel.spawn("dns reply", answerAfter(waitedMs, message));
}

function* answerAfter(waitedMs: number, message: Uint8Array | undefined): Body<DnsReply> {
  yield waitedMs;
  return replyOf(message);
}

function* answerDelayed(
  { resolver }: AnsweringAgent,
  look: () => Uint8Array | undefined,
  wait: Body<boolean>,
): Body<DnsReply> {
  yield* wait;
  const message = look();
  return yield* answerAfter(resolver.waitedMs, message);
}

function createConsulAgent(agent: AnsweringAgent, http: Service): ConsulAgent {
  const { kernel, name } = agent;
  const receive = kernel.onInput(`dns:answer/${name}`, (asked: DnsQuestion) => respond(agent, asked));
  return {
    name,
    http,
    ask: (message, transport, client) =>
      receive({ message, transport, isAtOnce: false, ...(client !== undefined && { client }) }),
    answer: (message, transport) => {
      const reply = receive({ message, transport, isAtOnce: true });
      return reply instanceof Process ? undefined : datagramOf(reply);
    },
  };
}
