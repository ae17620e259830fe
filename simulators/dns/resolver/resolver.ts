import type { Agent } from "../behaviour/agent.ts";
import type { Cluster } from "../behaviour/cluster.ts";
import { type DnsSettings, dnsSettings, serviceTtlS } from "../behaviour/config.ts";
import type { Datacenter } from "../behaviour/datacenter.ts";
import { durationNs } from "../wire/duration.ts";
import { ALLOW_ALL, type Authorizer } from "../state/acl-rules.ts";
import { isHealthy, weightOf } from "../state/health.ts";
import type { NodeEntry, NodeRow, ServiceRow } from "../state/rows.ts";
import { AS_IT_IS, BY_WAN, type Translation } from "../state/wan.ts";
import { addressBytes, addressText, hexLabel, reverseName } from "../wire/codec/address.ts";
import {
  FLAG,
  type Message,
  type Opt,
  type Query,
  RCODE,
  type Rcode,
  type Rr,
  type Transport,
  TYPE,
} from "../wire/codec/types.ts";
import { executeQuery } from "./execute.ts";
import { type NameQuestion, prefixOf, parseName } from "./names.ts";
import { addressRecord, fqdn, literalRecords, metaRecords } from "./records.ts";
import { askUpstream, type UpstreamReply, type Upstream } from "./recursor.ts";
import { trim } from "./trim.ts";

/** How often a CNAME within the domain is followed. */
const CHASES_MAX = 3;
/** Chased records in an answer without EDNS. */
const CHASED_RECORDS_MAX = 5;
const NAME_SERVERS_MAX = 3;
/** The catalog watches for names that no domain has. */
const INVALID_NAME = /[^A-Za-z0-9-]+/;

/** Why nothing can be looked up: nobody leads, the datacenter is unknown, the agent's token is. */
type Trouble = "no-leader" | "no-path" | "denied";

interface Lookup {
  readonly message: Message;
  readonly opt: Opt | undefined;
  readonly transport: Transport;
  chasesLeft: number;
}

