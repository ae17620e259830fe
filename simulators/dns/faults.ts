import { faultPoint } from "../kernel/index.ts";
import { RCODE } from "./wire/codec/types.ts";

/*
 * What may fail between a resolver and Consul: a question or its answer is lost or late, an agent can't look anything up, a message is
 * truncated on its way, an agent answers from a catalog that has since changed. What a client must do about it: ask again, not take an
 * error for absence, and find a new primary within its own bound although stale answers still arrive.
 */

/** The fault point of all answers over DNS, of these agents. */
export const dnsAnswerPoint = (agents: readonly string[]) =>
  faultPoint({
    point: "dns:answer",
    effects: ["reset", "reply", "truncate", "stale", "delay"],
    prose:
      "A question stays without an answer (reset: over UDP the packet is lost, over TCP the connection breaks), is answered SERVFAIL (reply), with a message that stops in its middle (truncate), late (delay), or from a catalog of the past (stale). Resolvers ask again; who resolves must survive all five.",
    attributes: {
      transport: { prose: "how the question came", values: ["udp", "tcp"] },
      agent: { prose: "the name of the Consul agent that was asked", values: agents },
    },
    refuses: (effect) => {
      if (effect.kind !== "reply") return undefined;
      const isServfail = effect.status >= 500 && effect.body === undefined && effect.headers === undefined;
      return isServfail
        ? undefined
        : "a reply of dns:answer is SERVFAIL: a status from 500 to 599, no body, no headers";
    },
  });

/** What `dnsAnswerPoint` declares. */
export type DnsAnswerPoint = ReturnType<typeof dnsAnswerPoint>;

const HEADER_BYTES = 12;

/** A SERVFAIL that repeats the question; silence for less than a header. */
export function servfail(message: Uint8Array): Uint8Array | undefined {
  if (message.length < HEADER_BYTES) return undefined;
  const reply = new Uint8Array(message);
  reply[2] = 0x84 | ((message[2] ?? 0) & 0x79);
  reply[3] = RCODE.SERVFAIL;
  return reply;
}
