import { encodeMessage, sizeOf } from "../wire/codec/encode.ts";
import { FLAG, type Message, type Opt, type Rr, type Transport, TYPE } from "../wire/codec/types.ts";

const PLAIN_BYTES_MAX = 512;
const TCP_BYTES_MAX = 65_535;

const isOpt = (rr: Rr): boolean => rr.type === TYPE.OPT;

/**
 * Cuts an answer to the size that its client accepts and writes it: names are pointers only if it would be too long otherwise (the DNS library of
 * BOSH DNS).
 */
export function writeCut(message: Message, transport: Transport, opt: Opt | undefined): Uint8Array | undefined {
  let bytesMax = TCP_BYTES_MAX;
  if (transport === "udp") {
    bytesMax = opt?.udpBytes ?? PLAIN_BYTES_MAX;
    if (opt !== undefined && !message.additional.some(isOpt))
      message.additional.push({ type: TYPE.OPT, name: ".", udpBytes: opt.udpBytes, ttl: 0, subnet: undefined });
  }
  const size = sizeOf(message, false);
  const isCut = (message.flags & FLAG.TC) !== 0;
  if (isCut && size < bytesMax) return encodeMessage(message, false);
  const limit = Math.max(bytesMax, PLAIN_BYTES_MAX);
  if (size <= limit) return encodeMessage(message, false);
  cut(message, limit);
  if (isCut) message.flags |= FLAG.TC;
  return encodeMessage(message, true);
}

/** Leaves as many records, from the first on, as fit with the OPT. */
function cut(message: Message, limit: number): void {
  const opts = message.additional.filter(isOpt);
  const rest = message.additional.filter((rr) => !isOpt(rr));
  const sections = [message.answer, message.authority, rest];
  const all = sections.flat();
  const keep = (count: number): void => {
    let left = count;
    const [answer = [], authority = [], additional = []] = sections.map((section) => {
      const kept = section.slice(0, left);
      left -= kept.length;
      return kept;
    });
    Object.assign(message, { answer, authority, additional: [...additional, ...opts] });
  };
  let [low, high] = [0, all.length + 1];
  while (high - low > 1) {
    const middle = low + Math.floor((high - low) / 2);
    keep(middle);
    if (sizeOf(message, true) <= limit) low = middle;
    else high = middle;
  }
  keep(low);
  message.flags &= ~FLAG.TC;
  if (low < all.length) message.flags |= FLAG.TC;
}
