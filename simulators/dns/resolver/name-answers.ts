import type { Agent } from "../behaviour/agent.ts";
import type { Cluster } from "../behaviour/cluster.ts";
import type { Datacenter } from "../behaviour/datacenter.ts";
import type { PlacedService } from "../state/rows.ts";
import { FLAG, type Question, RCODE, type Rr, TYPE } from "../wire/codec/types.ts";
import { durationNs } from "../wire/duration.ts";
import { addressNameRecord } from "./address-name.ts";
import { soaRecord } from "./authority.ts";
import { executeQuery } from "./execute.ts";
import { answerAddresses, answerServices } from "./instance-records.ts";
import { healthyInstances } from "./instances.ts";
import { type Lookup, newMessage } from "./message.ts";
import { type NameQuestion, parseName, prefixOf } from "./names.ts";
import { answerNode, isNodeQuestion } from "./node.ts";
import { type LookupTrouble, reachDatacenter, type ReachedDatacenter } from "./reach.ts";
import type { Recursors } from "./recursors.ts";
import { type DnsSettings, serviceTtlS } from "./settings.ts";
import { trim } from "./trim.ts";

/** One agent's answers to names within the domain. */
export class NameAnswers {
  readonly #cluster: Cluster;
  readonly #agent: Agent;
  readonly #settings: DnsSettings;
  readonly #recursors: Recursors;
  readonly #wait: (ms: number) => void;

  constructor(cluster: Cluster, agent: Agent, settings: DnsSettings, recursors: Recursors, wait: (ms: number) => void) {
    this.#cluster = cluster;
    this.#agent = agent;
    this.#settings = settings;
    this.#recursors = recursors;
    this.#wait = wait;
  }

  /** The domain of a name with this prefix: as requested, or the agent's first. */
  domainOf({ name }: Question, prefix: string): string {
    return this.#settings.profile.keepsAskedDomain ? name.slice(prefix.length) : this.#settings.domain;
  }

  /** The SOA for an answer to a name: today, that of the alternative domain for names within it. */
  soa({ name }: Question): Rr {
    const { altDomain, domain, profile } = this.#settings;
    const isAlternative = profile.keepsAskedDomain && altDomain !== undefined && name.endsWith(`.${altDomain}`);
    return soaRecord(this.#settings, this.#agent.kernel.nowMs, isAlternative ? altDomain : domain);
  }

  /** Answers a name; `false` when the answer depends on the client. */
  answer(lookup: Lookup, prefix: string): boolean {
    const asked = parseName(prefix, lookup.question.type, this.#settings.profile.isToday);
    switch (asked?.kind) {
      case "node":
        return this.#node(lookup, asked);
      case "service":
        return this.#service(lookup, asked);
      case "query":
        return this.#query(lookup, asked.name, asked.datacenter);
      case "addr":
        return this.#address(lookup, asked);
      case "virtual":
        return this.#virtual(lookup, asked);
      // Ingress gateways are not simulated, so no service has one.
      case "ingress":
      case undefined:
        return this.#answerNxdomain(lookup);
    }
  }

  #answerNxdomain({ message, question }: Lookup): true {
    message.rcode = RCODE.NXDOMAIN;
    message.authority.push(this.soa(question));
    return true;
  }

  /** Like `reachDatacenter`; waits for a leader if there is none. */
  reach(name: string | undefined): ReachedDatacenter | LookupTrouble {
    const reached = reachDatacenter(this.#cluster, this.#agent, this.#settings, name);
    if (reached === "no-leader") this.#wait(this.#agent.holdMs);
    return reached;
  }

  #answerTrouble(lookup: Lookup, trouble: LookupTrouble): true {
    if (trouble === "no-path") return this.#answerNxdomain(lookup);
    lookup.message.rcode = RCODE.SERVFAIL;
    return true;
  }

  /** Whether addresses of a datacenter are those that are tagged for others. */
  #usesWan(datacenter: Datacenter): boolean {
    return this.#settings.translatesWan && datacenter !== this.#agent.datacenter;
  }

  #node(lookup: Lookup, { name, datacenter, peer }: Extract<NameQuestion, { kind: "node" }>): true {
    if (!isNodeQuestion(lookup)) return true;
    const reached = this.reach(datacenter);
    if (typeof reached === "string") return this.#answerTrouble(lookup, reached);
    const catalog = peer === undefined ? reached.datacenter.catalog : reached.datacenter.importsFrom(peer);
    const known = catalog?.node(name);
    if (known === undefined || !reached.authorizer.reads("node", known.name)) return this.#answerNxdomain(lookup);
    const usesWan = this.#usesWan(reached.datacenter);
    answerNode(lookup, known, usesWan, this.#settings, (host) => this.#chase(host, lookup));
    return true;
  }

