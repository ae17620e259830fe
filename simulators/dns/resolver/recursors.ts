import type { DnsSettings } from "./settings.ts";
import { FLAG, type Message, type Query, type Question, RCODE, type Transport } from "../wire/codec/types.ts";
import { echoOpt, newMessage } from "./message.ts";
import { askUpstream, type Upstream, type UpstreamReply } from "./recursor.ts";

/** The resolvers to which an agent passes questions about other domains, in the order in which it asks them. */
export class Recursors {
  readonly #settings: Pick<DnsSettings, "recursors" | "recursorTimeoutMs">;
  readonly #upstreams: ReadonlyMap<string, Upstream>;
  /** Called for each resolver that does not answer, with the time spent on it, ms. */
  readonly #onTimeout: (ms: number) => void;

  constructor(
    settings: Pick<DnsSettings, "recursors" | "recursorTimeoutMs">,
    upstreams: readonly Upstream[],
    onTimeout: (ms: number) => void,
  ) {
    this.#settings = settings;
    this.#upstreams = new Map(upstreams.map((upstream) => [upstream.listen, upstream]));
    this.#onTimeout = onTimeout;
  }

  /** Yields the replies of those that answer; each is asked only when its turn comes. */
  *replies(name: string, type: number, transport: Transport): Generator<UpstreamReply> {
    for (const recursor of this.#settings.recursors) {
      const reply = askUpstream(this.#upstreams.get(recursor), name, type, transport);
      if (reply === undefined) this.#onTimeout(this.#settings.recursorTimeoutMs);
      else yield reply;
    }
  }

  /** Passes on the first useful reply, by the client's transport; SERVFAIL if there is none. */
  relay(query: Query, { name, type }: Question, transport: Transport): Message {
    const message = newMessage(query, RCODE.SERVFAIL);
    message.flags |= FLAG.RA;
    for (const reply of this.replies(name, type, transport)) {
      if (reply.rcode !== RCODE.NOERROR && reply.rcode !== RCODE.NXDOMAIN) continue;
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
