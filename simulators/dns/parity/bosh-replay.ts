import { readScenarios } from "../../parity/recording.ts";
import { BoshMachine } from "./bosh-machine.ts";
import type { BoshHttpStep, BoshScenario, BoshStep } from "./bosh-recording.ts";
import { canonical, differences, maskReply } from "./compare.ts";
import { dnsDifferences, timingDifferences } from "./judge.ts";
import { buildQuery, readReply } from "./message.ts";
import { WireBoshMachine } from "../live/wire-bosh-machine.ts";
import type { DnsStep } from "./recording.ts";
import { nameOf, resultOf, type ScenarioResult } from "./replay.ts";

/** Replays recordings of a real BOSH DNS, each scenario on a machine of its own, on virtual time. */
export async function replayBoshDns(
  recordings: string,
  { only = /./, overSockets = false }: { readonly only?: RegExp; readonly overSockets?: boolean } = {},
): Promise<readonly ScenarioResult[]> {
  const results: ScenarioResult[] = [];
  for (const scenario of readScenarios<BoshScenario>(recordings))
    if (only.test(scenario.id)) results.push(await replayScenario(scenario, overSockets));
  return results;
}

async function replayScenario(scenario: BoshScenario, overSockets: boolean): Promise<ScenarioResult> {
  const machine = overSockets ? await WireBoshMachine.open(scenario) : new BoshMachine(scenario);
  const failures: ScenarioResult["failures"][number][] = [];
  for (const [at, step] of scenario.steps.entries()) {
    const found = await attempt(machine, step);
    if (found.length > 0) failures.push({ step: at, what: nameOf(step), differences: found });
  }
  await machine.close();
  return resultOf(scenario, failures);
}

async function attempt(machine: BoshMachine, step: BoshStep): Promise<readonly string[]> {
  try {
    return await perform(machine, step);
  } catch (error) {
    return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  }
}

async function perform(machine: BoshMachine, step: BoshStep): Promise<readonly string[]> {
  if ("dns" in step) return askDns(machine, step);
  if ("http" in step) return askHttp(machine, step);
  if ("records" in step) machine.write(step.records);
  else if ("health" in step) machine.change(step.health);
  else if ("health_file" in step) machine.writeHealth(step.health_file);
  else if ("upstream" in step) machine.changeUpstream(step.upstream);
  else if ("serve" in step) machine.servers.change(step.serve);
  else if ("wait_ms" in step) machine.kernel.advanceBy(step.wait_ms);
  else return [`unknown step: ${Object.keys(step).join()}`];
  return [];
}

async function askDns(machine: BoshMachine, step: DnsStep): Promise<readonly string[]> {
  const { dns } = step;
  if (dns.stream_hex !== undefined) return stream(machine, step, dns.stream_hex);
  const query =
    dns.query_hex === undefined
      ? buildQuery(dns.question, dns.id ?? 0x1000, dns.edns?.udp)
      : Buffer.from(dns.query_hex, "hex");
  const sinceMs = machine.kernel.nowMs;
  const reply = await machine.ask(query, dns.transport);
  const late = timingDifferences(step.timing, machine.kernel.nowMs - sinceMs, "1.22.0");
  if (reply === undefined) return step.reply === null ? late : ["no reply"];
  if (step.reply === null || step.reply === undefined)
    return [`silence expected, got ${Buffer.from(reply).toString("hex")}`];
  return [...dnsDifferences(step, step.reply, Buffer.from(reply), (text) => text), ...late];
}

/** Which of pipelined queries is answered first is chance. */
async function stream(machine: BoshMachine, step: DnsStep, chunks: readonly string[]): Promise<readonly string[]> {
  const { replies, closed } = await machine.stream(
    chunks.map((chunk) => Buffer.from(chunk, "hex")),
    step.dns.half_close ?? false,
  );
  const shown = replies.map((reply) => canonical(readReply(Buffer.from(reply)))).sort();
  const expected = (step.replies_hex ?? []).map((hex) => canonical(readReply(Buffer.from(hex, "hex")))).sort();
  const differing = differences(expected, shown, "$.replies");
  return step.closed === undefined ? differing : [...differing, ...differences(step.closed, closed, "$.closed")];
}

async function askHttp(machine: BoshMachine, { http, reply, mask = [] }: BoshHttpStep): Promise<readonly string[]> {
  const shown = await machine.request(http);
  if (reply.disconnected === true)
    return shown.status === 0 ? [] : [`a broken connection expected, got ${shown.status}`];
  const headers = Object.fromEntries(Object.entries(reply.headers).map(([name, value]) => [name.toLowerCase(), value]));
  const expected = { status: reply.status, headers, body: reply.body ?? reply.body_lines };
  const body = reply.body_lines === undefined ? shown.body : readLines(shown.body);
  const paths = mask.map((path) => path.replace("$.body_lines", "$.body"));
  return differences(maskReply(expected, paths), maskReply({ ...shown, body }, paths));
}

const readLines = (text: string): unknown => {
  try {
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line): unknown => JSON.parse(line));
  } catch {
    return text;
  }
};