  /** The virtual address of a service in the mesh; none for any other. */
  #virtual(lookup: Lookup, { name, prefix, datacenter, peer }: Extract<NameQuestion, { kind: "virtual" }>): true {
    const { message, question, domain } = lookup;
    const reached = this.reach(undefined);
    if (typeof reached === "string") return this.#answerTrouble(lookup, reached);
    if (!reached.authorizer.reads("service", name)) {
      message.rcode = RCODE.SERVFAIL;
      return true;
    }
    const address = reached.datacenter.virtualIps.of(name, peer ?? datacenter);
    if (address === undefined) return true;
    const record: Rr = { type: TYPE.A, name: prefix + domain, ttl: this.#settings.nodeTtlS, address };
    const isAsked = question.type === TYPE.A || question.type === TYPE.ANY;
    (isAsked ? message.answer : message.additional).push(record);
    return true;
  }

  /** The answers for a host name: within the domain our own, otherwise those of one question to the recursors. */
  #chase(name: string, { chasesLeft }: Lookup): readonly Rr[] {
    const prefix = prefixOf(name.toLowerCase(), this.#settings);
    if (prefix !== undefined && prefix !== "") {
      if (chasesLeft === 0) return [];
      const question = { name, type: TYPE.ANY, class: 1 };
      const message = newMessage({ id: 0, flags: 0, opcode: 0, question }, RCODE.NOERROR);
      const domain = this.domainOf(question, prefix);
      this.answer({ message, question, domain, opt: undefined, transport: "udp", chasesLeft: chasesLeft - 1 }, prefix);
      return message.answer;
    }
    const [reply] = this.#recursors.replies(name, TYPE.A, "udp");
    return reply?.answer ?? [];
  }

  #service(lookup: Lookup, asked: Extract<NameQuestion, { kind: "service" }>): true {
    const reached = this.reach(asked.datacenter);
    if (typeof reached === "string") return this.#answerTrouble(lookup, reached);
    const placed = healthyInstances(reached, asked, this.#settings.onlyPassing);
    return this.#instances(lookup, placed, reached.datacenter, serviceTtlS(this.#settings, asked.name), asked.port);
  }

  #query(lookup: Lookup, name: string, asked: string | undefined): boolean {
    const reached = this.reach(asked);
    if (typeof reached === "string") return !this.#answerTrouble(lookup, reached);
    const { datacenter, authorizer } = reached;
    const options = { authorizer, near: "", limit: 0, isConnect: false };
    const result = executeQuery(this.#cluster, this.#agent, datacenter, name, options);
    if (result === undefined) return !this.#answerNxdomain(lookup);
    const { TTL } = result.query.DNS;
    const ttl =
      TTL === "" ? serviceTtlS(this.#settings, result.query.Service.Service) : Math.floor((durationNs(TTL) ?? 0) / 1e9);
    const placed = result.services.map((service) => result.catalog.withEntry(service));
    return !this.#instances(lookup, placed, result.datacenter, ttl, undefined);
  }

  #instances(
    lookup: Lookup,
    placed: readonly PlacedService[],
    datacenter: Datacenter,
    ttl: number,
    port: string | undefined,
  ): true {
    const { message, question, transport, opt } = lookup;
    if (placed.length === 0) return this.#answerNxdomain(lookup);
    const chase = (host: string): readonly Rr[] => this.#chase(host, lookup);
    const usesWan = this.#usesWan(datacenter);
    const context = { settings: this.#settings, datacenter: datacenter.name, ttl, chase, usesWan, port };
    if (question.type !== TYPE.SRV) answerAddresses(lookup, placed, context);
    else if (!answerServices(lookup, placed, context)) return this.#answerNxdomain(lookup);
    if (!this.#settings.profile.cutsAll) trim(message, transport, opt, this.#settings);
    if (message.answer.length === 0 && (message.flags & FLAG.TC) === 0) message.authority.push(this.soa(question));
    return true;
  }

  /** An address written as a name. If its length is not that of an address, it gets an empty answer, or today none. */
  #address(lookup: Lookup, asked: Extract<NameQuestion, { kind: "addr" }>): true {
    const { message, question, domain } = lookup;
    const { isToday } = this.#settings.profile;
    const record = addressNameRecord(asked, this.#settings, domain);
    if (record === "invalid" || (record === undefined && isToday)) return this.#answerNxdomain(lookup);
    if (record === undefined) return true;
    const isAsked = !isToday || question.type === record.type || question.type === TYPE.ANY;
    (isAsked ? message.answer : message.additional).push(record);
    return true;
  }
}
