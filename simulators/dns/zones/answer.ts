import { encodeMessage, sizeOf } from "../wire/codec/encode.ts";
import {
  FLAG,
  type Message,
  OPCODE,
  type Question,
  RCODE,
  type Rr,
  type Transport,
  TYPE,
} from "../wire/codec/types.ts";
import { readStrictly, type StrictQuery } from "./read.ts";
import { find, type RecordSet, type Zone, zoneOf } from "./zone.ts";

/** The message size that the server itself accepts, and the largest datagram that it sends (DNS flag day 2020). */
const UDP_BYTES_MAX = 1232;
const UDP_BYTES_MIN = 512;
const CLASS = { IN: 1, ANY: 255 } as const;
/** Types that do not denote data (RFC 1995, RFC 6895 §3.1). */
const IXFR = 251;
const NEVER_ASKED: readonly number[] = [TYPE.OPT, 249, 250];
/** The extended code BADVERS, 16, as the TTL of an OPT has it (RFC 6891 §6.1.3). */
const BADVERS_TTL = 1 << 24;
const DO_TTL = 0x8000;
/** How many aliases are followed. */
const ALIASES_MAX = 16;
/** How much of a zone one message of a transfer carries, bytes. */
const TRANSFER_BYTES = 16_384;

/** A name server that hosts zones. */
export interface Hosting {
  /** By their apex, in lower case. */
  readonly zones: ReadonlyMap<string, Zone>;
  /** Whether anybody may transfer whole zones. */
  readonly transfers: boolean;
}

/** The messages that answer a packet; an empty list is silence. Only a transfer has several. */
export function answerStrictly(hosting: Hosting, packet: Uint8Array, transport: Transport): readonly Uint8Array[] {
  const query = readStrictly(Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength));
  if (query === undefined) return [];
  const stream = transferOf(hosting, query, transport);
  if (stream !== undefined) return stream;
  const message = replyTo(hosting, query, transport);
  cut(message, query, transport);
  const bytes = encodeMessage(message, true);
  return bytes === undefined ? [] : [bytes];
}

function begin({ id, flags, opcode, question, offer }: StrictQuery, rcode: Message["rcode"]): Message {
  const own = offer && { udpBytes: UDP_BYTES_MAX, ttl: offer.isDo ? DO_TTL : 0 };
  return {
    id,
    flags: FLAG.QR | (flags & FLAG.RD),
    opcode,
    rcode,
    question,
    answer: [],
    authority: [],
    additional: own === undefined ? [] : [{ type: TYPE.OPT, name: ".", subnet: undefined, ...own }],
  };
}

function replyTo(hosting: Hosting, query: StrictQuery, transport: Transport): Message {
  const { question, offer, wrong, opcode } = query;
  if (wrong !== undefined || question === undefined) return begin(query, wrong ?? RCODE.FORMERR);
  if (offer !== undefined && offer.version > 0) {
    const message = begin(query, RCODE.NOERROR);
    message.additional = message.additional.map((rr) => ({ ...rr, ttl: rr.ttl | BADVERS_TTL }));
    return message;
  }
  if (opcode === OPCODE.NOTIFY) return begin(query, RCODE.NOTAUTH);
  if (question.class !== CLASS.IN && question.class !== CLASS.ANY) return begin(query, RCODE.REFUSED);
  if (NEVER_ASKED.includes(question.type)) return begin(query, RCODE.FORMERR);
  const zone = closest(hosting, question);
  if (zone === undefined) return begin(query, RCODE.REFUSED);
  if (question.type === TYPE.AXFR) return begin(query, transport === "udp" ? RCODE.NOTIMP : refusalOf(zone, question));
  const message = begin(query, RCODE.NOERROR);
  if (question.class === CLASS.IN) message.flags |= FLAG.AA;
  if (question.type === IXFR) message.answer.push(...soaOf(zone));
  else new Search(hosting, message, question).run(zone);
  return message;
}

const refusalOf = (zone: Zone, { name }: Question): Message["rcode"] =>
  name.toLowerCase() === zone.name ? RCODE.REFUSED : RCODE.NOTAUTH;

/** The zone that answers a question; for the DS of its own apex that is the one above. */
function closest({ zones }: Hosting, { name, type }: Question): Zone | undefined {
  const lower = name.toLowerCase();
  const zone = zoneOf(zones, lower);
  if (zone === undefined || type !== TYPE.DS || zone.name !== lower || lower === ".") return zone;
  return zoneOf(zones, lower.slice(lower.indexOf(".") + 1) || ".") ?? zone;
}

const soaOf = (zone: Zone): readonly Rr[] => zone.names.get(zone.name)?.get(TYPE.SOA)?.records ?? [];

/** A question on its path through the zones. */
class Search {
  readonly #hosting: Hosting;
  readonly #message: Message;
  readonly #question: Question;

  constructor(hosting: Hosting, message: Message, question: Question) {
    this.#hosting = hosting;
    this.#message = message;
    this.#question = question;
  }

