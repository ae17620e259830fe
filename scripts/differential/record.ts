/*
 * Runs talks at a real Consul, and writes what it answered as a recording. `node record.ts CONSUL VERSION TALKS OUT`, in a network namespace
 * of its own: the agents use Consul's own ports.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request as requestHttp } from "node:http";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isObject } from "../../simulators/kernel/index.ts";
import { shownReply } from "../../simulators/dns/parity/client.ts";
import { buildQuery, readReply } from "../../simulators/dns/parity/message.ts";
import { valueAt } from "../../simulators/dns/parity/path.ts";
import type {
  DnsStep,
  HttpReplyRecord,
  HttpStep,
  RecordedStep,
  Scenario,
} from "../../simulators/dns/parity/recording.ts";
import { frameMessage } from "../../simulators/dns/wire/codec/frames.ts";
import { readTalks } from "./talk.ts";

const NODE_ID = "11111111-2222-3333-4444-55555555555";
const [consul = "", version = "", source = "", out = "", only = ""] = process.argv.slice(2);

function startAgent(
  directory: string,
  name: string,
  address: string,
  mode: string,
  config: object,
  isFirst: boolean,
): ChildProcess {
  const home = join(directory, name);
  mkdirSync(home);
  const file = join(home, "config.json");
  const base = {
    node_name: name,
    node_id: NODE_ID + (isFirst ? "5" : name.slice(-1)),
    bind_addr: address,
    client_addr: address,
    datacenter: "dc1",
    disable_update_check: true,
    ...(mode === "dev"
      ? {}
      : {
          data_dir: join(home, "data"),
          ...(mode === "server" && {
            server: true,
            performance: { raft_multiplier: 1 },
            ...(!("bootstrap_expect" in config) && isFirst && { bootstrap: true }),
          }),
        }),
    ...config,
  };
  writeFileSync(file, JSON.stringify(base));
  const child = spawn(consul, ["agent", ...(mode === "dev" ? ["-dev"] : []), "-config-file", file], {
    stdio: ["ignore", process.env["RECORD_LOG"] ? "inherit" : "ignore", "inherit"],
  });
  return child;
}

interface Raw {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly bytes: Buffer;
}
function ask(
  host: string,
  { http }: Pick<HttpStep, "http">,
  headers: Record<string, string>,
  path: string,
  body: string,
): Promise<Raw> {
  return new Promise((resolve) => {
    const sent = requestHttp({ host, port: 8500, method: http.method, path, headers, agent: false, timeout: 60_000 });
    sent.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("close", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: Object.fromEntries(
            Object.entries(response.headers).map(([n, v]) => [n, [v ?? ""].flat().join(", ")]),
          ),
          bytes: Buffer.concat(chunks),
        }),
      );
      if (http.stream_ms !== undefined) setTimeout(() => response.destroy(), http.stream_ms);
    });
    sent.once("error", () => resolve({ status: 0, headers: {}, bytes: Buffer.alloc(0) }));
    sent.once("timeout", () => sent.destroy());
    if (body.length > 0) sent.setHeader("content-length", Buffer.byteLength(body));
    sent.end(body.length > 0 ? body : undefined);
  });
}

function askDns(host: string, message: Uint8Array, transport: string): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), 3000);
    const end = (b: Buffer | undefined): void => {
      clearTimeout(timer);
      resolve(b);
    };
    if (transport === "udp") {
      const socket = createSocket("udp4");
      socket.once("message", (m) => {
        socket.close();
        end(m);
      });
      socket.send(message, 8600, host);
    } else {
      const socket = connect(8600, host);
      let got = Buffer.alloc(0);
      socket.on("data", (c) => {
        got = Buffer.concat([got, c]);
        if (got.length > 2 && got.length >= 2 + got.readUInt16BE(0)) {
          socket.destroy();
          end(got.subarray(2));
        }
      });
      socket.once("error", () => end(undefined));
      socket.write(frameMessage(message));
    }
  });
}

const ALWAYS =
  /^(?:CreateIndex|ModifyIndex|Hash|Index|PrimaryModifyIndex|LastIndex|AppliedIndex|RootCert|SigningKeyID|ActiveRootID|SerialNumber|DebugConfig|Stats|PeeringToken|CustomizationHash|Gauges|Counters|Samples|Points|Timestamp)$/;
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/;
const TIME = /^20\d\d-\d\d-\d\dT/;

/** Paths of what differs from run to run. */
function masksOf(value: unknown, known: string, path: string, key: string): string[] {
  if (ALWAYS.test(key)) return [path];
  if (typeof value === "string") {
    const found = UUID.exec(value);
    if ((found !== null && !known.includes(found[0])) || TIME.test(value)) return [path];
    return [];
  }
  if (Array.isArray(value)) return value.flatMap((each, at) => masksOf(each, known, `${path}[${at}]`, ""));
  if (isObject(value))
    return Object.entries(value).flatMap(([name, each]) =>
      masksOf(each, known, /^[\w-]+$/.test(name) ? `${path}.${name}` : `${path}['${name}']`, name),
    );
  return [];
}

