import { isObject } from "../../kernel/index.ts";
import type { ConsulVersion } from "../index.ts";
import { canonical, differences, maskReply } from "./compare.ts";
import { readReply } from "./message.ts";
import type { DnsRecord, DnsReplyRecord, DnsStep, Timing } from "./recording.ts";

const IMMEDIATE_MS_MAX = 700;
const SLACK_MS = 200;
/** Today's Consul retries with jitter for up to this many times the hold time, and a little longer. */
const HELD_FACTOR = 3;
const HELD_SLACK_MS = 1000;

/** Says how the time that an answer took differs from its recorded class. */
export function timingDifferences(
  timing: Timing | undefined,
  tookMs: number,
  version: ConsulVersion,
): readonly string[] {
  if (timing === undefined) return [];
  const held = version === "1.8.7" ? 1 : HELD_FACTOR;
  const waitMs = timing.wait_ms ?? 0;
  const [from, to] =
    timing.class === "immediate" || timing.class === "woken"
      ? [0, IMMEDIATE_MS_MAX]
      : timing.class === "held"
        ? [waitMs, waitMs * held + (held > 1 ? HELD_SLACK_MS : SLACK_MS)]
        : [waitMs, waitMs * (1 + 1 / 16) + SLACK_MS];
  return tookMs >= from && tookMs <= to ? [] : [`took ${tookMs} ms, expected ${from} to ${to} (${timing.class})`];
}

/** A value with every text in it filled in, including names of members. */
export function fillInAll<T>(value: T, fillIn: (text: string) => string): T;
/** As above. */
export function fillInAll(value: unknown, fillIn: (text: string) => string): unknown {
  if (typeof value === "string") return fillIn(value);
  if (Array.isArray(value)) return value.map((each: unknown) => fillInAll(each, fillIn));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [fillIn(key), fillInAll(member, fillIn)]));
}

const HEADER_BYTES = 12;
const withoutOptions = (edns: DnsReplyRecord["edns"]): unknown => edns && { udp: edns.udp, version: edns.version ?? 0 };
const SECTIONS = ["answer", "authority", "additional"] as const;

/** Lists how a DNS answer differs from the recorded one: byte for byte, unless its order is random. */
export function dnsDifferences(
  step: DnsStep,
  reply: DnsReplyRecord,
  actual: Buffer,
  fillIn: (text: string) => string,
): readonly string[] {
  const mask = new Set(step.mask);
  const isExact = [...mask].every((path) => path === "$..serial") && step.dns.query_hex !== undefined;
  if (isExact && typeof step.reply_hex === "string")
    return bytesDiffer(Buffer.from(step.reply_hex, "hex"), actual, step.hex_mask ?? []);
  const expected = fillInAll(reply, fillIn);
  if (actual.length < HEADER_BYTES)
    return [`a message expected, got ${actual.length} bytes: ${actual.toString("hex")}`];
  const shown = readReply(actual);
  const found: string[] = [];
  for (const field of ["rcode", "flags", "question"] as const)
    found.push(...differences(expected[field], shown[field], `$.${field}`));
  if (!mask.has("$.edns"))
    found.push(...differences(withoutOptions(expected.edns), withoutOptions(shown.edns), "$.edns"));
  if (!mask.has("$.size") && step.dns.query_hex !== undefined)
    found.push(...differences(expected.size, shown.size, "$.size"));
  for (const section of SECTIONS) found.push(...sectionDiffers(section, expected[section], shown[section], step, mask));
  return found;
}

function bytesDiffer(
  expected: Buffer,
  actual: Buffer,
  holes: readonly (readonly [number, number])[],
): readonly string[] {
  const blank = (bytes: Buffer): Buffer => {
    const copy = Buffer.from(bytes);
    for (const [at, length] of holes) copy.fill(0, Math.min(at, copy.length), Math.min(at + length, copy.length));
    return copy;
  };
  if (blank(expected).equals(blank(actual))) return [];
  if (actual.length < HEADER_BYTES)
    return [`${expected.length} bytes expected, got ${actual.length}: ${actual.toString("hex")}`];
  const shown = differences(readReply(expected), readReply(actual));
  return shown.length > 0 ? shown : [`bytes ${expected.toString("hex")} expected, got ${actual.toString("hex")}`];
}

function sectionDiffers(
  section: (typeof SECTIONS)[number],
  expected: readonly DnsRecord[],
  actual: readonly DnsRecord[],
  { candidates }: DnsStep,
  mask: ReadonlySet<string>,
): readonly string[] {
  if (mask.has("answer-pick") && section !== "authority") {
    const pool = new Set((candidates?.[section] ?? []).map(canonical));
    const keys = actual.map(canonical);
    const unexpected = keys.filter((key) => !pool.has(key));
    const found = unexpected.map((key) => `$.${section}: ${key} is not a candidate`);
    if (new Set(keys).size !== keys.length) found.push(`$.${section}: a record twice`);
    if (!mask.has(`${section}-count`) && keys.length !== expected.length)
      found.push(`$.${section}: ${expected.length} records expected, got ${keys.length}`);
    return found;
  }
  if (mask.has(`${section}-order`))
    return differences(expected.map(canonical).sort(), actual.map(canonical).sort(), `$.${section}`);
  const free = mask.has("$..serial") ? ["$..serial"] : [];
  return differences(maskReply(expected, free), maskReply(actual, free), `$.${section}`);
}
