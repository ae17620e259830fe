import type { ScenarioScore } from "../../parity/ratchet.ts";
import { Process } from "../../kernel/index.ts";
import { ConsulClient, type Flight, recordOf } from "./client.ts";
import { canonical, differences, maskReply } from "./compare.ts";
import { buildQuery, readReply } from "./message.ts";
import { valueAt } from "./path.ts";
import {
  type DnsRecord,
  type DnsStep,
  type HttpReplyRecord,
  type HttpStep,
  readScenarios,
  type RecordedRequest,
  type Scenario,
  type RecordedStep,
  type Timing,
} from "./recording.ts";

export interface ScenarioResult extends ScenarioScore {
  readonly failures: readonly {
    readonly step: number;
    readonly what: string;
    readonly differences: readonly string[];
  }[];
}

export interface ReplayOptions {
  /** Only scenarios whose id this matches. */
  readonly only?: RegExp;
}

/** Replays recordings of a real Consul, each scenario on agents of its own, on virtual time. */
export async function replay(
  recordings: string,
  options: ReplayOptions = {},
): Promise<{ readonly service: string; readonly scenarios: readonly ScenarioResult[] }> {
  const chosen = readScenarios(recordings).filter(({ id }) => options.only?.test(id) ?? true);
  return { service: "consul", scenarios: chosen.map(replayScenario) };
}

/** A scenario whose configuration is not simulated matches nowhere. */
function replayScenario(scenario: Scenario): ScenarioResult {
  try {
    return new ScenarioReplay(scenario).result();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const { id, area, steps } = scenario;
    const failures = steps.map((step, at) => ({ step: at, what: nameOf(step), differences: [why] }));
    return { id, area, steps: steps.length, matched: 0, firstDifference: why, failures };
  }
}

const IMMEDIATE_MS_MAX = 700;
const SLACK_MS = 200;

