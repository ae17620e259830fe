import { readScenarios } from "../../parity/recording.ts";
import type { ScenarioScore } from "../../parity/ratchet.ts";
import type { ConsulVersion } from "../index.ts";
import type { BoshStep } from "./bosh-recording.ts";
import { ConsulClient, type Flight } from "./client.ts";
import { WireClient } from "../live/wire-client.ts";
import { differences, maskReply } from "./compare.ts";
import { dnsDifferences, fillInAll, timingDifferences } from "./judge.ts";
import { buildQuery, readReply } from "./message.ts";
import { valueAt } from "./path.ts";
import { versionOf } from "./recording-files.ts";
import {
  type DnsStep,
  type HttpReplyRecord,
  type HttpStep,
  type RecordedRequest,
  type Scenario,
  type RecordedStep,
} from "./recording.ts";

/** How far one recorded scenario matches, and where it does not. */
export interface ScenarioResult extends ScenarioScore {
  readonly failures: readonly {
    readonly step: number;
    readonly what: string;
    readonly differences: readonly string[];
  }[];
}

/** The result of a scenario, given the steps that differ. */
export function resultOf(
  { id, area, steps }: { readonly id: string; readonly area: string; readonly steps: readonly unknown[] },
  failures: ScenarioResult["failures"],
): ScenarioResult {
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

interface ReplayOptions {
  /** Only scenarios whose id this matches. */
  readonly only?: RegExp;
  /** Whether requests and questions go over sockets. Default false. */
  readonly overSockets?: boolean;
  /** The release to compare with. Default: that of the recordings' name. */
  readonly version?: ConsulVersion;
}

/** Replays recordings of a real Consul, each scenario on agents of its own, on virtual time. */
export async function replay(
  recordings: string,
  options: ReplayOptions = {},
): Promise<{ readonly service: string; readonly scenarios: readonly ScenarioResult[] }> {
  const chosen = readScenarios<Scenario>(recordings).filter(({ id }) => options.only?.test(id) ?? true);
  const version = options.version ?? versionOf(recordings);
  const scenarios: ScenarioResult[] = [];
  for (const scenario of chosen) scenarios.push(await replayScenario(scenario, version, options.overSockets ?? false));
  return { service: "consul", scenarios };
}

/** A scenario whose configuration is not simulated matches nowhere. */
async function replayScenario(
  scenario: Scenario,
  version: ConsulVersion,
  overSockets: boolean,
): Promise<ScenarioResult> {
  try {
    const client = overSockets ? await WireClient.open(scenario, version) : new ConsulClient(scenario, version);
    try {
      return await new ScenarioReplay(scenario, version, client).result();
    } finally {
      await client.close();
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const { id, area, steps } = scenario;
    const failures = steps.map((step, at) => ({ step: at, what: nameOf(step), differences: [why] }));
    return { id, area, steps: steps.length, matched: 0, firstDifference: why, failures };
  }
}

/** One scenario in progress: what it has captured and what still runs. */
class ScenarioReplay {
  readonly #scenario: Scenario;
  readonly #version: ConsulVersion;
  readonly #client: ConsulClient;
  readonly #captured = new Map<string, unknown>();
  readonly #flights = new Map<string, { readonly flight: Flight; readonly sinceMs: number }>();

  constructor(scenario: Scenario, version: ConsulVersion, client: ConsulClient) {
    this.#scenario = scenario;
    this.#version = version;
    this.#client = client;
  }

  async result(): Promise<ScenarioResult> {
    const { steps } = this.#scenario;
    const failures: ScenarioResult["failures"][number][] = [];
    for (const [at, step] of steps.entries()) {
      const found = await this.#attempt(step);
      if (found.length > 0) failures.push({ step: at, what: nameOf(step), differences: found });
    }
    return resultOf(this.#scenario, failures);
  }

  async #attempt(step: RecordedStep): Promise<readonly string[]> {
    try {
      return await this.#step(step);
    } catch (error) {
      return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
    }
  }

  async #step(step: RecordedStep): Promise<readonly string[]> {
    if ("http" in step) return this.#http(step);
    if ("dns" in step) return this.#dns(step);
    if ("join" in step) return this.#join(step);
    if ("pending" in step) return this.#pending(step.pending);
    if ("kill" in step) this.#client.kill(step.kill);
    else if ("serve" in step) this.#client.servers.change(step.serve);
    else if ("reconfigure" in step) this.#client.reconfigure(step.reconfigure);
    else if ("wait_ms" in step) this.#client.kernel.advanceBy(step.wait_ms);
    else return [`unknown step: ${Object.keys(step).join()}`];
    return [];
  }

  /** Fills in what was captured; any other `${…}` is taken literally. */
  #fillIn(text: string): string {
    return text.replace(/\$\{(\w+)\}/g, (whole, name: string) =>
      this.#captured.has(name) ? String(this.#captured.get(name)) : whole,
    );
  }

  #fillInAll<T>(value: T): T {
    return fillInAll(value, (text) => this.#fillIn(text));
  }

  async #http(step: HttpStep): Promise<readonly string[]> {
    const { body } = step.http;
    const request: RecordedRequest = {
      ...this.#fillInAll({ ...step.http, body: undefined }),
      ...(body !== undefined && { body: typeof body === "string" ? this.#fillIn(body) : this.#fillInAll(body) }),
    };
    const sinceMs = this.#client.kernel.nowMs;
    const flight = await this.#client.send(request, step.agent);
    if (step.start !== undefined) {
      this.#flights.set(step.start, { flight, sinceMs });
      return [];
    }
    const { record: reply, bytes } = await flight.finish();
    if (request.keep !== undefined) this.#client.keep(request.keep, bytes);
    if (step.reply?.disconnected === true)
      return reply.status === 0 ? [] : [`a broken connection expected, got ${reply.status}`];
    return this.#judge(step, reply, sinceMs);
  }

  #pending(name: string): readonly string[] {
    return this.#flights.get(name)?.flight.isWaiting() === true ? [] : [`${name} does not wait`];
  }

  async #join(step: Extract<RecordedStep, { join: string }>): Promise<readonly string[]> {
    const started = this.#flights.get(step.join);
    if (started === undefined) return [`${step.join} was never started`];
    const joinedMs = this.#client.kernel.nowMs;
    const { record } = await started.flight.finish();
    return this.#judge(step, record, step.timing?.class === "woken" ? joinedMs : started.sinceMs);
  }

  #judge(
    step: HttpStep | Extract<RecordedStep, { join: string }>,
    reply: HttpReplyRecord,
    sinceMs: number,
  ): readonly string[] {
    for (const [name, path] of Object.entries(step.capture ?? {})) this.#captured.set(name, valueAt(reply, path));
    const mask = step.mask ?? [];
    if (step.reply === null) return ["the recording holds no reply"];
    const expected = lowerHeaders(step.reply);
    return [
      ...differences(maskReply(this.#fillInAll(expected), mask), maskReply(reply, mask)),
      ...(step.assert ?? []).flatMap(([path, relation, name]) => this.#relates(valueAt(reply, path), relation, name)),
      ...timingDifferences(step.timing, this.#client.kernel.nowMs - sinceMs, this.#version),
    ];
  }

  #relates(value: unknown, relation: "<" | "=" | ">", name: string): readonly string[] {
    const [left, right] = [Number(value), Number(this.#fillIn(name))];
    const holds = relation === "<" ? left < right : relation === ">" ? left > right : left === right;
    return holds ? [] : [`${left} ${relation} ${right} does not hold (${name})`];
  }

  async #dns(step: DnsStep): Promise<readonly string[]> {
    const { dns } = step;
    if (dns.stream_hex !== undefined) return this.#stream(step, dns.stream_hex);
    const query =
      dns.query_hex === undefined
        ? buildQuery(this.#fillIn(dns.question), dns.id ?? 0x1000, dns.edns?.udp)
        : Buffer.from(dns.query_hex, "hex");
    const sinceMs = this.#client.kernel.nowMs;
    const reply = await this.#client.ask(query, dns.transport, step.agent);
    const late = timingDifferences(step.timing, this.#client.kernel.nowMs - sinceMs, this.#version);
    if (reply === undefined) return step.reply === null ? late : ["no reply"];
    if (step.reply === null || step.reply === undefined)
      return [`silence expected, got ${Buffer.from(reply).toString("hex")}`];
    return [...dnsDifferences(step, step.reply, Buffer.from(reply), (text) => this.#fillIn(text)), ...late];
  }

  async #stream(step: DnsStep, chunks: readonly string[]): Promise<readonly string[]> {
    const pieces = chunks.map((chunk) => Buffer.from(chunk, "hex"));
    const { half_close: isHalfClosed = false, timeout_ms: timeoutMs = STREAM_MS } = step.dns;
    const { replies, closed } = await this.#client.stream(pieces, isHalfClosed, timeoutMs, step.agent);
    const shown = replies.map((reply) => Buffer.from(reply));
    const expected = (step.replies_hex ?? []).map((hex) => Buffer.from(hex, "hex"));
    if (expected.length !== shown.length) return [`${expected.length} replies expected, got ${shown.length}`];
    const differing = expected.flatMap((reply, at) => {
      const got = shown[at] ?? Buffer.alloc(0);
      if (got.length < HEADER_BYTES) return [`$.replies[${at}]: ${got.length} bytes are no message`];
      return differences(maskReply(readReply(reply), SERIALS), maskReply(readReply(got), SERIALS), `$.replies[${at}]`);
    });
    return step.closed === undefined ? differing : [...differing, ...differences(step.closed, closed, "$.closed")];
  }
}

/** How long a stream is watched unless its step says otherwise. */
const STREAM_MS = 700;
const SERIALS = ["$..serial"];
const HEADER_BYTES = 12;

/** A short name of a step. */
export function nameOf(step: RecordedStep | BoshStep): string {
  if ("http" in step) return `${step.http.method} ${step.http.path}`;
  if ("dns" in step) return `${step.dns.transport} ${step.dns.question}`;
  return JSON.stringify(step).slice(0, 80);
}

const lowerHeaders = (reply: HttpReplyRecord): HttpReplyRecord => ({
  ...reply,
  headers: Object.fromEntries(Object.entries(reply.headers).map(([name, value]) => [name.toLowerCase(), value])),
});
