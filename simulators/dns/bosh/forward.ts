import type { Body } from "../../kernel/index.ts";
import { newMessage } from "../resolver/message.ts";
import { askUpstream, type Upstream } from "../resolver/recursor.ts";
import { FLAG, type Message, type Query, type Question, RCODE, type Transport } from "../wire/codec/types.ts";
import type { BoshDnsSettings } from "./config.ts";
import type { BoshDnsState } from "./state.ts";

const HISTORY = 25;
const FAILURES_MAX = 5;
/** The code is the lower half of its byte. */
const RCODES = 16;

/** The resolvers of a handler, asked in order until one has an answer. */
export class RecursorPool {
  readonly #domain: string;
  readonly #recursors: readonly string[];
  readonly #isSmart: boolean;
  readonly #settings: Pick<BoshDnsSettings, "recursorTimeoutMs" | "retriesMax">;
  readonly #upstreamAt: (address: string) => Upstream | undefined;
  readonly #state: () => BoshDnsState;

  constructor(
    domain: string,
    recursors: readonly string[],
    isSmart: boolean,
    { settings, upstreamAt, state }: ForwardContext,
  ) {
    this.#domain = domain;
    this.#recursors = recursors;
    this.#isSmart = isSmart;
    this.#settings = settings;
    this.#upstreamAt = upstreamAt;
    this.#state = state;
  }

  /** The first reply that is not an error; NXDOMAIN if there is none. */
  *relay(query: Query, question: Question, transport: Transport, packet: Uint8Array): Body<Message | Uint8Array> {
    const offset = this.#isSmart ? (this.#state().preferred.get(this.#domain) ?? 0) : 0;
    for (let at = 0; at < this.#recursors.length; at++) {
      const recursor = this.#recursors[(at + offset) % this.#recursors.length] ?? "";
      const reply = yield* this.#ask(recursor, query, question, transport, packet);
      if (this.#isSmart) this.#note(recursor, reply === undefined, at === 0);
      if (reply !== undefined) return reply;
    }
    return newMessage(query, RCODE.NXDOMAIN);
  }

  /** From now on, a resolver that fails too often is asked later. */
  #note(recursor: string, hasFailed: boolean, isFirst: boolean): void {
    const { histories, preferred } = this.#state();
    const key = `${this.#domain} ${recursor}`;
    const { failed } = histories.get(key) ?? { failed: [] };
    failed.push(hasFailed);
    if (failed.length > HISTORY) failed.shift();
    histories.set(key, { failed });
    if (hasFailed && isFirst && failed.filter(Boolean).length >= FAILURES_MAX)
      preferred.set(this.#domain, (preferred.get(this.#domain) ?? 0) + 1);
  }

  *#ask(
    recursor: string,
    query: Query,
    { name, type }: Question,
    transport: Transport,
    packet: Uint8Array,
  ): Body<Message | Uint8Array | undefined> {
    for (let tries = 0; tries <= this.#settings.retriesMax; tries++) {
      const upstream = this.#upstreamAt(recursor);
      if (upstream === undefined) continue;
      if (upstream.server !== undefined) {
        const bytes = upstream.server(packet, transport);
        if (bytes !== undefined) return (bytes[3] ?? 0) % RCODES === RCODE.NOERROR ? bytes : undefined;
        yield this.#settings.recursorTimeoutMs;
        continue;
      }
      const reply = askUpstream(upstream, name, type, transport);
      const { recursorTimeoutMs } = this.#settings;
      if (reply === undefined || (reply.afterMs ?? 0) >= recursorTimeoutMs) {
        yield recursorTimeoutMs;
        continue;
      }
      if (reply.afterMs !== undefined) yield reply.afterMs;
      if (reply.rcode !== RCODE.NOERROR) return undefined;
      const message = newMessage(query, RCODE.NOERROR);
      message.flags = FLAG.QR | (query.flags & FLAG.RD) | FLAG.RA;
      if (reply.isAuthoritative) message.flags |= FLAG.AA;
      if (reply.isTruncated) message.flags |= FLAG.TC;
      message.answer = reply.answer;
      message.authority = reply.authority;
      return message;
    }
    return undefined;
  }
}

/** The things that pools of resolvers need. */
export interface ForwardContext {
  readonly settings: Pick<BoshDnsSettings, "recursorTimeoutMs" | "retriesMax">;
  /** Undefined if nothing listens. */
  readonly upstreamAt: (address: string) => Upstream | undefined;
  readonly state: () => BoshDnsState;
}
