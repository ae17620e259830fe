import { faultPoint, isObject } from "../kernel/index.ts";
import type { DnsReply } from "./reply.ts";
import { decodeQuery } from "./wire/codec/decode.ts";
import { readName } from "./wire/codec/names.ts";
import { RCODE, TYPE } from "./wire/codec/types.ts";

/*
 * What may fail between a resolver and Consul: a question or its answer is lost or late, an agent can't look anything up or gives a false answer, a message is truncated on its way, an agent answers from a catalog that has since changed. What a client must do about it: ask
 * again, not take an error for absence, trust no TTL and no id blindly, and find a new primary within its own bound although stale
 * answers still arrive.
 */

/** How an answer is wrong, in the body of a `reply`. */
interface FalseAnswer {
  /** Only this code. */
  readonly rcode?: keyof typeof RCODE;
  /** With the flag TC, which says that it was truncated. */
  readonly tc?: boolean;
  /** With another id. */
  readonly id?: "wrong";
  /** With this TTL on every record, in seconds. */
  readonly ttl?: number;
  /** For another name than was asked for. */
  readonly question?: "wrong";
  /** How many times it is sent. */
  readonly copies?: number;
  /** A byte at a time, this many ms apart, over TCP; over UDP after the time that all bytes would take. */
  readonly byteMs?: number;
}

const TTL_MAX = 0x7fff_ffff;
const COPIES_MAX = 10;
const BYTE_MS_MAX = 60_000;

const isWhole = (value: unknown, from: number, to: number): boolean =>
  value === undefined || (typeof value === "number" && Number.isInteger(value) && value >= from && value <= to);

/** Reads how an answer is to be wrong; undefined for a body that does not say. */
function readFalseAnswer(body: unknown): FalseAnswer | undefined {
  if (!isObject(body)) return undefined;
  const { rcode, tc, id, ttl, question, copies, byteMs, ...rest } = body;
  const isRight =
    Object.keys(rest).length === 0 &&
    Object.keys(body).length > 0 &&
    (rcode === undefined || (typeof rcode === "string" && Object.hasOwn(RCODE, rcode))) &&
    (tc === undefined || typeof tc === "boolean") &&
    (id === undefined || id === "wrong") &&
    (question === undefined || question === "wrong") &&
    isWhole(ttl, 0, TTL_MAX) &&
    isWhole(copies, 2, COPIES_MAX) &&
    isWhole(byteMs, 1, BYTE_MS_MAX);
  return isRight ? body : undefined;
}

/** A name server; its fault point is `NAME:answer`. */
export type DnsFaceName = "dns" | "bosh-dns" | "name-server";

/** The fault point of all answers of a kind of name server, of which these agents exist. */
export const dnsAnswerPoint = (face: DnsFaceName, agents: readonly string[]) =>
  faultPoint({
    point: `${face}:answer`,
    effects: ["reset", "reply", "truncate", "stale", "delay"],
    prose:
      'A question stays without an answer (reset: over UDP the packet is lost, over TCP the connection breaks), is answered SERVFAIL (reply with a status from 500), falsely (reply with a body: {"rcode": "NXDOMAIN"}, {"tc": true}, {"id": "wrong"}, {"question": "wrong"}, {"ttl": 86400}, {"copies": 2}, {"byteMs": 100}), with a message that stops in its middle (truncate), late (delay), or as it was in the past (stale). Resolvers ask again; who resolves must survive all of it.',
    attributes: {
      transport: { prose: "how the question came", values: ["udp", "tcp"] },
      agent: { prose: "the name of the server that was asked", values: agents },
      question: { prose: "the name that was asked for, in lower case without its final dot" },
      type: { prose: "the type that was asked for: A, SRV …, TYPE65 for one without a name" },
      client: { prose: "the address that asked; empty for one within the process" },
    },
    refuses: (effect) => {
      if (effect.kind !== "reply") return undefined;
      const isServfail = effect.status >= 500 && effect.body === undefined && effect.headers === undefined;
      const isFalse = effect.headers === undefined && readFalseAnswer(effect.body) !== undefined;
      return isServfail || isFalse
        ? undefined
        : "a reply of DNS is SERVFAIL: a status from 500 to 599, no body, no headers; or its body says what is wrong: rcode, tc, id, question, ttl, copies, byteMs";
    },
  });

/** The declaration of `dnsAnswerPoint`. */
export type DnsAnswerPoint = ReturnType<typeof dnsAnswerPoint>;

const DATACENTER = { datacenter: { prose: "the name of the datacenter" } };

