import { gunzipSync } from "node:zlib";
import { type HttpReply, Kernel, makeRequest, Process, serialise } from "../../kernel/index.ts";
import { type ConsulAgent, createDns, type Dns } from "../index.ts";
import { Frames, TCP_FIRST_MS, TCP_IDLE_MS, TCP_MESSAGES_MAX } from "../wire/codec/frames.ts";
import type { HttpReplyRecord, RecordedRequest, Scenario } from "./recording.ts";

const NODE_ID = "11111111-2222-3333-4444-55555555555";
/** The time between two steps of one client. */
const STEP_MS = 2;
/** The time until an agent has written what its configuration says. */
const SETTLE_MS = 200;
/** The time between two pieces of a stream. */
const PIECE_MS = 60;
/** How long to wait for a reply at most. */
const REQUEST_MS_MAX = 700_000;

/** The headers that recordings keep. */
const KEPT =
  /^(?:content-type|content-encoding|location|allow|x-consul-.*|x-cache|age|x-content-type-options|content-security-policy|access-control-.*)$/;

/** A request in progress. */
export type Flight = HttpReply | Process<HttpReply>;

/** A Consul in process with the agents of a scenario, driven as its clients would. */
export class ConsulClient {
  readonly kernel: Kernel;
  readonly dns: Dns;

  constructor(scenario: Scenario) {
    this.kernel = new Kernel({ seed: "parity" });
    this.dns = createDns(this.kernel, {
      name: "agent-1",
      id: `${NODE_ID}5`,
      address: "127.0.0.1",
      mode: scenario.mode ?? "dev",
      config: scenario.config ?? {},
      upstreams: scenario.upstreams ?? [],
      hasLeader: scenario.leader ?? true,
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

  #agent(name = "agent-1"): ConsulAgent {
    const agent = this.dns.agents.find((each) => each.name === name);
    if (agent === undefined) throw new Error(`no agent ${name}`);
    return agent;
  }

  kill(agent: string): void {
    this.dns.kill(agent);
  }

  send(recorded: RecordedRequest, agent?: string): Flight {
    this.kernel.advanceBy(STEP_MS);
    const headers: Record<string, string> = { host: "127.0.0.1:8500" };
    for (const [name, value] of Object.entries(recorded.headers ?? {})) headers[name.toLowerCase()] = value;
    return this.#agent(agent).http.receive(
      makeRequest(recorded.method, recorded.path, { headers, body: bodyOf(recorded) }),
    );
  }

  /** Lets time pass until the reply arrives. */
  settle(flight: Flight): HttpReply {
    if (!(flight instanceof Process)) return flight;
    const untilMs = this.kernel.nowMs + REQUEST_MS_MAX;
    while (flight.running && this.kernel.nowMs < untilMs) if (!this.kernel.step()) break;
    if (flight.outcome.state !== "done") throw new Error(`the reply never comes: ${flight.outcome.state}`);
    return flight.outcome.value;
  }

  /** The answer to one DNS message. */
  ask(message: Uint8Array, transport: "udp" | "tcp", agent?: string): Uint8Array | undefined {
    this.kernel.advanceBy(STEP_MS);
    const asked = this.#agent(agent).ask(message, transport);
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
  ): { readonly replies: readonly Uint8Array[]; readonly closed: boolean } {
    const frames = new Frames();
    const replies: Uint8Array[] = [];
    let deadlineMs = this.kernel.nowMs + TCP_FIRST_MS;
    for (const chunk of chunks) {
      const messages = frames.push(chunk);
      replies.push(...messages.flatMap((message) => this.ask(message, "tcp", agent) ?? []));
      if (messages.length > 0) deadlineMs = this.kernel.nowMs + TCP_IDLE_MS;
      this.kernel.advanceBy(PIECE_MS);
    }
    this.kernel.advanceBy(timeoutMs);
    const closed = isHalfClosed || frames.messages >= TCP_MESSAGES_MAX || this.kernel.nowMs > deadlineMs;
    return { replies, closed };
  }
}

function bodyOf({ body, body_repeat: repeat }: RecordedRequest): string {
  if (repeat !== undefined) return repeat.text.repeat(repeat.count);
  return body === undefined || body === null ? "" : typeof body === "string" ? body : JSON.stringify(body);
}

/** A reply as recordings show it. */
export function recordOf(reply: HttpReply, method: string, isRaw: boolean): HttpReplyRecord {
  if (reply.wire?.kind === "reset") return { status: 0, headers: {}, body: "" };
  const { body, headers: given } = serialise(reply);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(given))
    if (KEPT.test(name.toLowerCase())) headers[name.toLowerCase()] = String(value);
  const bytes = Buffer.from(body);
  const text = (headers["content-encoding"] === "gzip" ? gunzipSync(bytes) : bytes).toString("utf8");
  if (method === "HEAD") return { status: reply.status, headers, body: "" };
  const isJson = headers["content-type"] === "application/json" && !isRaw;
  return { status: reply.status, headers, body: isJson ? JSON.parse(text) : text };
}
