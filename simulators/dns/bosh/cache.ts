import type { Message, Query, Question, Rr } from "../wire/codec/types.ts";
import { FLAG, RCODE, TYPE } from "../wire/codec/types.ts";
import { newMessage } from "../resolver/message.ts";
import type { BoshDnsState } from "./state.ts";

/** A reply kept for later (CoreDNS's cache, as BOSH DNS uses it). */
export interface CachedReply {
  readonly storedMs: number;
  /** Seconds. */
  readonly ttl: number;
  readonly rcode: Message["rcode"];
  readonly isAvailable: boolean;
  readonly answer: readonly Rr[];
  readonly authority: readonly Rr[];
  readonly additional: readonly Rr[];
}

const TTL_MIN = 5;
const POSITIVE_TTL_MAX = 3600;
const NEGATIVE_TTL_MAX = 1800;
const DO = 0x8000;
const MS = 1000;

type Kind = "success" | "denial" | "failure" | "none";

function kindOf({ rcode, answer, authority }: Message): Kind {
  if (rcode === RCODE.NOERROR && answer.length > 0) return "success";
  const hasSoa = authority.some(({ type }) => type === TYPE.SOA);
  if (hasSoa && (rcode === RCODE.NOERROR || rcode === RCODE.NXDOMAIN)) return "denial";
  if (rcode === RCODE.SERVFAIL || rcode === RCODE.NOTIMP) return "failure";
  return rcode === RCODE.NOERROR ? "success" : "none";
}

/** How long a reply is kept, in seconds. */
function ttlOf(kind: Kind, { answer, authority, additional }: Message): number {
  const records = [...answer, ...authority, ...additional].filter(({ type }) => type !== TYPE.OPT);
  if (kind === "failure" || records.length === 0) return TTL_MIN;
  const ttls = records.map((rr) =>
    kind === "denial" && rr.type === TYPE.SOA ? Math.min(rr.ttl, rr.data.minimum) : rr.ttl,
  );
  const most = kind === "denial" ? NEGATIVE_TTL_MAX : POSITIVE_TTL_MAX;
  return Math.max(TTL_MIN, Math.min(most, ...ttls));
}

const keyOf = (domain: string, { name, type }: Question, query: Query): string => {
  const wantsSignatures = ((query.opt?.ttl ?? 0) & DO) !== 0;
  const isUnchecked = (query.flags & FLAG.CD) !== 0;
  return `${domain} ${name.toLowerCase()} ${type} ${wantsSignatures} ${isUnchecked}`;
};

const withTtl = (records: readonly Rr[], ttl: number): Rr[] =>
  records.filter(({ type }) => type !== TYPE.OPT).map((rr) => ({ ...rr, ttl }));

/** The cache of replies to a handler's questions. */
export class ReplyCache {
  readonly #domain: string;
  readonly #kept: () => BoshDnsState["cache"];

  constructor(domain: string, kept: () => BoshDnsState["cache"]) {
    this.#domain = domain;
    this.#kept = kept;
  }

  find(query: Query, question: Question, nowMs: number): Message | undefined {
    const kept = this.#kept().get(keyOf(this.#domain, question, query));
    if (kept === undefined) return undefined;
    const left = kept.ttl - Math.floor((nowMs - kept.storedMs) / MS);
    if (left <= 0) return undefined;
    const message = newMessage(query, kept.rcode);
    message.flags |= FLAG.AA | (kept.isAvailable ? FLAG.RA : 0);
    message.answer = withTtl(kept.answer, left);
    message.authority = withTtl(kept.authority, left);
    message.additional = withTtl(kept.additional, left);
    return message;
  }

  /** Caches a reply if allowed, and sets its records' TTL to the time for which it is cached. */
  keep(query: Query, question: Question, message: Message, nowMs: number): void {
    const kind = kindOf(message);
    const ttl = ttlOf(kind, message);
    const { answer, authority, additional } = message;
    if (kind !== "none" && (message.flags & FLAG.TC) === 0)
      this.#kept().set(keyOf(this.#domain, question, query), {
        storedMs: nowMs,
        ttl,
        rcode: message.rcode,
        isAvailable: (message.flags & FLAG.RA) !== 0,
        answer: [...answer],
        authority: [...authority],
        additional: [...additional],
      });
    if (kind === "none") return;
    message.answer = withTtl(answer, ttl);
    message.authority = withTtl(authority, ttl);
    message.additional = [...withTtl(additional, ttl), ...additional.filter(({ type }) => type === TYPE.OPT)];
  }
}