const newMessage = (query: Pick<Query, "id" | "flags" | "opcode" | "question">, rcode: Rcode): Message => ({
  id: query.id,
  // Flags are copied for plain queries only.
  flags: FLAG.QR | (query.opcode === 0 ? query.flags & (FLAG.RD | FLAG.CD) : 0),
  opcode: query.opcode,
  rcode,
  question: query.question,
  answer: [],
  authority: [],
  additional: [],
});

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
    if (question.type === TYPE.DS && isRecursive) return this.#recurse(query, transport);
    if (name === "arpa." || name.endsWith(".arpa.")) return this.#reverse(query, transport, name);
    const prefix = prefixOf(name, this.settings);
    if (prefix !== undefined) return this.#own(query, transport, prefix);
    return isRecursive ? this.#recurse(query, transport) : newMessage(query, RCODE.REFUSED);
  }

  /** The first IPv4 address that a name has. */
  addressOf(name: string): string | undefined {
    const question = { name: fqdn(name), type: TYPE.A, class: 1 };
    const { answer } = this.reply({ id: 0, flags: 0, opcode: 0, question, opt: undefined }, "udp");
    for (const rr of answer) if (rr.type === TYPE.A) return rr.address;
    return undefined;
  }

  /** Answers from the catalog as it was some time ago. */
  stale<T>(ageMs: number, answer: () => T): T {
    return this.#agent.datacenter.catalog.asOf(this.#agent.kernel.nowMs - ageMs, answer);
  }

  #begin(query: Query): Message {
    const message = newMessage(query, RCODE.NOERROR);
    message.flags |= FLAG.AA | (this.settings.recursors.length > 0 ? FLAG.RA : 0);
    return message;
  }

  /** A name under the domain. */
  #own(query: Query, transport: Transport, prefix: string): Message {
    const message = this.#begin(query);
    let isGlobal = true;
    switch (query.question?.type) {
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
        isGlobal = this.#dispatch({ message, opt: query.opt, transport, chasesLeft: CHASES_MAX }, prefix);
    }
    echoOpt(message, query.opt, isGlobal);
    return message;
  }

  /** Answers a name; `false` when the answer depends on who asks. */
  #dispatch(asking: Lookup, prefix: string): boolean {
    const asked = parseName(prefix, asking.message.question?.type ?? 0);
    if (asked === undefined) return this.#answerNxdomain(asking.message);
    switch (asked.kind) {
      case "node":
        return this.#node(asking, asked.name, asked.datacenter);
      case "service":
        return this.#service(asking, asked);
      case "query":
        return this.#query(asking, asked.name, asked.datacenter);
      case "addr":
        return this.#addr(asking, asked);
      case "ingress":
        // Ingress gateways are not simulated, so no service has one.
        return this.#answerNxdomain(asking.message);
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

  /** The datacenter of a name and what the agent may see there, or what is in the way. */
  #reach(name: string | undefined): { readonly datacenter: Datacenter; readonly authorizer: Authorizer } | Trouble {
    const own = this.#agent.datacenter;
    const datacenter = name === undefined || name === own.name ? own : this.#cluster.datacenters.get(name);
    if (datacenter === undefined || (datacenter !== own && this.#cluster.serversOf(datacenter).length === 0))
      return "no-path";
    if (!datacenter.hasLeader && !(this.settings.takesStale && datacenter.hasData)) {
      this.waitedMs += this.#agent.holdMs;
      return "no-leader";
    }
    const authorizer = datacenter.acl.resolve(this.#agent.options.config.acl?.tokens?.default ?? "");
    return authorizer === undefined ? "denied" : { datacenter, authorizer };
  }

  #answerTrouble(message: Message, trouble: Trouble): true {
    if (trouble === "no-path") return this.#answerNxdomain(message);
    message.rcode = RCODE.SERVFAIL;
    return true;
  }

  #nameServers(): { readonly records: readonly Rr[]; readonly glue: readonly Rr[] } {
    const reached = this.#reach(undefined);
    const records: Rr[] = [];
    const glue: Rr[] = [];
    if (typeof reached === "string") return { records, glue };
    const { domain, nodeTtlS: ttl } = this.settings;
    for (const { entry } of this.#healthy(reached, "consul", "", false)) {
      if (INVALID_NAME.test(entry.row.name)) continue;
      const target = `${entry.row.name}.node.${reached.datacenter.name}.${domain}`.toLowerCase();
      records.push({ type: TYPE.NS, name: domain, ttl, target });
      glue.push(...(literalRecords(target, entry.row.address, TYPE.ANY, ttl) ?? []));
      if (records.length === NAME_SERVERS_MAX) break;
    }
    return { records, glue };
  }

  #node({ message, opt, transport, chasesLeft }: Lookup, name: string, datacenter: string | undefined): true {
    const { type, name: owner } = message.question as NonNullable<Message["question"]>;
    if (type !== TYPE.A && type !== TYPE.AAAA && type !== TYPE.ANY && type !== TYPE.TXT) return true;
    const reached = this.#reach(datacenter);
    if (typeof reached === "string") return this.#answerTrouble(message, reached);
    const known = reached.datacenter.catalog.node(name);
    if (known === undefined || !reached.authorizer.reads("node", known.name)) return this.#answerNxdomain(message);
    const row = this.#translation(reached.datacenter).node(known);
    const ttl = this.settings.nodeTtlS;
    if (type !== TYPE.TXT)
      message.answer.push(...this.#nodeRecords(row, owner, type, { message, opt, transport, chasesLeft }));
    if (type === TYPE.TXT || type === TYPE.ANY) message.answer.push(...metaRecords(owner, row, ttl));
    else if (this.settings.nodeMetaTxt) message.additional.push(...metaRecords(owner, row, ttl));
    return true;
  }

  #translation(datacenter: Datacenter): Translation {
    return this.settings.translatesWan && datacenter !== this.#agent.datacenter ? BY_WAN : AS_IT_IS;
  }

  /** Instances of another datacenter at the addresses that are meant for us. */
  #translate(placed: readonly PlacedInstance[], datacenter: Datacenter): readonly PlacedInstance[] {
    const translation = this.#translation(datacenter);
    if (translation === AS_IT_IS) return placed;
    return placed.map(({ service, entry }) => {
      const row = translation.node(entry.row);
      return { service: translation.service(service), entry: { ...entry, row }, isMoved: row !== entry.row };
    });
  }

  #nodeRecords({ address }: NodeRow, owner: string, type: number, asking: Lookup): readonly Rr[] {
    const ttl = this.settings.nodeTtlS;
    const literal = literalRecords(owner, address, type, ttl);
    if (literal !== undefined) return literal;
    return [{ type: TYPE.CNAME, name: owner, ttl, target: fqdn(address) }, ...this.#chase(fqdn(address), asking)];
  }

  /** What a host name leads to: within the domain by our own answers, else by one question to the recursors. */
  #chase(name: string, asking: Lookup): readonly Rr[] {
    const prefix = prefixOf(name.toLowerCase(), this.settings);
    if (prefix !== undefined && prefix !== "") {
      if (asking.chasesLeft === 0) return [];
      const question = { name, type: TYPE.ANY, class: 1 };
      const message = newMessage({ id: 0, flags: 0, opcode: 0, question }, RCODE.NOERROR);
      this.#dispatch({ message, opt: undefined, transport: "udp", chasesLeft: asking.chasesLeft - 1 }, prefix);
      return message.answer;
    }
    for (const recursor of this.settings.recursors) {
      const recursed = this.#ask(recursor, name, TYPE.A, "udp");
      if (recursed !== undefined) return recursed.answer;
    }
    return [];
  }

  #ask(recursor: string, name: string, type: number, transport: Transport): UpstreamReply | undefined {
    const recursed = askUpstream(this.#upstreams.get(recursor), name, type, transport);
    if (recursed === undefined) this.waitedMs += this.settings.recursorTimeoutMs;
    return recursed;
  }

  /** Instances that may be answered with, shuffled. */
  #healthy(
    { datacenter, authorizer }: { readonly datacenter: Datacenter; readonly authorizer: Authorizer },
    name: string,
    tag: string,
    isConnect: boolean,
    onlyPassing = this.settings.onlyPassing,
  ): readonly PlacedInstance[] {
    const healthy: PlacedInstance[] = [];
    for (const service of datacenter.catalog.instancesUnsorted(name)?.values() ?? []) {
      if (isConnect && !service.native) continue;
      if (tag !== "" && !service.tags.some((each) => each.toLowerCase() === tag)) continue;
      const entry = datacenter.catalog.entry(service.node) as NodeEntry;
      if (!isHealthy(entry, service, onlyPassing)) continue;
      if (
        authorizer !== ALLOW_ALL &&
        !(authorizer.reads("node", service.node) && authorizer.reads("service", service.name))
      )
        continue;
      healthy.push({ service, entry });
    }
    return healthy.length < 2 ? healthy : this.#agent.kernel.random("dns/order").shuffle(healthy);
  }

  #service(asking: Lookup, { name, tag, isConnect, datacenter }: Extract<NameQuestion, { kind: "service" }>): true {
    const { message } = asking;
    const reached = this.#reach(datacenter);
    if (typeof reached === "string") return this.#answerTrouble(message, reached);
    const placed = this.#healthy(reached, name, tag, isConnect);
    return this.#instances(asking, placed, reached.datacenter, serviceTtlS(this.settings, name));
  }

  #query(asking: Lookup, name: string, asked: string | undefined): boolean {
    const { message } = asking;
    const reached = this.#reach(asked);
    if (typeof reached === "string") return !this.#answerTrouble(message, reached);
    const { datacenter, authorizer } = reached;
    const executed = executeQuery(this.#cluster, this.#agent, datacenter, name, {
      authorizer,
      near: "",
      limit: 0,
      isConnect: false,
    });
    if (executed === undefined) return !this.#answerNxdomain(message);
    const { TTL } = executed.query.DNS;
    const ttl =
      TTL === ""
        ? serviceTtlS(this.settings, executed.query.Service.Service)
        : Math.floor((durationNs(TTL) ?? 0) / 1e9);
    const { catalog } = executed.datacenter;
    const placed = executed.services.map((service) => ({ service, entry: catalog.entry(service.node) as NodeEntry }));
    return !this.#instances(asking, placed, executed.datacenter, ttl);
  }

  #instances(asking: Lookup, placed: readonly PlacedInstance[], datacenter: Datacenter, ttl: number): true {
    const { message, transport, opt } = asking;
    if (placed.length === 0) return this.#answerNxdomain(message);
    const reachable = this.#translate(placed, datacenter);
    if (message.question?.type === TYPE.SRV) this.#srvRecords(asking, reachable, datacenter.name, ttl);
    else this.#addressRecords(asking, reachable, datacenter.name, ttl);
    trim(message, transport, opt, this.settings);
    if (message.answer.length === 0 && (message.flags & FLAG.TC) === 0) message.authority.push(this.#soa());
    return true;
  }

  #addressRecords(asking: Lookup, placed: readonly PlacedInstance[], datacenter: string, ttl: number): void {
    const { message } = asking;
    const seen = new Set<string>();
    let alias: readonly Rr[] | undefined;
    for (const each of placed) {
      const { answers } = this.#recordsOf(each, asking, datacenter, ttl);
      const [first] = answers;
      if (first === undefined) continue;
      if (first.type === TYPE.CNAME) {
        alias ??= answers;
        continue;
      }
      const address = first.type === TYPE.A || first.type === TYPE.AAAA ? first.address : "";
      if (seen.has(address)) continue;
      seen.add(address);
      message.answer.push(first);
      if (seen.size === this.settings.aRecordsMax) return;
    }
    if (message.answer.length === 0 && alias !== undefined) message.answer.push(...alias);
  }

  #srvRecords(asking: Lookup, placed: readonly PlacedInstance[], datacenter: string, ttl: number): void {
    const { message } = asking;
    const seen = new Set<string>();
    for (const each of placed) {
      const { service, entry } = each;
      const tuple = `${service.node}:${service.address}:${service.port}`;
      if (seen.has(tuple)) continue;
      seen.add(tuple);
      const { answers, extra } = this.#recordsOf(each, asking, datacenter, ttl);
      message.answer.push(...answers);
      message.additional.push(...extra);
      if (this.settings.nodeMetaTxt)
        message.additional.push(...metaRecords(this.#nodeName(entry.row, datacenter), entry.row, ttl));
    }
  }

  #nodeName({ name }: NodeRow, datacenter: string): string {
    return `${name}.node.${datacenter}.${this.settings.domain}`;
  }

  /** The records of one instance: an address, an alias, or an SRV with the addresses of its target. */
  #recordsOf(
    { service, entry, isMoved }: PlacedInstance,
    asking: Lookup,
    datacenter: string,
    ttl: number,
  ): { readonly answers: readonly Rr[]; readonly extra: readonly Rr[] } {
    const { name, type } = asking.message.question as NonNullable<Message["question"]>;
    const nodeBytes = addressBytes(entry.row.address);
    const ownBytes = service.address === "" ? undefined : addressBytes(service.address);
    // A service that is an alias of the very name asked for stands at its node.
    const isOwnAlias = nodeBytes !== undefined && service.address !== "" && fqdn(service.address) === name;
    const usesNode = service.address === "" || (ownBytes === undefined && isOwnAlias);
    const bytes = usesNode ? nodeBytes : ownBytes;
    if (bytes === undefined) return this.#aliasRecords(service, entry, asking, ttl);
    const address = usesNode ? entry.row.address : service.address;
    const target =
      type !== TYPE.SRV
        ? name
        : usesNode && isMoved !== true
          ? this.#nodeName(entry.row, datacenter)
          : `${hexLabel(bytes)}.addr.${datacenter}.${this.settings.domain}`;
    const record = addressRecord(target, bytes, address, type, ttl);
    if (record === undefined) return NOTHING;
    return type === TYPE.SRV
      ? { answers: [this.#srv(name, service, entry, target, ttl)], extra: [record] }
      : { answers: [record], extra: [] };
  }

  #srv(name: string, service: ServiceRow, entry: NodeEntry, target: string, ttl: number): Rr {
    return { type: TYPE.SRV, name, ttl, priority: 1, weight: weightOf(entry, service), port: service.port, target };
  }

  #aliasRecords(
    service: ServiceRow,
    entry: NodeEntry,
    asking: Lookup,
    ttl: number,
  ): { readonly answers: readonly Rr[]; readonly extra: readonly Rr[] } {
    const { name, type } = asking.message.question as NonNullable<Message["question"]>;
    const host = service.address === "" ? entry.row.address : service.address;
    if (host === "") return NOTHING;
    const target = fqdn(host);
    const chased = this.#chase(target, asking)
      .filter((rr) => rr.type === TYPE.CNAME || rr.type === TYPE.A || rr.type === TYPE.AAAA)
      .slice(0, asking.opt === undefined ? CHASED_RECORDS_MAX : undefined)
      .map((rr) => ({ ...rr, ttl }));
    if (type === TYPE.SRV) return { answers: [this.#srv(name, service, entry, target, ttl)], extra: chased };
    return { answers: [{ type: TYPE.CNAME, name, ttl, target }, ...chased], extra: [] };
  }

  /** An address written as a name: no catalog is asked. */
  #addr({ message }: Lookup, { hex, prefix }: Extract<NameQuestion, { kind: "addr" }>): true {
    const length = Math.trunc(hex.length / 2);
    if (length !== 4 && length !== 16) return true;
    if (!/^(?:[0-9a-f]{2})+$/.test(hex)) return this.#answerNxdomain(message);
    const bytes = [...Buffer.from(hex, "hex")];
    const type = length === 4 ? TYPE.A : TYPE.AAAA;
    message.answer.push({
      type,
      name: prefix + this.settings.domain,
      ttl: this.settings.nodeTtlS,
      address: addressText(bytes),
    });
    return true;
  }

  /** Who has an address: the first node that has, else the first service (of any type of question). */
  #reverse(query: Query, transport: Transport, name: string): Message {
    const message = this.#begin(query);
    if (query.question?.type === TYPE.SOA) message.authority.push(this.#soa());
    const target = this.#holderOf(name);
    if (target === undefined) return this.#recurse(query, transport);
    message.answer.push({ type: TYPE.PTR, name: query.question?.name ?? name, ttl: 0, target });
    echoOpt(message, query.opt, true);
    return message;
  }

  #holderOf(name: string): string | undefined {
    const reached = this.#reach(undefined);
    if (typeof reached === "string") {
      // Nodes are asked for first, services after that.
      if (reached === "no-leader") this.waitedMs += this.#agent.holdMs;
      return undefined;
    }
    const { datacenter, authorizer } = reached;
    const node = firstNode(
      datacenter.catalog.state.nodes.values(),
      (row) => isAt(row.address, name) && authorizer.reads("node", row.name),
    );
    if (node !== undefined) return this.#nodeName(node, datacenter.name);
    for (const { row } of datacenter.catalog.entries())
      for (const service of datacenter.catalog.servicesOf(row.name))
        if (
          isAt(service.address, name) &&
          authorizer.reads("node", row.name) &&
          authorizer.reads("service", service.name)
        )
          return `${service.name}.service.${datacenter.name}.${this.settings.domain}`;
    return undefined;
  }

  /** Asks the recursors in turn, by the client's transport; the first useful answer is passed on. */
  #recurse(query: Query, transport: Transport): Message {
    const message = newMessage(query, RCODE.SERVFAIL);
    message.flags |= FLAG.RA;
    const { name, type } = query.question as NonNullable<Query["question"]>;
    for (const recursor of this.settings.recursors) {
      const recursed = this.#ask(recursor, name, type, transport);
      if (recursed === undefined || (recursed.rcode !== RCODE.NOERROR && recursed.rcode !== RCODE.NXDOMAIN)) continue;
      message.rcode = recursed.rcode;
      message.flags &= ~FLAG.CD;
      if (recursed.isAuthoritative) message.flags |= FLAG.AA;
      if (recursed.isTruncated) message.flags |= FLAG.TC;
      message.answer = recursed.answer;
      message.authority = recursed.authority;
      return message;
    }
    echoOpt(message, query.opt, true);
    return message;
  }
}