/** One scenario on its way: what it has captured and what still runs. */
class ScenarioReplay {
  readonly #scenario: Scenario;
  readonly #client: ConsulClient;
  readonly #captured = new Map<string, unknown>();
  readonly #flights = new Map<
    string,
    { readonly flight: Flight; readonly request: RecordedRequest; readonly sinceMs: number }
  >();

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.#client = new ConsulClient(scenario);
  }

  result(): ScenarioResult {
    const { id, area, steps } = this.#scenario;
    const failures = steps.flatMap((step, at) => {
      const found = this.#attempt(step);
      return found.length === 0 ? [] : [{ step: at, what: nameOf(step), differences: found }];
    });
    const [first] = failures;
    return {
      id,
      area,
      steps: steps.length,
      matched: steps.length - failures.length,
      ...(first && { firstDifference: `step ${first.step} [${first.what}] ${first.differences[0] ?? ""}` }),
      failures,
    };
  }

  #attempt(step: RecordedStep): readonly string[] {
    try {
      return this.#step(step);
    } catch (error) {
      return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
    }
  }

  #step(step: RecordedStep): readonly string[] {
    if ("http" in step) return this.#http(step);
    if ("dns" in step) return this.#dns(step);
    if ("join" in step) return this.#join(step);
    if ("pending" in step) return this.#pending(step.pending);
    if ("kill" in step) this.#client.kill(step.kill);
    else this.#client.sleep(step.wait_ms);
    return [];
  }

  /** Fills in what was captured; other `${…}` are meant as they stand. */
  #fillIn(text: string): string {
    return text.replace(/\$\{(\w+)\}/g, (whole, name: string) =>
      this.#captured.has(name) ? String(this.#captured.get(name)) : whole,
    );
  }

  #fillInAll<T>(value: T): T {
    return value === undefined ? value : (JSON.parse(this.#fillIn(JSON.stringify(value))) as T);
  }

  #http(step: HttpStep): readonly string[] {
    const { body } = step.http;
    const request = {
      ...this.#fillInAll({ ...step.http, body: undefined }),
      ...(body !== undefined && { body: typeof body === "string" ? this.#fillIn(body) : this.#fillInAll(body) }),
    };
    const sinceMs = this.#client.kernel.nowMs;
    const flight = this.#client.send(request, step.agent);
    if (step.start !== undefined) {
      this.#flights.set(step.start, { flight, request, sinceMs });
      return [];
    }
    const reply = recordOf(this.#client.settle(flight), request.method, request.raw_body === true);
    if (step.reply?.disconnected === true)
      return reply.status === 0 ? [] : [`a broken connection expected, got ${reply.status}`];
    return this.#judge(step, reply, sinceMs);
  }

  #pending(name: string): readonly string[] {
    const flight = this.#flights.get(name)?.flight;
    return flight instanceof Process && flight.running ? [] : [`${name} does not wait`];
  }

  #join(step: Extract<RecordedStep, { join: string }>): readonly string[] {
    const started = this.#flights.get(step.join);
    if (started === undefined) return [`${step.join} was never started`];
    const { flight, request, sinceMs } = started;
    const joinedMs = this.#client.kernel.nowMs;
    const reply = recordOf(this.#client.settle(flight), request.method, request.raw_body === true);
    return this.#judge(step, reply, step.timing?.class === "woken" ? joinedMs : sinceMs);
  }

  #judge(
    step: HttpStep | Extract<RecordedStep, { join: string }>,
    reply: HttpReplyRecord,
    sinceMs: number,
  ): readonly string[] {
    for (const [name, path] of Object.entries(step.capture ?? {})) this.#captured.set(name, valueAt(reply, path));
    const mask = step.mask ?? [];
    const expected = lowerHeaders(step.reply as HttpReplyRecord);
    return [
      ...differences(maskReply(this.#expectedReply(expected), mask), maskReply(reply, mask)),
      ...(step.assert ?? []).flatMap(([path, relation, name]) => this.#relates(valueAt(reply, path), relation, name)),
      ...timingDifferences(step.timing, this.#client.kernel.nowMs - sinceMs),
    ];
  }

  /** The recorded reply with captured texts filled in. */
  #expectedReply(reply: HttpReplyRecord): HttpReplyRecord {
    const fill = (value: unknown): unknown => {
      if (typeof value === "string") return this.#fillIn(value);
      if (Array.isArray(value)) return value.map(fill);
      if (typeof value !== "object" || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([key, member]) => [this.#fillIn(key), fill(member)]));
    };
    return fill(reply) as HttpReplyRecord;
  }

  #relates(value: unknown, relation: "<" | "=" | ">", name: string): readonly string[] {
    const [left, right] = [Number(value), Number(this.#fillIn(name))];
    const holds = relation === "<" ? left < right : relation === ">" ? left > right : left === right;
    return holds ? [] : [`${left} ${relation} ${right} does not hold (${name})`];
  }

  #dns(step: DnsStep): readonly string[] {
    const { dns } = step;
    if (dns.stream_hex !== undefined) return this.#stream(step, dns.stream_hex);
    const query =
      dns.query_hex === undefined
        ? buildQuery(this.#fillIn(dns.question), dns.id ?? 0x1000, dns.edns?.udp)
        : Buffer.from(dns.query_hex, "hex");
    const sinceMs = this.#client.kernel.nowMs;
    const reply = this.#client.ask(query, dns.transport, step.agent);
    const late = timingDifferences(step.timing, this.#client.kernel.nowMs - sinceMs);
    if (reply === undefined) return step.reply === null ? late : ["no reply"];
    if (step.reply === null || step.reply === undefined)
      return [`silence expected, got ${Buffer.from(reply).toString("hex")}`];
    return [...dnsDifferences(step, Buffer.from(reply), (text) => this.#fillIn(text)), ...late];
  }

  #stream(step: DnsStep, chunks: readonly string[]): readonly string[] {
    const pieces = chunks.map((chunk) => Buffer.from(chunk, "hex"));
    const { half_close: isHalfClosed = false, timeout_ms: timeoutMs = STREAM_MS } = step.dns;
    const { replies, closed } = this.#client.stream(pieces, isHalfClosed, timeoutMs, step.agent);
    const shown = replies.map((reply) => Buffer.from(reply));
    const expected = (step.replies_hex ?? []).map((hex) => Buffer.from(hex, "hex"));
    if (expected.length !== shown.length) return [`${expected.length} replies expected, got ${shown.length}`];
    const differing = expected.flatMap((reply, at) => {
      const [wanted, got] = [maskReply(readReply(reply), SERIALS), maskReply(readReply(shown[at] as Buffer), SERIALS)];
      return differences(wanted, got, `$.replies[${at}]`);
    });
    return step.closed === undefined ? differing : [...differing, ...differences(step.closed, closed, "$.closed")];
  }
}

/** How long a stream is watched unless its step says otherwise. */
const STREAM_MS = 700;
const SERIALS = ["$..serial"];

function nameOf(step: RecordedStep): string {
  if ("http" in step) return `${step.http.method} ${step.http.path}`;
  if ("dns" in step) return `${step.dns.transport} ${step.dns.question}`;
  return JSON.stringify(step).slice(0, 80);
}

const lowerHeaders = (reply: HttpReplyRecord): HttpReplyRecord => ({
  ...reply,
  headers: Object.fromEntries(Object.entries(reply.headers).map(([name, value]) => [name.toLowerCase(), value])),
});

function timingDifferences(timing: Timing | undefined, tookMs: number): readonly string[] {
  if (timing === undefined) return [];
  const waitMs = timing.wait_ms ?? 0;
  const [from, to] =
    timing.class === "immediate" || timing.class === "woken"
      ? [0, IMMEDIATE_MS_MAX]
      : timing.class === "held"
        ? [waitMs, waitMs + SLACK_MS]
        : [waitMs, waitMs * (1 + 1 / 16) + SLACK_MS];
  return tookMs >= from && tookMs <= to ? [] : [`took ${tookMs} ms, expected ${from} to ${to} (${timing.class})`];
}

const SECTIONS = ["answer", "authority", "additional"] as const;

function dnsDifferences(step: DnsStep, actual: Buffer, fillIn: (text: string) => string): readonly string[] {
  const mask = new Set(step.mask);
  const isExact =
    [...mask].every((path) => path === "$..serial") &&
    typeof step.reply_hex === "string" &&
    step.dns.query_hex !== undefined;
  if (isExact) return bytesDiffer(Buffer.from(step.reply_hex as string, "hex"), actual, step.hex_mask ?? []);
  const expected = JSON.parse(fillIn(JSON.stringify(step.reply))) as NonNullable<DnsStep["reply"]>;
  const reply = readReply(actual);
  const found: string[] = [];
  for (const field of ["rcode", "flags", "question"] as const)
    found.push(...differences(expected[field], reply[field], `$.${field}`));
  if (!mask.has("$.size") && step.dns.query_hex !== undefined)
    found.push(...differences(expected.size, reply.size, "$.size"));
  for (const section of SECTIONS) found.push(...sectionDiffers(section, expected[section], reply[section], step, mask));
  return found;
}

function bytesDiffer(
  expected: Buffer,
  actual: Buffer,
  holes: readonly (readonly [number, number])[],
): readonly string[] {
  const blank = (bytes: Buffer): Buffer => {
    const copy = Buffer.from(bytes);
    for (const [at, length] of holes) copy.fill(0, at, at + length);
    return copy;
  };
  if (blank(expected).equals(blank(actual))) return [];
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
    const found = unexpected.map((key) => `$.${section}: ${key} is no candidate`);
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
