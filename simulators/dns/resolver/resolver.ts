import type { Random } from "../../kernel/index.ts";
import type { Agent } from "../behaviour/agent.ts";
import type { Cluster } from "../behaviour/cluster.ts";
import { fqdnOf } from "../wire/codec/names.ts";
import { FLAG, type Message, type Query, type Question, RCODE, type Transport, TYPE } from "../wire/codec/types.ts";
import { AnswerCache, isTimeless } from "./answer-cache.ts";
import { nameServers } from "./authority.ts";
import { echoOpt, newMessage } from "./message.ts";
import { NameAnswers } from "./name-answers.ts";
import { prefixOf } from "./names.ts";
import type { Upstream } from "./recursor.ts";
import { Recursors } from "./recursors.ts";
import { nameOfHolder } from "./reverse.ts";
import { type DnsSettings, dnsSettings } from "./settings.ts";
import { trim } from "./trim.ts";

/** Consul's DNS as one agent answers it (Consul 1.8, "DNS Interface"). */
export class Resolver {
  readonly settings: DnsSettings;
  /** How long the last answer took, ms: waiting for a leader or for resolvers that don't answer. */
  waitedMs = 0;
  readonly cache = new AnswerCache();
  /** Whether the last answer does not depend on the clock. */
  isLastTimeless = false;
  readonly #cluster: Cluster;
  readonly #agent: Agent;
  readonly #recursors: Recursors;
  readonly #names: NameAnswers;

  constructor(cluster: Cluster, agent: Agent, upstreams: readonly Upstream[]) {
    this.#cluster = cluster;
    this.#agent = agent;
    this.settings = dnsSettings(agent.options.config, agent.options.profile);
    const wait = (ms: number): void => {
      this.waitedMs += ms;
    };
    this.#recursors = new Recursors(this.settings, upstreams, wait);
    this.#names = new NameAnswers(cluster, agent, this.settings, this.#recursors, wait);
  }

  /** From which the order of answers is drawn. */
  get order(): Random {
    return this.#agent.kernel.random("dns/order");
  }

  /** The index of the catalog for which answers may be cached; undefined if they depend on more than the catalog. */
  cachedIndex(): number | undefined {
    const { datacenter, kernel } = this.#agent;
    const isPlain =
      kernel.faults.rules.length === 0 &&
      this.#cluster.datacenters.size === 1 &&
      this.settings.recursors.length === 0 &&
      datacenter.hasLeader &&
      !datacenter.acl.options.enabled &&
      !datacenter.peerings.hasAny;
    return isPlain ? datacenter.store.index : undefined;
  }

  /** The reply to a query, before it is encoded. */
  reply(query: Query, transport: Transport): Message {
    const message = this.#reply(query, transport);
    this.isLastTimeless = this.waitedMs === 0 && isTimeless(message);
    return message;
  }

  #reply(query: Query, transport: Transport): Message {
    this.waitedMs = 0;
    const { question } = query;
    if (question === undefined) return newMessage(query, RCODE.REFUSED);
    const name = question.name.toLowerCase();
    const isRecursive = this.settings.recursors.length > 0;
    // A DS record belongs to the parent zone, so its question goes to the recursors.
    if (question.type === TYPE.DS && isRecursive) return this.#recursors.relay(query, question, transport);
    if (name === "arpa." || name.endsWith(".arpa.")) return this.#reverse(query, question, transport);
    const prefix = prefixOf(name, this.settings);
    if (prefix !== undefined) return this.#answerOwn(query, question, transport, prefix);
    return isRecursive ? this.#recursors.relay(query, question, transport) : newMessage(query, RCODE.REFUSED);
  }

  /** The first IPv4 address that a name has. */
  addressOf(name: string): string | undefined {
    const question = { name: fqdnOf(name), type: TYPE.A, class: 1 };
    const { answer } = this.reply({ id: 0, flags: 0, opcode: 0, question, opt: undefined }, "udp");
    for (const rr of answer) if (rr.type === TYPE.A) return rr.address;
    return undefined;
  }

  /** Runs `answer` on the catalog as it was some time ago. */
  stale<T>(ageMs: number, answer: () => T): T {
    return this.#agent.datacenter.catalog.asOf(this.#agent.kernel.nowMs - ageMs, answer);
  }

  #begin(query: Query): Message {
    const message = newMessage(query, RCODE.NOERROR);
    message.flags |= FLAG.AA | (this.settings.recursors.length > 0 ? FLAG.RA : 0);
    return message;
  }

  /** A name under the domain. */
  #answerOwn(query: Query, question: Question, transport: Transport, prefix: string): Message {
    const message = this.#begin(query);
    const { profile } = this.settings;
    const domain = this.#names.domainOf(question, prefix);
    let isGlobal = true;
    switch (question.type) {
      case TYPE.SOA:
      case TYPE.NS: {
        const { records, glue } = this.#nameServers(domain);
        const isSoa = question.type === TYPE.SOA;
        if (isSoa) message.answer.push(this.#names.soa(question));
        (isSoa ? message.authority : message.answer).push(...records);
        message.additional.push(...glue);
        break;
      }
      case TYPE.AXFR:
        message.rcode = RCODE.NOTIMP;
        break;
      default:
        isGlobal = this.#names.answer(
          { message, question, domain, opt: query.opt, transport, chasesLeft: profile.chasesMax },
          prefix,
        );
    }
    echoOpt(message, query.opt, isGlobal);
    if (profile.cutsAll) trim(message, transport, query.opt, this.settings);
    return message;
  }

  #nameServers(domain: string): ReturnType<typeof nameServers> {
    const reached = this.#names.reach(undefined);
    return typeof reached === "string" ? { records: [], glue: [] } : nameServers(reached, this.settings, domain);
  }

  /** The name of the holder of an address, whatever the type of the question. */
  #reverse(query: Query, question: Question, transport: Transport): Message {
    const message = this.#begin(query);
    if (question.type === TYPE.SOA) message.authority.push(this.#names.soa(question));
    const target = this.#nameOfHolder(question.name.toLowerCase());
    if (target !== undefined) message.answer.push({ type: TYPE.PTR, name: question.name, ttl: 0, target });
    else if (this.settings.recursors.length > 0 || !this.settings.profile.deniesReverse)
      return this.#recursors.relay(query, question, transport);
    else {
      message.rcode = RCODE.NXDOMAIN;
      message.authority.push(this.#names.soa(question));
    }
    echoOpt(message, query.opt, true);
    return message;
  }

  #nameOfHolder(name: string): string | undefined {
    const reached = this.#names.reach(undefined);
    if (typeof reached === "string") {
      // Nodes are asked for first, services after that.
      if (reached === "no-leader") this.waitedMs += this.#agent.holdMs;
      return undefined;
    }
    return nameOfHolder(reached, name, this.settings);
  }
}
