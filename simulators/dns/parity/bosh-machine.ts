import { type HttpReply, isObject, Kernel, makeRequest, Process, serialise, type Service } from "../../kernel/index.ts";
import {
  type BoshDns,
  createBoshDns,
  createHealthServer,
  type HealthServer,
  type InstanceHealth,
} from "../bosh/index.ts";
import type { DnsReply, Upstream } from "../index.ts";
import { Frames, TCP_MESSAGES_MAX } from "../wire/codec/frames.ts";
import type { BoshHttpStep, BoshScenario, ChangedUpstream, SaidHealth } from "./bosh-recording.ts";
import type { Streamed } from "./client.ts";
import { ProbedServers } from "./probed-servers.ts";

/** The time between two steps of one client. */
const STEP_MS = 2;
const PIECE_MS = 60;
const REQUEST_MS_MAX = 60_000;
/** How long a health server takes to answer. */
const HEALTH_MS = 20;
const DEFAULTS = { recursor_selection: "serial", upcheck_domains: ["upcheck.bosh-dns."] };

const fileText = (value: unknown): string | undefined =>
  value === undefined || value === null ? undefined : typeof value === "string" ? value : JSON.stringify(value);

/** A machine in process with the BOSH DNS of a scenario, driven as its clients would. */
export class BoshMachine {
  /** The servers that checks probe. */
  readonly servers: ProbedServers;
  readonly kernel = new Kernel({ seed: "parity" });
  protected readonly dns: BoshDns;
  protected readonly server: HealthServer | undefined;
  readonly #said: Record<string, SaidHealth>;
  readonly #upstreams: Map<string, ChangedUpstream>;

  constructor(scenario: BoshScenario) {
    this.servers = new ProbedServers(scenario.servers ?? []);
    this.#said = { ...scenario.health };
    this.#upstreams = new Map((scenario.upstreams ?? []).map((each) => [each.listen, each]));
    const { jobs, aliases, handlers, health_server: server } = scenario;
    if (server !== undefined)
      this.server = createHealthServer(this.kernel, "own", { file: fileText(server.file), ...(jobs && { jobs }) });
    this.dns = createBoshDns(this.kernel, {
      config: { ...DEFAULTS, ...scenario.config },
      records: fileText(scenario.records),
      ...(jobs && { jobs }),
      ...(aliases && { aliases }),
      ...(handlers && { handlers }),
      upstreamAt: (address) => this.#upstreamAt(address),
      health: (ip) => this.#healthOf(ip),
      probe: (request) => this.servers.probe(request),
    });
    this.kernel.advanceBy(PIECE_MS);
  }

  #upstreamAt(address: string): Upstream | undefined {
    const found = this.#upstreams.get(address);
    return found === undefined || found.down === true ? undefined : { listen: address, answers: found.answers ?? {} };
  }

  #healthOf(ip: string): { readonly health: InstanceHealth; readonly afterMs: number } | undefined {
    const isOwn = ip === "localhost" || ip === "127.0.0.1";
    if (this.server !== undefined && isOwn) return { health: this.server.health(), afterMs: HEALTH_MS };
    const said = this.#said[ip] ?? (isOwn ? (this.#said["127.0.0.1"] ?? this.#said.localhost) : undefined);
    return said === undefined || said === "down" ? undefined : readSaid(said);
  }

  change(ip: Readonly<Record<string, SaidHealth>>): void {
    Object.assign(this.#said, ip);
  }

  changeUpstream(changed: ChangedUpstream): void {
    this.#upstreams.set(changed.listen, changed);
  }

  write(records: unknown): void {
    this.dns.write(fileText(records) ?? "");
  }

  writeHealth(file: unknown): void {
    this.server?.write(fileText(file));
  }

  /** Ends what it has opened. */
  async close(): Promise<void> {}

  request({ method, path, ...http }: BoshHttpStep["http"]): ShownReply | Promise<ShownReply> {
    this.kernel.advanceBy(STEP_MS);
    const { service, headers } = this.partsOf(http);
    if (service === undefined) return BROKEN;
    const flight = service.receive(makeRequest(method, path, { headers }));
    if (flight instanceof Process) throw new Error("the API waits");
    return boshReplyOf(flight);
  }

  /** Who answers a request, and its headers. */
  protected partsOf({ api = "dns", cert }: Pick<BoshHttpStep["http"], "api" | "cert">): {
    readonly service: Service | undefined;
    readonly headers: Record<string, string>;
  } {
    const shown = cert ?? (api === "dns" ? "api" : "health");
    const headers = { host: "localhost", ...(shown !== "none" && { "x-client-common-name": `${shown}.bosh-dns` }) };
    return { service: api === "dns" ? this.dns.http : this.server?.http, headers };
  }

  ask(message: Uint8Array, transport: "udp" | "tcp"): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    return this.#askNow(message, transport);
  }

  #askNow(message: Uint8Array, transport: "udp" | "tcp"): Uint8Array | undefined {
    this.kernel.advanceBy(STEP_MS);
    return this.#settle(this.dns.ask(message, transport)).message;
  }

  #settle(flight: DnsReply | Process<DnsReply>): DnsReply {
    if (!(flight instanceof Process)) return flight;
    const untilMs = this.kernel.nowMs + REQUEST_MS_MAX;
    while (flight.running && this.kernel.nowMs < untilMs) if (!this.kernel.step()) break;
    if (flight.outcome.state !== "done") throw new Error("the reply never comes");
    return flight.outcome.value;
  }

  /** The answers to what is sent in pieces over one connection. */
  stream(chunks: readonly Uint8Array[], isHalfClosed: boolean): Streamed | Promise<Streamed> {
    const frames = new Frames();
    const replies: Uint8Array[] = [];
    for (const chunk of chunks) {
      replies.push(...frames.push(chunk).flatMap((message) => this.#askNow(message, "tcp") ?? []));
      this.kernel.advanceBy(PIECE_MS);
    }
    return { replies, closed: isHalfClosed || frames.messages >= TCP_MESSAGES_MAX };
  }
}

function readSaid(said: SaidHealth): { readonly health: InstanceHealth; readonly afterMs: number } | undefined {
  if (typeof said === "string") return { health: { state: said, groups: {} }, afterMs: HEALTH_MS };
  const afterMs = said.delay_ms ?? HEALTH_MS;
  if (said.status !== undefined && said.status !== OK) return undefined;
  if (said.raw === undefined) return { health: { state: said.state ?? "", groups: said.group_state ?? {} }, afterMs };
  try {
    const parsed: unknown = JSON.parse(said.raw);
    if (!isObject(parsed)) return undefined;
    return { health: { state: String(parsed.state ?? ""), groups: {} }, afterMs };
  } catch {
    return undefined;
  }
}

const OK = 200;

/** A reply as recordings show it. */
export interface ShownReply {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** A connection that broke. */
export const BROKEN: ShownReply = { status: 0, headers: {}, body: "" };
const KEPT = /^(?:content-type|x-content-type-options|location)$/;

/** A reply as recordings show it, from what came. Names of headers are in lower case. */
export const shownBoshReply = (
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
): ShownReply => ({
  status,
  headers: Object.fromEntries(Object.entries(headers).filter(([name]) => KEPT.test(name))),
  body,
});

function boshReplyOf(reply: HttpReply): ShownReply {
  if (reply.wire?.kind === "reset") return BROKEN;
  const { body, headers } = serialise(reply);
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)] as const);
  return shownBoshReply(reply.status, Object.fromEntries(lower), Buffer.from(body).toString("utf8"));
}
