import { isIP } from "node:net";
import type { Body, Random } from "../../kernel/index.ts";
import type { Probe } from "../behaviour/probe.ts";
import { newMessage } from "../resolver/message.ts";
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
import type { RecursorPool } from "./forward.ts";
import type { RecordSet } from "./record-set.ts";

/** A question, as a handler gets it. */
interface Asked {
  readonly query: Query;
  readonly question: Question;
  readonly transport: Transport;
  /** As it came. */
  readonly packet: Uint8Array;
}

/** A reply, and whether it is cut to the client's limit; or the bytes of another server's reply, passed on unchanged. */
type Handled = { readonly message: Message; readonly cuts: boolean } | { readonly bytes: Uint8Array };

/** Answers the questions for a domain. */
export type Handle = (asked: Asked) => Body<Handled>;

const OWN = FLAG.AA | FLAG.RA;

function ownReply(query: Query, rcode: Message["rcode"], answer: Rr[] = []): Message {
  const message = newMessage(query, rcode);
  message.flags |= OWN;
  message.answer = answer;
  return message;
}

/** Answers from the director's records. */
export const fromRecords = (records: RecordSet, random: Random): Handle =>
  function* ({ query, question }) {
    const found = yield* records.resolve(question.name.toLowerCase());
    const rcode = found === "criteria" ? RCODE.FORMERR : found === "domain" ? RCODE.NXDOMAIN : RCODE.NOERROR;
    const { type } = question;
    if (type !== TYPE.A && type !== TYPE.AAAA && type !== TYPE.ANY)
      return { message: ownReply(query, rcode === RCODE.NXDOMAIN ? rcode : RCODE.NOERROR), cuts: false };
    const answer = typeof found === "string" ? [] : found.flatMap((ip) => addressRecord(question, ip));
    return { message: ownReply(query, rcode, random.shuffle(answer)), cuts: true };
  };

function addressRecord({ name, type }: Question, ip: string): readonly Rr[] {
  const own = isIP(ip) === IPV6 ? TYPE.AAAA : TYPE.A;
  return type === own || type === TYPE.ANY ? [{ type: own, name, ttl: 0, address: ip }] : [];
}

const IPV6 = 6;

/** Says that this machine is up. */
export const upcheck: Handle = function* ({ query, question }) {
  const answer = ["127.0.0.1", "::1"].flatMap((ip) => addressRecord(question, ip));
  return { message: ownReply(query, RCODE.NOERROR, answer), cuts: false };
};

/** Denies every name. */
export const deny = (rcode: Message["rcode"]): Handle =>
  function* ({ query }) {
    return { message: ownReply(query, rcode), cuts: false };
  };

/** Forwards questions; its own errors are not cut. */
export const forward = (pool: RecursorPool): Handle =>
  function* ({ query, question, transport, packet }) {
    const message = yield* pool.relay(query, question, transport, packet);
    if (message instanceof Uint8Array) return { bytes: message };
    return { message, cuts: message.rcode === RCODE.NOERROR };
  };

/** Reverse names of instances; all others are passed on. */
export const reverse = (records: RecordSet, next: Handle): Handle =>
  function* (asked) {
    const { query, question } = asked;
    const ip = reversedAddress(question.name.toLowerCase());
    const names = ip === undefined ? [] : records.namesOf(ip);
    if (ip !== undefined && names.length === 0) return yield* next(asked);
    const message = newMessage(query, ip === undefined ? RCODE.FORMERR : RCODE.NOERROR);
    message.flags |= FLAG.AA;
    message.answer = names.map((target) => ({ type: TYPE.PTR, name: question.name, ttl: 0, target }));
    return { message, cuts: false };
  };

/** BOSH DNS strips every character of the suffix from the end, not the suffix: an IPv6 address loses its last `a` and `6`. */
function reversedAddress(name: string): string | undefined {
  if (name.endsWith(".ip6.arpa.")) {
    const digits = name
      .replace(/[.ip6ar]+$/, "")
      .split(".")
      .reverse();
    while (digits.length < IPV6_DIGITS) digits.push("0");
    return digits.map((digit, at) => (at % 4 === 3 && at < digits.length - 1 ? `${digit}:` : digit)).join("");
  }
  if (!name.endsWith(".in-addr.arpa.")) return undefined;
  return name
    .replace(/[.in\-adrp]+$/, "")
    .split(".")
    .reverse()
    .join(".");
}

const IPV6_DIGITS = 32;

/** Asks an HTTP server, which answers in JSON. */
export const overHttp = (url: string, probe: Probe): Handle =>
  function* ({ query, question }) {
    const { name, type } = question;
    const target = `${url}/?name=${encodeURIComponent(name)}&type=${type}`;
    const reply = probe({
      kind: "http",
      url: target,
      method: "GET",
      headers: {},
      body: "",
      followsRedirects: true,
      timeoutMs: HTTP_TIMEOUT_MS,
    });
    // A network outside the kernel is not asked from here.
    const read =
      !(reply instanceof Promise) && reply.kind === "http" && reply.status === 200
        ? readAnswers(reply.body)
        : undefined;
    if (read === undefined) return { message: ownReply(query, RCODE.SERVFAIL), cuts: true };
    const message = ownReply(
      query,
      RCODE.NOERROR,
      read.answers.flatMap((each) => httpRecord(question, each)),
    );
    if (read.isTruncated) message.flags |= FLAG.TC;
    return { message, cuts: true };
  };

const HTTP_TIMEOUT_MS = 30_000;

interface HttpAnswer {
  readonly type: number;
  readonly TTL: number;
  readonly data: string;
}

function readAnswers(
  body: string,
): { readonly isTruncated: boolean; readonly answers: readonly HttpAnswer[] } | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof parsed !== "object" || Array.isArray(parsed)) return undefined;
  const { TC: truncated = false, Answer: list = [] }: { TC?: unknown; Answer?: unknown } = parsed ?? {};
  if (typeof truncated !== "boolean" || !(list === null || Array.isArray(list))) return undefined;
  const answers = (list ?? []).map((each: Partial<Record<string, unknown>> | null) => ({
    type: each?.type ?? 0,
    TTL: each?.TTL ?? 0,
    data: each?.data ?? "",
  }));
  const isAnswer = (each: Record<keyof HttpAnswer, unknown>): each is HttpAnswer =>
    typeof each.type === "number" && typeof each.TTL === "number" && typeof each.data === "string";
  return answers.every(isAnswer) ? { isTruncated: truncated, answers } : undefined;
}

/** Every answer is written as an IPv4 address, whatever its type: an IPv6 one becomes zeros, anything else is empty. */
function httpRecord({ name }: Question, { type, TTL: ttl, data }: HttpAnswer): readonly Rr[] {
  if (type !== TYPE.A && type !== TYPE.AAAA) return [];
  return [{ type, name, ttl, address: isIP(data) === IPV6 ? "0.0.0.0" : data }];
}
