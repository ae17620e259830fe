import { gunzipSync } from "node:zlib";
import { type HttpReply, isObject, Kernel, makeRequest, Process, serialise } from "../../kernel/index.ts";
import { type ConsulAgent, type ConsulConfig, type ConsulVersion, createDns, type Dns } from "../index.ts";
import { Frames, TCP_FIRST_MS, TCP_IDLE_MS, TCP_MESSAGES_MAX } from "../wire/codec/frames.ts";
import { ProbedServers } from "./probed-servers.ts";
import type { HttpReplyRecord, RecordedRequest, Scenario } from "./recording.ts";

const NODE_ID = "11111111-2222-3333-4444-55555555555";
/** The time between two steps of one client. */
const STEP_MS = 2;
/** The time until an agent has written what its configuration says. */
const SETTLE_MS = 200;
/** The time between two pieces of a stream. */
const PIECE_MS = 60;
/** How long to wait for a reply, at most. */
const REQUEST_MS_MAX = 700_000;

/** The headers that recordings keep. */
const KEPT =
  /^(?:content-type|content-encoding|location|allow|x-consul-.*|x-cache|age|x-content-type-options|content-security-policy|access-control-.*)$/;

/** A reply that has come: as recordings show it, and the bytes of its body. */
interface Arrived {
  readonly record: HttpReplyRecord;
  readonly bytes: Uint8Array;
}

/** A request in progress. */
export interface Flight {
  readonly isWaiting: () => boolean;
  /** Lets time pass until the reply arrives. @throws Error when it never does */
  readonly finish: () => Arrived | Promise<Arrived>;
}

/** The bytes that came back over a stream, and whether the server closed it. */
export interface Streamed {
  readonly replies: readonly Uint8Array[];
  readonly closed: boolean;
}

/** A Consul in process with the agents of a scenario, driven as its clients would. */
export class ConsulClient {
  /** The servers that checks probe. */
  readonly servers: ProbedServers;
  readonly kernel: Kernel;
  readonly dns: Dns;

  readonly #kept = new Map<string, Uint8Array>();

  constructor(scenario: Scenario, version: ConsulVersion) {
    this.kernel = new Kernel({ seed: "parity" });
    this.servers = new ProbedServers(scenario.servers ?? []);
    this.dns = createDns(this.kernel, {
      version,
      probe: (check) => this.servers.probe(check),
      name: scenario.config?.node_name ?? "agent-1",
      id: scenario.config?.node_id ?? `${NODE_ID}5`,
      address: "127.0.0.1",
      mode: scenario.mode ?? "dev",
      config: scenario.config ?? {},
      upstreams: scenario.upstreams ?? [],
      hasLeader: electsLeader(scenario),
      agents: (scenario.agents ?? []).map(({ name, addr, mode, config }) => ({
        name,
        id: NODE_ID + name.slice(-1),
        address: addr,
        mode: mode ?? "server",
        config: config ?? {},
      })),
    });
    this.kernel.advanceBy(SETTLE_MS);
  }

  /** The first agent may have another name than recordings give it. */
  protected agent(name = "agent-1"): ConsulAgent {
    const agent = name === "agent-1" ? this.dns.agents[0] : this.dns.agents.find((each) => each.name === name);
    if (agent === undefined) throw new Error(`no agent ${name}`);
    return agent;
  }

  /** Ends what it has opened. */
  async close(): Promise<void> {}

  kill(agent: string): void {
    this.dns.kill(agent);
  }

  /** Changes the first agent's configuration file, which a reload reads. */
  reconfigure(changed: Readonly<Record<string, unknown>>): void {
    this.dns.reconfigure(changed);
  }

  /** Keeps the body of a reply for a later request. */
  keep(name: string, body: Uint8Array): void {
    this.#kept.set(name, body);
  }

