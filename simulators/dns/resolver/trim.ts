import type { DnsSettings } from "./settings.ts";
import { sizeOf } from "../wire/codec/encode.ts";
import { type Message, type Opt, type Rr, type Transport, TYPE } from "../wire/codec/types.ts";

const PLAIN_BYTES_MAX = 512;
/** Plain UDP answers never hold more records than this, whatever the configuration. */
const PLAIN_ANSWERS_MAX = 8;
const TCP_BYTES_MAX = 65_523;
const TCP_ANSWERS_MAX = 4096;
const TCP_SRV_MAX = 1024;
const SLACK_BYTES = 8;
/** How far over its limit a message is when the cut is found by bisection. */
const FAR_BYTES = 100;
const NEAR_BYTES = 10;

/** Cuts answers to what the transport takes, additional records with them (Consul 1.8, `trimDNSResponse`). */
export function trim(message: Message, transport: Transport, opt: Opt | undefined, settings: DnsSettings): void {
  const before = message.answer.length;
  if (before < 2 && settings.udpAnswersMax > 0) return;
  const extra = message.additional.length > 0 ? byOwner(message.additional) : undefined;
  if (transport === "tcp") trimTcp(message, extra, settings.compresses);
  else trimUdp(message, opt, extra, settings);
  if (message.answer.length < before && settings.truncates) message.flags |= 0x0200;
}

type Extra = ReadonlyMap<string, Rr>;

function byOwner(records: readonly Rr[]): Extra {
  const index = new Map<string, Rr>();
  for (const rr of records) {
    const owner = rr.name.toLowerCase();
    if (!index.has(owner)) index.set(owner, rr);
  }
  return index;
}

/** Keeps the first additional record for each target that is still among the answers, following aliases. */
function keepTargets(message: Message, extra: Extra | undefined): void {
  if (extra === undefined) return;
  const resolved = new Set<string>();
  message.additional = [];
  for (const rr of message.answer) {
    if (rr.type !== TYPE.SRV) continue;
    for (let target: string | undefined = rr.target.toLowerCase(); target !== undefined && !resolved.has(target); ) {
      resolved.add(target);
      const found = extra.get(target);
      if (found !== undefined) message.additional.push(found);
      target = found?.type === TYPE.CNAME ? found.target.toLowerCase() : undefined;
    }
  }
}

function trimUdp(message: Message, opt: Opt | undefined, extra: Extra | undefined, settings: DnsSettings): void {
  const bytesMax = Math.min(settings.profile.udpBytesMax, Math.max(PLAIN_BYTES_MAX, opt?.udpBytes ?? 0));
  const answersMax = Math.min(PLAIN_ANSWERS_MAX, settings.udpAnswersMax);
  let compresses = settings.compresses;
  if (bytesMax === PLAIN_BYTES_MAX && message.answer.length > answersMax) {
    compresses = false;
    message.answer = message.answer.slice(0, answersMax);
    keepTargets(message, extra);
  }
  shorten(message, bytesMax, bytesMax - SLACK_BYTES, compresses, extra);
}

function trimTcp(message: Message, extra: Extra | undefined, compresses: boolean): void {
  const most = message.question?.type === TYPE.SRV ? TCP_SRV_MAX : TCP_ANSWERS_MAX;
  if (message.answer.length > most) message.answer = message.answer.slice(0, most);
  shorten(message, TCP_BYTES_MAX, TCP_BYTES_MAX, compresses, extra);
}

function shorten(
  message: Message,
  bytesMax: number,
  fits: number,
  compresses: boolean,
  extra: Extra | undefined,
): void {
  if (sizeAtMost(message) <= fits) return;
  while (message.answer.length > 1) {
    const size = sizeOf(message, compresses);
    if (size <= fits) return;
    message.authority = [];
    const keep = size - bytesMax > FAR_BYTES ? halve(message, bytesMax, compresses, extra) : message.answer.length - 1;
    message.answer = message.answer.slice(0, keep);
    keepTargets(message, extra);
  }
}

const HEADER_BYTES = 12;
/** Bytes of type, class, TTL and length of a record, of the ends of its names, and of the fixed fields of the longest data. */
const RECORD_BYTES = 48;

/** An upper bound of a message's size, cheaper than the true one. */
function sizeAtMost({ question, answer, authority, additional }: Message): number {
  let bytes = HEADER_BYTES + RECORD_BYTES + (question?.name.length ?? 0);
  for (const section of [answer, authority, additional]) for (const rr of section) bytes += recordAtMost(rr);
  return bytes;
}

function recordAtMost(rr: Rr): number {
  const bytes = RECORD_BYTES + rr.name.length * UTF8_BYTES_MAX;
  switch (rr.type) {
    case TYPE.A:
    case TYPE.AAAA:
      return bytes;
    case TYPE.OPT:
      return bytes;
    case TYPE.SRV:
      return bytes + rr.target.length * UTF8_BYTES_MAX;
    default:
      // Rarer records are measured.
      return Number.POSITIVE_INFINITY;
  }
}

const UTF8_BYTES_MAX = 3;

/** The number of answers that fit, found by bisection, which stops early when it is near enough. */
function halve(message: Message, bytesMax: number, compresses: boolean, extra: Extra | undefined): number {
  const all = message.answer;
  let [low, high] = [0, all.length + 1];
  while (high - low > 1) {
    const middle = low + Math.floor((high - low) / 2);
    message.answer = all.slice(0, middle);
    keepTargets(message, extra);
    const size = sizeOf(message, compresses);
    if (size > bytesMax) high = middle;
    else if (bytesMax - size < NEAR_BYTES) {
      message.answer = all;
      return middle;
    } else low = middle;
  }
  message.answer = all;
  return low;
}