interface PlacedInstance {
  readonly service: ServiceRow;
  readonly entry: NodeEntry;
  /** The node is at another address than its name says. */
  readonly isMoved?: boolean;
}

const NOTHING = { answers: [], extra: [] };

/** The first in the order of names among those that fit. */
function firstNode(entries: Iterable<NodeEntry>, fits: (row: NodeRow) => boolean): NodeRow | undefined {
  let first: NodeRow | undefined;
  for (const { row } of entries)
    if ((first === undefined || row.name.toLowerCase() < first.name.toLowerCase()) && fits(row)) first = row;
  return first;
}

function isAt(address: string, name: string): boolean {
  // The last digit of an address is the first of its reverse name; most differ there.
  const last = address.charCodeAt(address.length - 1);
  if (address === "" || !(name.charCodeAt(name.indexOf(".") - 1) === last || address.includes(":"))) return false;
  const bytes = addressBytes(address);
  return bytes !== undefined && reverseName(bytes) === name;
}

/** An OPT for an OPT: the client's size comes back, its subnet with the scope of the answer. */
function echoOpt(message: Message, opt: Opt | undefined, isGlobal: boolean): void {
  if (opt === undefined) return;
  const isFinal = message.rcode !== RCODE.NOERROR && message.rcode !== RCODE.FORMERR;
  const subnet = opt.subnet && { ...opt.subnet, scopeBits: isGlobal || isFinal ? 0 : opt.subnet.sourceBits };
  message.additional.push({ type: TYPE.OPT, name: ".", udpBytes: opt.udpBytes, ttl: 0, subnet });
}
