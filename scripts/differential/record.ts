/**
 * Has talks with a real Consul, and writes what it answered as a recording: `node record.ts CONSUL VERSION TALKS OUT [ID]`. It runs in a network
 * namespace of its own, as the agents use Consul's own ports: `unshare -n sh -c "ip link set lo up; exec node …"`. ID is a regular expression.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { shownReply } from "../../simulators/dns/parity/client.ts";
import { buildQuery, readReply } from "../../simulators/dns/parity/message.ts";
import { valueAt } from "../../simulators/dns/parity/path.ts";
import type { DnsStep, HttpReplyRecord, HttpStep, RecordedStep } from "../../simulators/dns/parity/recording.ts";
import { RealAgents } from "./agents.ts";
import { askDns, askHttp, type HttpAnswer } from "./ask.ts";
import { listMasks } from "./masks.ts";
import { readTalks, type Talk } from "./talk.ts";

const QUERY_ID = 0x1000;
const START_MS = 150;
const CAPTURED_CHARACTERS_MIN = 8;
const BROKEN: HttpReplyRecord = { status: 0, headers: {}, body: "", disconnected: true };

interface Flight {
  readonly step: HttpStep;
  readonly answer: Promise<HttpAnswer>;
}

/** One talk under way: what it has captured, and the requests that still wait. */
class TalkRecorder {
  readonly #talk: Talk;
  readonly #agents: RealAgents;
  readonly #captured = new Map<string, string>();
  readonly #flights = new Map<string, Flight>();

  constructor(talk: Talk, agents: RealAgents) {
    this.#talk = talk;
    this.#agents = agents;
  }

  /** Performs a step, and answers with it and its reply. @throws Error for a join of what was never started */
  async record(step: RecordedStep): Promise<RecordedStep> {
    if ("wait_ms" in step) await sleep(step.wait_ms);
    else if ("kill" in step) this.#agents.kill(step.kill);
    else if ("http" in step) return this.#recordRequest(step);
    else if ("dns" in step) return this.#recordQuestion(step);
    else if ("join" in step) {
      const flight = this.#flights.get(step.join);
      if (flight === undefined) throw new Error(`${step.join} was never started`);
      return { ...step, ...this.#keep(step, flight.step, await flight.answer) };
    }
    return step;
  }

  async #recordRequest(step: HttpStep): Promise<RecordedStep> {
    if (step.start === undefined) return { ...step, ...this.#keep(step, step, await this.#send(step)) };
    this.#flights.set(step.start, { step, answer: this.#send(step) });
    await sleep(START_MS);
    return step;
  }

  #fillIn(text: string): string {
    return text.replace(/\$\{(\w+)\}/g, (whole, name: string) => this.#captured.get(name) ?? whole);
  }

  #send({ http, agent }: HttpStep): Promise<HttpAnswer> {
    const { method, path, headers = {}, body = "" } = http;
    return askHttp(this.#agents.hostOf(agent), {
      method,
      path: this.#fillIn(path),
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, this.#fillIn(value)])),
      body: this.#fillIn(typeof body === "string" ? body : JSON.stringify(body)),
    });
  }

  /** A reply with the names of what was captured in place of it, and what is to be masked. */
  #keep(
    { capture = {} }: Pick<HttpStep, "capture">,
    { http }: HttpStep,
    { status, headers, bytes }: HttpAnswer,
  ): { readonly reply: HttpReplyRecord; readonly mask: readonly string[] } {
    const record = status === 0 ? BROKEN : shownReply(status, headers, bytes, http);
    for (const [name, path] of Object.entries(capture)) this.#captured.set(name, String(valueAt(record, path)));
    let text = JSON.stringify(record);
    for (const [name, given] of this.#captured)
      if (given.length >= CAPTURED_CHARACTERS_MIN) text = text.replaceAll(given, `\${${name}}`);
    const reply: HttpReplyRecord = JSON.parse(text);
    const drawn = ["x-consul-index", "x-consul-contenthash"].filter((name) => name in reply.headers);
    const mask = [
      ...listMasks(reply.body, JSON.stringify(this.#talk), "$.body"),
      ...drawn.map((name) => `$.headers.${name}`),
    ];
    return { reply, mask };
  }

  async #recordQuestion(step: DnsStep): Promise<RecordedStep> {
    const { dns } = step;
    const query = buildQuery(this.#fillIn(dns.question), QUERY_ID, dns.edns?.udp);
    const answer = await askDns(this.#agents.hostOf(step.agent), query, dns.transport);
    if (answer === undefined) return { ...step, reply: null };
    const hex = dns.question.includes("${") ? {} : { query_hex: Buffer.from(query).toString("hex") };
    return {
      ...step,
      dns: { ...dns, ...hex },
      reply_hex: answer.toString("hex"),
      reply: readReply(answer),
      mask: ["answer-order", "additional-order", "$..serial"],
    };
  }
}

/** The first management token had another name in the configuration of 1.8. */
function configuredFor(talk: Talk, version: string): Talk {
  if (version !== "1.8.7" || talk.config === undefined) return talk;
  return { ...talk, config: JSON.parse(JSON.stringify(talk.config).replaceAll("initial_management", "master")) };
}

const [consul = "", version = "", source = "", out = "", only = ""] = process.argv.slice(2);
const lines: string[] = [];
for (const given of readTalks(readFileSync(source, "utf8"), basename(source, ".txt"))) {
  if (!new RegExp(only).test(given.id)) continue;
  const talk = configuredFor(given, version);
  const agents = new RealAgents(consul, talk);
  try {
    await agents.ready();
    const recorder = new TalkRecorder(talk, agents);
    const steps: RecordedStep[] = [];
    for (const step of talk.steps) steps.push(await recorder.record(step));
    lines.push(JSON.stringify({ ...talk, steps }));
  } finally {
    agents.end();
  }
}
writeFileSync(out, `${lines.join("\n")}\n`);