  #bodyOf({ body, body_repeat: repeat, body_kept: kept }: RecordedRequest): string | Uint8Array {
    if (kept !== undefined) return this.#kept.get(kept) ?? "";
    if (repeat !== undefined) return repeat.text.repeat(repeat.count);
    return body === undefined || body === null ? "" : typeof body === "string" ? body : spacedJson(body);
  }

  send(recorded: RecordedRequest, agent?: string): Flight | Promise<Flight> {
    this.kernel.advanceBy(STEP_MS);
    const { headers, body } = this.partsOf(recorded);
    const flight = this.agent(agent).http.receive(makeRequest(recorded.method, recorded.path, { headers, body }));
    return {
      isWaiting: () => flight instanceof Process && flight.running,
      finish: () => {
        const reply = this.settle(flight);
        return { record: recordOf(reply, recorded), bytes: Buffer.from(serialise(reply).body) };
      },
    };
  }

  /** The headers and the body of a request. */
  protected partsOf(recorded: RecordedRequest): {
    readonly headers: Record<string, string>;
    readonly body: string | Uint8Array;
  } {
    const headers: Record<string, string> = { host: "127.0.0.1:8500" };
    for (const [name, value] of Object.entries(recorded.headers ?? {})) headers[name.toLowerCase()] = value;
    return { headers, body: this.#bodyOf(recorded) };
  }

  /** Lets time pass until the reply is there. */
  protected settle(flight: HttpReply | Process<HttpReply>): HttpReply {
    if (!(flight instanceof Process)) return flight;
    const untilMs = this.kernel.nowMs + REQUEST_MS_MAX;
    while (flight.running && this.kernel.nowMs < untilMs) if (!this.kernel.step()) break;
    if (flight.outcome.state !== "done") throw new Error(`the reply never comes: ${flight.outcome.state}`);
    return flight.outcome.value;
  }

  /** The answer to one DNS message. */
  ask(
    message: Uint8Array,
    transport: "udp" | "tcp",
    agent?: string,
  ): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    return this.askNow(message, transport, agent);
  }

  protected askNow(message: Uint8Array, transport: "udp" | "tcp", agent?: string): Uint8Array | undefined {
    this.kernel.advanceBy(STEP_MS);
    const asked = this.agent(agent).ask(message, transport);
    if (!(asked instanceof Process)) return asked.message;
    while (asked.running && this.kernel.step());
    return asked.outcome.state === "done" ? asked.outcome.value.message : undefined;
  }

  /** The answers to what is sent in pieces over one connection, and whether the server closes it within a time. */
  stream(
    chunks: readonly Uint8Array[],
    isHalfClosed: boolean,
    timeoutMs: number,
    agent?: string,
  ): Streamed | Promise<Streamed> {
    const frames = new Frames();
    const replies: Uint8Array[] = [];
    let deadlineMs = this.kernel.nowMs + TCP_FIRST_MS;
    for (const chunk of chunks) {
      const messages = frames.push(chunk);
      replies.push(...messages.flatMap((message) => this.askNow(message, "tcp", agent) ?? []));
      if (messages.length > 0) deadlineMs = this.kernel.nowMs + TCP_IDLE_MS;
      this.kernel.advanceBy(PIECE_MS);
    }
    this.kernel.advanceBy(timeoutMs);
    const closed = isHalfClosed || frames.messages >= TCP_MESSAGES_MAX || this.kernel.nowMs > deadlineMs;
    return { replies, closed };
  }
}

/** Whether there are as many servers as the first one expects. */
function electsLeader({ config = {}, agents = [] }: Scenario): boolean {
  const expected = config.bootstrap_expect ?? 1;
  const own = config.datacenter ?? "dc1";
  const isServer = (agent: { readonly mode?: string; readonly config?: ConsulConfig }): boolean =>
    agent.mode !== "client" && (agent.config?.datacenter ?? "dc1") === own;
  return 1 + agents.filter(isServer).length >= expected;
}

/** A reply as recordings show it. */
function recordOf(reply: HttpReply, request: RecordedRequest): HttpReplyRecord {
  if (reply.wire?.kind === "reset") return { status: 0, headers: {}, body: "" };
  const { body, headers } = serialise(reply);
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)] as const);
  return shownReply(reply.status, Object.fromEntries(lower), Buffer.from(body), request);
}

/** A reply as recordings show it, from what came over the wire. Names of headers are in lower case. */
export function shownReply(
  status: number,
  given: Readonly<Record<string, string>>,
  bytes: Buffer,
  { method, raw_body: isRaw, binary }: RecordedRequest,
): HttpReplyRecord {
  const headers = Object.fromEntries(Object.entries(given).filter(([name]) => KEPT.test(name)));
  if (binary === true && status === 200)
    return { status: 200, headers, body: { size: bytes.length, prefix_hex: bytes.toString("hex", 0, PREFIX_BYTES) } };
  const text = (headers["content-encoding"] === "gzip" ? gunzipSync(bytes) : bytes).toString("utf8");
  if (method === "HEAD") return { status, headers, body: "" };
  const isJson = (headers["content-type"] ?? "").startsWith("application/json") && isRaw !== true;
  return { status, headers, body: isJson ? readJson(text) : text };
}

/** JSON as the recording client wrote it, with a space behind each comma and colon. */
function spacedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spacedJson).join(", ")}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? "null";
  return `{${Object.entries(value)
    .map(([key, each]) => `${JSON.stringify(key)}: ${spacedJson(each)}`)
    .join(", ")}}`;
}

/** A body that claims to be JSON but is not, such as an empty one, is compared as text. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** How much of a binary body recordings show. */
const PREFIX_BYTES = 3;
