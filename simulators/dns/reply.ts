import type { WireFault } from "../kernel/index.ts";

/** What an agent returns for a message. */
export interface DnsReply {
  /** The whole answer; without one there is silence. */
  readonly message?: Uint8Array;
  /** How it fails on the wire, if a fault says so. */
  readonly wire?: WireFault;
}

/** A whole answer, or silence. */
export const replyOf = (message: Uint8Array | undefined): DnsReply => (message === undefined ? {} : { message });

/** The part of a reply that arrives in the datagram; `undefined` if nothing does. */
export function datagramOf({ message, wire }: DnsReply): Uint8Array | undefined {
  return wire?.kind === "truncate" ? message?.subarray(0, wire.bytes) : message;
}