/** The servers of a datacenter lose their leader. */
export const LEADER_POINT = faultPoint({
  point: "dns:leader",
  effects: ["vanish"],
  prose:
    "The servers of a datacenter have no leader: writes and consistent reads wait and then fail, stale reads and DNS go on from what is known. It acts each time that somebody looks for the leader, so a rule needs count null to last.",
  attributes: DATACENTER,
});

/** A datacenter is lost to the others. */
export const DATACENTER_POINT = faultPoint({
  point: "dns:datacenter",
  effects: ["vanish"],
  prose:
    "No server of a datacenter can be reached from the others: its names are SERVFAIL there, and requests about it fail. It acts each time that one is looked for, so a rule needs count null to last.",
  attributes: DATACENTER,
});

const HEADER_BYTES = 12;

/** Only a code, with the question repeated; silence if there is not even a header. */
function refusal(message: Uint8Array, rcode: number): Uint8Array | undefined {
  if (message.length < HEADER_BYTES) return undefined;
  const reply = new Uint8Array(message);
  reply[2] = 0x84 | ((message[2] ?? 0) & 0x79);
  reply[3] = rcode;
  return reply;
}

/** Whether the body of a fault needs the true answer in order to falsify it. */
export const spoilsTruth = (body: unknown): boolean => readFalseAnswer(body)?.rcode === undefined && body !== undefined;

/** The false answer to a message; `found` is the true one, if it is needed. */
export function falseAnswer(message: Uint8Array, body: unknown, found: Uint8Array | undefined): DnsReply {
  const { rcode, tc, id, ttl, question, copies, byteMs }: FalseAnswer = readFalseAnswer(body) ?? { rcode: "SERVFAIL" };
  const base = rcode === undefined ? found : refusal(message, RCODE[rcode]);
  if (base === undefined) return {};
  const reply = Buffer.from(base);
  if (tc === true) reply[2] = reply.readUInt8(2) | 0x02;
  if (id === "wrong") reply.writeUInt16BE(reply.readUInt16BE(0) ^ 0xffff, 0);
  if (question === "wrong") misquote(reply);
  if (ttl !== undefined) rewriteTtls(reply, ttl);
  return { message: reply, ...(copies !== undefined && { copies }), ...(byteMs !== undefined && { byteMs }) };
}

/** Changes the first character of the name in the repeated question, and so of all names that point to it. */
function misquote(reply: Buffer): void {
  const at = HEADER_BYTES + 1;
  const first = reply[at];
  if (reply.readUInt16BE(4) === 0 || first === undefined || (reply[HEADER_BYTES] ?? 0) === 0) return;
  reply[at] = first === LETTER_X ? LETTER_X + 1 : LETTER_X;
}

const LETTER_X = 0x78;
const QUESTION_TAIL = 4;
const RECORD_TAIL = 10;

/** Sets the TTL of every record except the OPT, whose field is not a TTL. */
function rewriteTtls(reply: Buffer, ttl: number): void {
  let at = HEADER_BYTES;
  const skipName = (): boolean => {
    const name = readName(reply, at);
    at = name?.next ?? reply.length;
    return name !== undefined;
  };
  for (let left = reply.readUInt16BE(4); left > 0 && skipName(); left--) at += QUESTION_TAIL;
  const records = reply.readUInt16BE(6) + reply.readUInt16BE(8) + reply.readUInt16BE(10);
  for (let left = records; left > 0 && skipName() && at + RECORD_TAIL <= reply.length; left--) {
    if (reply.readUInt16BE(at) !== TYPE.OPT) reply.writeUInt32BE(ttl, at + 4);
    at += RECORD_TAIL + reply.readUInt16BE(at + 8);
  }
}

const TYPES: ReadonlyMap<number, string> = new Map(Object.entries(TYPE).map(([name, type]) => [type, name]));

/** The attributes of a question; its message is read only if a rule asks for them. */
export class Occasion {
  readonly transport: string;
  readonly agent: string;
  readonly client: string;
  readonly #message: Uint8Array;

  constructor(message: Uint8Array, transport: string, agent: string, client: string) {
    this.#message = message;
    this.transport = transport;
    this.agent = agent;
    this.client = client;
  }

  get question(): string {
    return this.#readQuestion()?.name.toLowerCase().replace(/\.$/, "") ?? "";
  }

  get type(): string {
    const asked = this.#readQuestion();
    return asked === undefined ? "" : (TYPES.get(asked.type) ?? `TYPE${asked.type}`);
  }

  #readQuestion(): { readonly name: string; readonly type: number } | undefined {
    const { buffer, byteOffset, byteLength } = this.#message;
    const received = decodeQuery(Buffer.from(buffer, byteOffset, byteLength));
    return received.kind === "query" ? received.query.question : undefined;
  }
}