class Talker {
  readonly captured = new Map<string, string>();
  readonly flights = new Map<string, Promise<Raw>>();
  readonly starts = new Map<string, HttpStep>();
  readonly hosts = new Map<string, string>([["agent-1", "127.0.0.1"]]);
  readonly children = new Map<string, ChildProcess>();
  readonly #scenario: Scenario;
  constructor(scenario: Scenario) {
    this.#scenario = scenario;
  }

  fill(text: string): string {
    return text.replace(/\$\{(\w+)\}/g, (whole, name: string) => this.captured.get(name) ?? whole);
  }
  unfill<T>(value: T): T {
    let text = JSON.stringify(value);
    for (const [name, given] of this.captured) if (given.length >= 8) text = text.replaceAll(given, `\${${name}}`);
    return JSON.parse(text);
  }

  async run(): Promise<RecordedStep[]> {
    const directory = mkdtempSync(join(tmpdir(), "record-"));
    const { config = {}, mode = "dev", agents = [] } = this.#scenario;
    this.children.set(
      "agent-1",
      startAgent(directory, String(config.node_name ?? "agent-1"), "127.0.0.1", mode, config, true),
    );
    for (const { name, addr, mode: own, config: more } of agents) {
      this.hosts.set(name, addr);
      this.children.set(name, startAgent(directory, name, addr, own ?? "server", more ?? {}, false));
    }
    try {
      await this.#ready();
      const steps: RecordedStep[] = [];
      for (const step of this.#scenario.steps) steps.push(await this.#step(step));
      return steps;
    } finally {
      for (const child of this.children.values()) child.kill("SIGKILL");
      await sleep(100);
      rmSync(directory, { recursive: true, force: true });
    }
  }

  async #ready(): Promise<void> {
    if (this.#scenario.leader === false) {
      await sleep(3000);
      return;
    }
    const acl = this.#scenario.config?.acl;
    const token = acl?.tokens?.initial_management ?? acl?.tokens?.master ?? "";
    const node = String(this.#scenario.config?.node_name ?? "agent-1");
    for (let tries = 0; tries < 240; tries++) {
      await sleep(250);
      const reply = await ask(
        "127.0.0.1",
        { http: { method: "GET", path: "" } },
        token === "" ? {} : { "x-consul-token": token },
        `/v1/health/node/${node}`,
        "",
      );
      const info = await ask(
        "127.0.0.1",
        { http: { method: "GET", path: "" } },
        token === "" ? {} : { "x-consul-token": token },
        `/v1/catalog/node/${node}`,
        "",
      );
      if (
        reply.status === 200 &&
        reply.bytes.includes("serfHealth") &&
        (this.#scenario.unsynced === true || info.bytes.includes("consul-network-segment")) &&
        info.bytes.includes('"consul"')
      ) {
        const members = await ask(
          "127.0.0.1",
          { http: { method: "GET", path: "" } },
          token === "" ? {} : { "x-consul-token": token },
          "/v1/catalog/nodes",
          "",
        );
        const wanted = (this.#scenario.agents ?? []).filter(
          ({ config: c }) => (c?.datacenter ?? "dc1") === (this.#scenario.config?.datacenter ?? "dc1"),
        );
        if (wanted.every(({ name }) => members.bytes.includes(name))) {
          await sleep(wanted.length > 0 ? 2500 : 300);
          return;
        }
      }
    }
    throw new Error(`${this.#scenario.id}: not ready`);
  }

  async #send(step: HttpStep): Promise<Raw> {
    const headers = Object.fromEntries(Object.entries(step.http.headers ?? {}).map(([n, v]) => [n, this.fill(v)]));
    const { body, body_repeat: repeat } = step.http;
    const text =
      repeat !== undefined
        ? repeat.text.repeat(repeat.count)
        : body === undefined
          ? ""
          : typeof body === "string"
            ? this.fill(body)
            : this.fill(JSON.stringify(body));
    return ask(this.hosts.get(step.agent ?? "agent-1") ?? "127.0.0.1", step, headers, this.fill(step.http.path), text);
  }

  #judged(
    step: { readonly capture?: Readonly<Record<string, string>> },
    http: HttpStep["http"],
    raw: Raw,
  ): { reply: HttpReplyRecord; mask: string[] } {
    const record =
      raw.status === 0
        ? { status: 0, headers: {}, body: "", disconnected: true }
        : shownReply(raw.status, raw.headers, raw.bytes, http);
    for (const [name, path] of Object.entries(step.capture ?? {}))
      this.captured.set(name, String(valueAt(record, path)));
    const reply = this.unfill(record);
    const known = JSON.stringify([this.#scenario]) + NODE_ID + "5" + "00000000-0000-0000-0000-00000000000";
    const mask = masksOf(reply.body, known + UUIDS, "$.body", "");
    if ("x-consul-index" in reply.headers) mask.push("$.headers.x-consul-index");
    if ("x-consul-contenthash" in reply.headers) mask.push("$.headers.x-consul-contenthash");
    return { reply, mask };
  }

  async #step(step: RecordedStep): Promise<RecordedStep> {
    if ("wait_ms" in step) {
      await sleep(step.wait_ms);
      return step;
    }
    if ("kill" in step) {
      this.children.get(step.kill)?.kill("SIGKILL");
      return step;
    }
    if ("http" in step) {
      if (step.start !== undefined) {
        this.flights.set(step.start, this.#send(step));
        this.starts.set(step.start, step);
        await sleep(150);
        return step;
      }
      const raw = await this.#send(step);
      return { ...step, ...this.#judged(step, step.http, raw) };
    }
    if ("join" in step) {
      const raw = await this.flights.get(step.join);
      const started = this.starts.get(step.join);
      if (raw === undefined || started === undefined) throw new Error("never started");
      return { ...step, ...this.#judged(step, started.http, raw) };
    }
    if ("dns" in step) return this.#dns(step);
    return step;
  }

  async #dns(step: DnsStep): Promise<RecordedStep> {
    const { dns } = step;
    const query = buildQuery(this.fill(dns.question), 0x1000, dns.edns?.udp);
    const host = this.hosts.get(step.agent ?? "agent-1") ?? "127.0.0.1";
    const answer = await askDns(host, query, dns.transport);
    if (answer === undefined) return { ...step, reply: null };
    const reply = readReply(answer);
    const plain = dns.question.includes("${");
    return {
      ...step,
      dns: { ...dns, ...(!plain && { query_hex: Buffer.from(query).toString("hex") }) },
      reply_hex: answer.toString("hex"),
      reply: this.unfill(reply),
      mask: ["answer-order", "additional-order", "$..serial"],
    };
  }
}

const UUIDS =
  "11111111-2222-3333-4444-555555555555 00000000-0000-0000-0000-000000000001 00000000-0000-0000-0000-000000000002 00000000-0000-0000-0000-000000000003";

const talks = source.endsWith(".txt")
  ? readTalks(readFileSync(source, "utf8"), basename(source, ".txt"))
  : readFileSync(source, "utf8")
      .split("\n")
      .filter(Boolean)
      .map((l) => JSON.parse(l) as Scenario);
const lines: string[] = [];
for (const talk of talks) {
  if (only !== "" && !new RegExp(only).test(talk.id)) continue;
  const given = talk as Scenario;
  const old = version === "1.8.7";
  const config =
    old && given.config?.acl?.tokens?.initial_management !== undefined
      ? JSON.parse(JSON.stringify(given.config).replaceAll("initial_management", "master"))
      : given.config;
  const scenario: Scenario = { ...given, ...(config !== undefined && { config }) };
  try {
    lines.push(JSON.stringify({ ...scenario, steps: await new Talker(scenario).run() }));
  } catch (error) {
    console.error(String(error));
  }
}
writeFileSync(out, lines.join("\n") + "\n");
