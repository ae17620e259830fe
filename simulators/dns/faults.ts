import type { FaultPoint } from "../kernel/index.ts";
import { RCODE } from "./wire/types.ts";

/*
 * What may fail between a resolver and Consul: a question or its answer is lost, an agent can't look anything up, a datagram is
 * cut on its way, an agent answers from a catalog that has since changed. What whoever resolves must survive: to ask again, to
 * take no error for absence, to find a new primary within its own bound although an old answer still comes.
 */
export const DNS_FAULT: FaultPoint = {
  point: "dns:answer",
  effects: ["reset", "reply", "truncate", "stale"],
  prose:
    "A question stays without an answer (reset: the packet is lost), is answered SERVFAIL (reply), with a cut message (truncate), or from a catalog of the past (stale). Resolvers ask again; who resolves must survive all four.",
};

const HEADER_BYTES = 12;

/** A SERVFAIL with the question that came; silence for less than a header. */
export function servfail(message: Uint8Array): Uint8Array | undefined {
  if (message.length < HEADER_BYTES) return undefined;
  const reply = new Uint8Array(message);
  reply[2] = 0x84 | ((message[2] ?? 0) & 0x79);
  reply[3] = RCODE.SERVFAIL;
  return reply;
}
