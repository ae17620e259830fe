import { cacheKeyOf, isUndrawn } from "./answer-cache.ts";
import { decodeQuery } from "../wire/codec/decode.ts";
import { encodeMessage } from "../wire/codec/encode.ts";
import { FLAG, OPCODE, RCODE, type Question, type Transport } from "../wire/codec/types.ts";
import type { Resolver } from "./resolver.ts";

/** The largest datagram that a socket takes (65,535 bytes less the headers of IP and UDP). */
const DATAGRAM_BYTES_MAX = 65_507;

/** The answer to a packet; `undefined` is silence. */
export function answerPacket(resolver: Resolver, packet: Uint8Array, transport: Transport): Uint8Array | undefined {
  resolver.waitedMs = 0;
  const index = resolver.cache.rests() ? undefined : resolver.cachedIndex();
  if (index === undefined) return lookUp(resolver, packet, transport);
  const key = cacheKeyOf(packet, transport);
  const kept = resolver.cache.find(key, packet, index);
  if (kept !== undefined) return kept;
  const order = resolver.order.state;
  const answer = lookUp(resolver, packet, transport);
  if (answer !== undefined && resolver.isLastTimeless && isUndrawn(order, resolver.order.state))
    resolver.cache.keep(key, answer);
  return answer;
}

function lookUp(resolver: Resolver, packet: Uint8Array, transport: Transport): Uint8Array | undefined {
  const bytes = Buffer.isBuffer(packet) ? packet : Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength);
  const received = decodeQuery(bytes, resolver.settings.profile.takesHalfClass);
  switch (received.kind) {
    case "silence":
      return undefined;
    case "reject":
      return rejection(bytes, received.notImplemented, received.question);
    case "query": {
      const reply = encodeMessage(resolver.reply(received.query, transport), resolver.settings.compresses);
      return reply === undefined || (transport === "udp" && reply.length > DATAGRAM_BYTES_MAX) ? undefined : reply;
    }
  }
}

/** A refusal keeps the flags of the question except AA and Z. */
export function rejection(
  bytes: Buffer,
  notImplemented: boolean,
  question: Question | undefined,
): Uint8Array | undefined {
  const flags = bytes.readUInt16BE(2);
  return encodeMessage(
    {
      id: bytes.readUInt16BE(0),
      flags: FLAG.QR | (flags & (FLAG.TC | FLAG.RD | FLAG.RA | FLAG.AD | FLAG.CD)),
      opcode: notImplemented ? (flags >> 11) & 0x0f : OPCODE.QUERY,
      rcode: notImplemented ? RCODE.NOTIMP : RCODE.FORMERR,
      question,
      answer: [],
      authority: [],
      additional: [],
    },
    true,
  );
}
