import type { WireFault } from "../kernel/index.ts";

/** An agent's reply to a message. */
export interface DnsReply {
  /** The whole answer; absent for silence. */
  readonly message?: Uint8Array;
  /** Messages that follow it over TCP, as a transfer has them. */
  readonly more?: readonly Uint8Array[];
  /** How it fails on the wire, when a fault says so. */
  readonly wire?: WireFault;
  /** How often it is sent. Default 1. */
  readonly copies?: number;
  /** The time between two of its bytes over TCP, ms. Default none. */
  readonly byteMs?: number;
}

/** A whole answer, or silence. */
export const replyOf = (message: Uint8Array | undefined): DnsReply => (message === undefined ? {} : { message });

/** The part of a reply that arrives in the datagram; `undefined` if nothing does. */
export function datagramOf({ message, wire }: DnsReply): Uint8Array | undefined {
  return wire?.kind === "truncate" ? message?.subarray(0, wire.bytes) : message;
}
