import type { Agent } from "../behaviour/agent.ts";
import type { Cluster } from "../behaviour/cluster.ts";
import { type DnsSettings, dnsSettings, serviceTtlS } from "../behaviour/config.ts";
import type { Datacenter } from "../behaviour/datacenter.ts";
import type { NodeRow, PlacedService } from "../state/rows.ts";
import { addressText } from "../wire/codec/address.ts";
import {
  FLAG,
  type Message,
  type Query,
  type Question,
  RCODE,
  type Rr,
  type Transport,
  TYPE,
} from "../wire/codec/types.ts";
import { durationNs } from "../wire/duration.ts";
import { executeQuery } from "./execute.ts";
import { answerAddresses, answerServices, nodeName } from "./instances.ts";
import { echoOpt, type Lookup, newMessage } from "./message.ts";
import { type NameQuestion, parseName, prefixOf } from "./names.ts";
import {
  healthyInstances,
  type LookupTrouble,
  reachDatacenter,
  type ReachedDatacenter,
  translate,
  translationOf,
} from "./reach.ts";
import { fqdn, literalRecords, metaRecords } from "./records.ts";
import { askUpstream, type Upstream, type UpstreamReply } from "./recursor.ts";
import { holderOf } from "./reverse.ts";
import { trim } from "./trim.ts";

/** How often a CNAME within the domain is followed. */
const CHASES_MAX = 3;
const NAME_SERVERS_MAX = 3;
/** The catalog holds names that no domain can have. */
const INVALID_NAME = /[^A-Za-z0-9-]+/;
/** Types of questions that a node has an answer to. */
const NODE_TYPES: ReadonlySet<number> = new Set([TYPE.A, TYPE.AAAA, TYPE.ANY, TYPE.TXT]);

/** Consul's DNS as one agent answers it (Consul 1.8, "DNS Interface"). */
export class Resolver {
  readonly settings: DnsSettings;
  /** How long the last answer took, ms: waiting for a leader or for resolvers that don't answer. */
  waitedMs = 0;
  readonly #cluster: Cluster;
  readonly #agent: Agent;
  readonly #upstreams: ReadonlyMap<string, Upstream>;

  constructor(cluster: Cluster, agent: Agent, upstreams: readonly Upstream[]) {
    this.#cluster = cluster;
    this.#agent = agent;
    this.settings = dnsSettings(agent.options.config);
    this.#upstreams = new Map(upstreams.map((upstream) => [upstream.listen, upstream]));
  }

  /** The reply to a query, before it is encoded. */
  reply(query: Query, transport: Transport): Message {
    this.waitedMs = 0;
    const { question } = query;
    if (question === undefined) return newMessage(query, RCODE.REFUSED);
    const name = question.name.toLowerCase();
    const isRecursive = this.settings.recursors.length > 0;
    // A DS record belongs to the parent, so its question goes to whoever answers for all names.
    if (question.type === TYPE.DS && isRecursive) return this.#recurse(query, question, transport);
    if (name === "arpa." || name.endsWith(".arpa.")) return this.#reverse(query, question, transport);
    const prefix = prefixOf(name, this.settings);
    if (prefix !== undefined) return this.#answerOwn(query, question, transport, prefix);
    return isRecursive ? this.#recurse(query, question, transport) : newMessage(query, RCODE.REFUSED);
  }

  /** The first IPv4 address that a name has. */
  addressOf(name: string): string | undefined {
    const question = { name: fqdn(name), type: TYPE.A, class: 1 };
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
    let isGlobal = true;
    switch (question.type) {
      case TYPE.SOA: {
        const { records, glue } = this.#nameServers();
        message.answer.push(this.#soa());
        message.authority.push(...records);
        message.additional.push(...glue);
        break;
      }
      case TYPE.NS: {
        const { records, glue } = this.#nameServers();
        message.answer.push(...records);
        message.additional.push(...glue);
        break;
      }
      case TYPE.AXFR:
        message.rcode = RCODE.NOTIMP;
        break;
      default:
        isGlobal = this.#dispatch({ message, question, opt: query.opt, transport, chasesLeft: CHASES_MAX }, prefix);
    }
    echoOpt(message, query.opt, isGlobal);
    return message;
  }

  /** Answers a name; `false` when the answer depends on who asks. */
  #dispatch(lookup: Lookup, prefix: string): boolean {
    const asked = parseName(prefix, lookup.question.type);
    switch (asked?.kind) {
      case "node":
        return this.#node(lookup, asked.name, asked.datacenter);
      case "service":
        return this.#service(lookup, asked);
      case "query":
        return this.#query(lookup, asked.name, asked.datacenter);
      case "addr":
        return this.#addr(lookup, asked);
      // Ingress gateways are not simulated, so no service has one.
      case "ingress":
      case undefined:
        return this.#answerNxdomain(lookup.message);
    }
  }