  run(start: Zone): void {
    let [zone, owner]: [Zone | undefined, string] = [start, this.#question.name];
    const seen = new Set<string>();
    while (zone !== undefined && seen.size < ALIASES_MAX) {
      const name = owner.toLowerCase();
      if (seen.has(name)) return;
      seen.add(name);
      const target = this.#step(zone, owner, name);
      if (target === undefined) return;
      owner = target;
      zone = zoneOf(this.#hosting.zones, owner.toLowerCase());
    }
  }

  /** Adds what a zone has for a name; returns the name to continue with. */
  #step(zone: Zone, owner: string, name: string): string | undefined {
    const { type } = this.#question;
    const found = find(zone, name, type);
    if (found.kind === "delegation") return this.#refer(zone, found.servers);
    if (found.kind === "nothing") return this.#deny(zone, found.exists);
    const alias = found.sets.get(TYPE.CNAME);
    if (alias !== undefined && type !== TYPE.CNAME && type !== TYPE.ANY) {
      this.#give(owner, alias);
      const [record] = alias.records;
      return record?.type === TYPE.CNAME ? record.target : undefined;
    }
    const sets =
      type === TYPE.ANY ? [...found.sets.values()] : [found.sets.get(type)].filter((set) => set !== undefined);
    if (sets.length === 0) return this.#deny(zone, true);
    for (const set of sets) this.#give(owner, set);
    return undefined;
  }

  #give(owner: string, { records }: RecordSet): void {
    this.#message.answer.push(...records.map((record) => ({ ...record, name: owner })));
    this.#help(records);
  }

  /** Adds the addresses that the recipient of these records will need next. */
  #help(records: readonly Rr[]): void {
    for (const record of records) {
      const target =
        record.type === TYPE.NS || record.type === TYPE.SRV
          ? record.target
          : record.type === TYPE.MX
            ? record.exchange
            : undefined;
      const zone = target && zoneOf(this.#hosting.zones, target.toLowerCase());
      if (target === undefined || !zone) continue;
      const sets = zone.names.get(target.toLowerCase());
      for (const type of [TYPE.A, TYPE.AAAA])
        for (const each of sets?.get(type)?.records ?? [])
          if (!this.#message.additional.includes(each)) this.#message.additional.unshift(each);
    }
  }

  #refer(zone: Zone, servers: RecordSet): undefined {
    // The target of an alias within the zone is still this zone's answer.
    if (this.#message.answer.length === 0) this.#message.flags &= ~FLAG.AA;
    this.#message.authority.push(...servers.records);
    for (const server of servers.records) {
      if (server.type !== TYPE.NS) continue;
      const sets = zone.names.get(server.target.toLowerCase());
      for (const type of [TYPE.A, TYPE.AAAA]) this.#message.additional.unshift(...(sets?.get(type)?.records ?? []));
    }
  }

  /** RFC 2308 §3: how long a negative answer may be cached. */
  #deny(zone: Zone, exists: boolean): undefined {
    if (!exists) this.#message.rcode = RCODE.NXDOMAIN;
    for (const soa of soaOf(zone))
      if (soa.type === TYPE.SOA) this.#message.authority.push({ ...soa, ttl: Math.min(soa.ttl, soa.data.minimum) });
  }
}

/** Cuts an answer to the client's limit over UDP: first the additional records, then everything (RFC 2181 §9). */
function cut(message: Message, { offer }: StrictQuery, transport: Transport): void {
  if (transport === "tcp") return;
  const limit = Math.min(UDP_BYTES_MAX, Math.max(UDP_BYTES_MIN, offer?.udpBytes ?? 0));
  if (sizeOf(message, true) <= limit) return;
  const isReferral = message.answer.length === 0 && message.authority.some(({ type }) => type === TYPE.NS);
  message.additional = message.additional.filter(({ type }) => type === TYPE.OPT);
  if (!isReferral && sizeOf(message, true) <= limit) return;
  message.flags |= FLAG.TC;
  message.answer = [];
  message.authority = [];
}

/** A whole zone, if one is asked for and may be transferred (RFC 5936). */
function transferOf(hosting: Hosting, query: StrictQuery, transport: Transport): readonly Uint8Array[] | undefined {
  const { question, wrong, opcode } = query;
  const isTransfer = question?.type === TYPE.AXFR || question?.type === IXFR;
  if (!isTransfer || wrong !== undefined || transport === "udp" || opcode !== OPCODE.QUERY) return undefined;
  const zone = hosting.zones.get(question.name.toLowerCase());
  const isPlain = question.class === CLASS.IN && (query.offer?.version ?? 0) === 0;
  if (zone === undefined || !isPlain || !hosting.transfers) return undefined;
  const [soa] = soaOf(zone);
  if (soa === undefined) return undefined;
  const others = [...zone.names.values()]
    .flatMap((sets) => [...sets.values()])
    .flatMap(({ records }) => records)
    .filter((record) => record !== soa);
  return messagesOf(query, [soa, ...others, soa]);
}

function messagesOf(query: StrictQuery, records: readonly Rr[]): readonly Uint8Array[] {
  const messages: Uint8Array[] = [];
  let message = begin(query, RCODE.NOERROR);
  const flush = (): void => {
    message.flags |= FLAG.AA;
    const bytes = encodeMessage(message, true);
    if (bytes !== undefined) messages.push(bytes);
    message = begin(query, RCODE.NOERROR);
  };
  for (const record of records) {
    message.answer.push(record);
    // Measured only now and then, as measuring writes the whole message.
    if (message.answer.length % RECORDS_BETWEEN === 0 && sizeOf(message, true) > TRANSFER_BYTES) flush();
  }
  if (message.answer.length > 0) flush();
  return messages;
}

const RECORDS_BETWEEN = 64;