  #answerNxdomain(message: Message): true {
    message.rcode = RCODE.NXDOMAIN;
    message.authority.push(this.#soa());
    return true;
  }

  #soa(): Rr {
    const { domain, soa } = this.settings;
    return {
      type: TYPE.SOA,
      name: domain,
      ttl: soa.minTtl,
      data: {
        mname: `ns.${domain}`,
        rname: `hostmaster.${domain}`,
        serial: Math.floor(this.#agent.kernel.nowMs / 1000),
        refresh: soa.refresh,
        retry: soa.retry,
        expire: soa.expire,
        minimum: soa.minTtl,
      },
    };
  }

  /** As `reachDatacenter`; waits for a leader where there is none. */
  #reach(name: string | undefined): ReachedDatacenter | LookupTrouble {
    const reached = reachDatacenter(this.#cluster, this.#agent, this.settings, name);
    if (reached === "no-leader") this.waitedMs += this.#agent.holdMs;
    return reached;
  }

  #answerTrouble(message: Message, trouble: LookupTrouble): true {
    if (trouble === "no-path") return this.#answerNxdomain(message);
    message.rcode = RCODE.SERVFAIL;
    return true;
  }

  #nameServers(): { readonly records: readonly Rr[]; readonly glue: readonly Rr[] } {
    const reached = this.#reach(undefined);
    const records: Rr[] = [];
    const glue: Rr[] = [];
    if (typeof reached === "string") return { records, glue };
    const { domain, nodeTtlS: ttl, onlyPassing } = this.settings;
    for (const { entry } of healthyInstances(reached, { name: "consul", tag: "", isConnect: false }, onlyPassing)) {
      if (INVALID_NAME.test(entry.row.name)) continue;
      const target = nodeName(entry.row, reached.datacenter.name, this.settings).toLowerCase();
      records.push({ type: TYPE.NS, name: domain, ttl, target });
      glue.push(...(literalRecords(target, entry.row.address, TYPE.ANY, ttl) ?? []));
      if (records.length === NAME_SERVERS_MAX) break;
    }
    return { records, glue };
  }

  #node(lookup: Lookup, name: string, datacenter: string | undefined): true {
    const { message } = lookup;
    const { type, name: owner } = lookup.question;
    if (!NODE_TYPES.has(type)) return true;
    const reached = this.#reach(datacenter);
    if (typeof reached === "string") return this.#answerTrouble(message, reached);
    const known = reached.datacenter.catalog.node(name);
    if (known === undefined || !reached.authorizer.reads("node", known.name)) return this.#answerNxdomain(message);
    const row = translationOf(this.settings, this.#agent, reached.datacenter).node(known);
    const texts = metaRecords(owner, row, this.settings.nodeTtlS);
    if (type !== TYPE.TXT) message.answer.push(...this.#nodeRecords(row, lookup));
    if (type === TYPE.TXT || type === TYPE.ANY) message.answer.push(...texts);
    else if (this.settings.nodeMetaTxt) message.additional.push(...texts);
    return true;
  }

  #nodeRecords({ address }: NodeRow, lookup: Lookup): readonly Rr[] {
    const { name: owner, type } = lookup.question;
    const ttl = this.settings.nodeTtlS;
    const literal = literalRecords(owner, address, type, ttl);
    if (literal !== undefined) return literal;
    return [{ type: TYPE.CNAME, name: owner, ttl, target: fqdn(address) }, ...this.#chase(fqdn(address), lookup)];
  }

  /** What a host name leads to: within the domain by our own answers, else by one question to the recursors. */
  #chase(name: string, { chasesLeft }: Lookup): readonly Rr[] {
    const prefix = prefixOf(name.toLowerCase(), this.settings);
    if (prefix !== undefined && prefix !== "") {
      if (chasesLeft === 0) return [];
      const question = { name, type: TYPE.ANY, class: 1 };
      const message = newMessage({ id: 0, flags: 0, opcode: 0, question }, RCODE.NOERROR);
      this.#dispatch({ message, question, opt: undefined, transport: "udp", chasesLeft: chasesLeft - 1 }, prefix);
      return message.answer;
    }
    for (const recursor of this.settings.recursors) {
      const reply = this.#ask(recursor, name, TYPE.A, "udp");
      if (reply !== undefined) return reply.answer;
    }
    return [];
  }

  #ask(recursor: string, name: string, type: number, transport: Transport): UpstreamReply | undefined {
    const reply = askUpstream(this.#upstreams.get(recursor), name, type, transport);
    if (reply === undefined) this.waitedMs += this.settings.recursorTimeoutMs;
    return reply;
  }

  #service(lookup: Lookup, asked: Extract<NameQuestion, { kind: "service" }>): true {
    const reached = this.#reach(asked.datacenter);
    if (typeof reached === "string") return this.#answerTrouble(lookup.message, reached);
    const placed = healthyInstances(reached, asked, this.settings.onlyPassing);
    return this.#instances(lookup, placed, reached.datacenter, serviceTtlS(this.settings, asked.name));
  }

  #query(lookup: Lookup, name: string, asked: string | undefined): boolean {
    const reached = this.#reach(asked);
    if (typeof reached === "string") return !this.#answerTrouble(lookup.message, reached);
    const { datacenter, authorizer } = reached;
    const options = { authorizer, near: "", limit: 0, isConnect: false };
    const result = executeQuery(this.#cluster, this.#agent, datacenter, name, options);
    if (result === undefined) return !this.#answerNxdomain(lookup.message);
    const { TTL } = result.query.DNS;
    const ttl =
      TTL === "" ? serviceTtlS(this.settings, result.query.Service.Service) : Math.floor((durationNs(TTL) ?? 0) / 1e9);
    const placed = result.services.map((service) => result.datacenter.catalog.withEntry(service));
    return !this.#instances(lookup, placed, result.datacenter, ttl);
  }

  #instances(lookup: Lookup, placed: readonly PlacedService[], datacenter: Datacenter, ttl: number): true {
    const { message, question, transport, opt } = lookup;
    if (placed.length === 0) return this.#answerNxdomain(message);
    const shown = translate(placed, translationOf(this.settings, this.#agent, datacenter));
    const chase = (host: string): readonly Rr[] => this.#chase(host, lookup);
    const context = { settings: this.settings, datacenter: datacenter.name, ttl, chase };
    if (question.type === TYPE.SRV) answerServices(lookup, shown, context);
    else answerAddresses(lookup, shown, context);
    trim(message, transport, opt, this.settings);
    if (message.answer.length === 0 && (message.flags & FLAG.TC) === 0) message.authority.push(this.#soa());
    return true;
  }

  /** An address written as a name: no catalog is asked. */
  #addr({ message }: Lookup, { hex, prefix }: Extract<NameQuestion, { kind: "addr" }>): true {
    const length = Math.trunc(hex.length / 2);
    if (length !== 4 && length !== 16) return true;
    if (!/^(?:[0-9a-f]{2})+$/.test(hex)) return this.#answerNxdomain(message);
    message.answer.push({
      type: length === 4 ? TYPE.A : TYPE.AAAA,
      name: prefix + this.settings.domain,
      ttl: this.settings.nodeTtlS,
      address: addressText([...Buffer.from(hex, "hex")]),
    });
    return true;
  }

  /** The name of whoever has an address, whatever the type of the question. */
  #reverse(query: Query, question: Question, transport: Transport): Message {
    const message = this.#begin(query);
    if (question.type === TYPE.SOA) message.authority.push(this.#soa());
    const target = this.#nameOfHolder(question.name.toLowerCase());
    if (target === undefined) return this.#recurse(query, question, transport);
    message.answer.push({ type: TYPE.PTR, name: question.name, ttl: 0, target });
    echoOpt(message, query.opt, true);
    return message;
  }

  #nameOfHolder(name: string): string | undefined {
    const reached = this.#reach(undefined);
    if (typeof reached === "string") {
      // Nodes are asked for first, services after that.
      if (reached === "no-leader") this.waitedMs += this.#agent.holdMs;
      return undefined;
    }
    const { name: datacenter } = reached.datacenter;
    const holder = holderOf(reached, name);
    if (holder?.kind === "node") return nodeName(holder.node, datacenter, this.settings);
    return holder && `${holder.name}.service.${datacenter}.${this.settings.domain}`;
  }

  /** Asks the recursors in turn, by the client's transport; the first useful answer is passed on. */
  #recurse(query: Query, { name, type }: Question, transport: Transport): Message {
    const message = newMessage(query, RCODE.SERVFAIL);
    message.flags |= FLAG.RA;
    for (const recursor of this.settings.recursors) {
      const reply = this.#ask(recursor, name, type, transport);
      if (reply === undefined || (reply.rcode !== RCODE.NOERROR && reply.rcode !== RCODE.NXDOMAIN)) continue;
      message.rcode = reply.rcode;
      message.flags &= ~FLAG.CD;
      if (reply.isAuthoritative) message.flags |= FLAG.AA;
      if (reply.isTruncated) message.flags |= FLAG.TC;
      message.answer = reply.answer;
      message.authority = reply.authority;
      return message;
    }
    echoOpt(message, query.opt, true);
    return message;
  }
}
