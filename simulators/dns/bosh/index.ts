import type { Body, Kernel, Process, Service, Slot } from "../../kernel/index.ts";
import type { Probe } from "../behaviour/probe.ts";
import { type DnsReply, replyOf } from "../reply.ts";
import { rejection } from "../resolver/answer.ts";
import { newMessage } from "../resolver/message.ts";
import type { Upstream } from "../resolver/recursor.ts";
import { decodeQuery } from "../wire/codec/decode.ts";
import { encodeMessage } from "../wire/codec/encode.ts";
import { type Query, RCODE, type Transport } from "../wire/codec/types.ts";
import type { AliasFile } from "./aliases.ts";
import { createBoshDnsApi } from "./api.ts";
import { ReplyCache } from "./cache.ts";
import { type BoshDnsConfig, readConfig, withPort } from "./config.ts";
import { AGENT_DOMAIN } from "./criteria.ts";
import { type ForwardContext, RecursorPool } from "./forward.ts";
import { forward, fromRecords, type Handle, reverse, upcheck } from "./handlers.ts";
import { type HealthSource, HealthWatch } from "./health.ts";
import type { InstanceJob } from "./health-server.ts";
import { Mux } from "./mux.ts";
import { RecordSet } from "./record-set.ts";
import { type BoshDnsState, newState } from "./state.ts";
import { writeCut } from "./truncate.ts";
import { type BoshDnsHandler, continueBody, handlerOf } from "./handler-files.ts";

export type { BoshDnsConfig } from "./config.ts";
export type { HealthSource } from "./health.ts";
export { createHealthServer, type HealthServer, type InstanceJob } from "./health-server.ts";
export type { InstanceHealth } from "./state.ts";

/** The BOSH DNS of one machine. */
interface BoshDnsOptions {
  /** Default: `bosh-dns`. */
  readonly name?: string;
  readonly config?: BoshDnsConfig;
  /** The director's `records.json`, as text; absent: there is none yet. */
  readonly records?: string | undefined;
  /** Alias files, in the order of their names. */
  readonly aliases?: readonly AliasFile[];
  /** Handler files, likewise. */
  readonly handlers?: readonly (readonly BoshDnsHandler[])[];
  /** The jobs of this machine, by name. */
  readonly jobs?: Readonly<Record<string, InstanceJob>>;
  /** Resolvers that listen, at this moment. */
  readonly upstreamAt?: (address: string) => Upstream | undefined;
  readonly health?: HealthSource;
  /** How HTTP handlers reach their servers. */
  readonly probe?: Probe;
}

/** BOSH DNS: answers from the director's records. */
export interface BoshDns {
  readonly name: string;
  /** Its API, behind TLS: clients show certificates. */
  readonly http: Service;
  ask(message: Uint8Array, transport: Transport): DnsReply | Process<DnsReply>;
  /** Writes the records file, which is noticed within a second. */
  write(records: string): void;
}

const FILE_POLL_MS = 1000;
const REGISTER_MS = 250;

/** @throws Error for a configuration that the real one refuses to start with */
export function createBoshDns(kernel: Kernel, options: BoshDnsOptions): BoshDns {
  const { name = "bosh-dns" } = options;
  const server = new BoshDnsServer(kernel, name, options);
  kernel.restored.add(() => server.restore());
  const ask = kernel.onInput(
    `bosh-dns:ask/${name}`,
    ({ message, transport }: { message: Uint8Array; transport: Transport }) => server.ask(message, transport),
  );
  return {
    name,
    http: server.http,
    ask: (message, transport) => ask({ message, transport }),
    write: kernel.onInput(`bosh-dns:write/${name}`, (records: string) => server.write(records)),
  };
}

class BoshDnsServer {
  readonly http: Service;
  readonly #kernel: Kernel;
  readonly #name: string;
  readonly #state: Slot<BoshDnsState>;
  readonly #records: RecordSet;
  readonly #watch: HealthWatch;
  readonly #mux = new Mux();
  readonly #fromRecords: Handle;
  readonly #startedMs: number;

  constructor(kernel: Kernel, name: string, options: BoshDnsOptions) {
    this.#kernel = kernel;
    this.#name = name;
    this.#startedMs = kernel.nowMs;
    const settings = readConfig(options.config ?? {});
    this.#state = kernel.slot(`bosh-dns/${name}`, newState(options.records));
    const state = (): BoshDnsState => this.#state.value;
    this.#watch = new HealthWatch(kernel, name, settings, options.health ?? (() => undefined), () => state().health);
    this.#records = new RecordSet(options.aliases ?? [], this.#watch);
    this.#fromRecords = fromRecords(this.#records, kernel.random(`bosh-dns/${name}`));
    kernel.onTimer(`bosh-dns/${name}/poll`, () => this.#poll());
    kernel.onTimer(`bosh-dns/${name}/register`, () => this.#register());
    const context = { settings, state, upstreamAt: options.upstreamAt ?? (() => undefined) };
    this.#handlers(options, context);
    if (settings.usesRecursors) {
      const recursors = settings.isSmart
        ? kernel.random(`bosh-dns/${name}`).shuffle(settings.recursors)
        : settings.recursors;
      const next = forward(new RecursorPool(".", recursors, settings.isSmart, context));
      this.#mux.set("arpa.", reverse(this.#records, next));
      this.#mux.set(".", settings.caches ? this.#cacheReplies(".", next) : next);
    }
    for (const domain of settings.upcheckDomains) this.#mux.set(domain, upcheck);
    this.#mux.set(AGENT_DOMAIN, this.#fromRecords);
    this.#poll();
    this.#register();
    this.http = createBoshDnsApi(kernel, `bosh-dns/${name}`, {
      records: this.#records,
      jobs: options.jobs ?? {},
      healthOf: (ip) => this.#watch.of(ip),
      ownHealth: () => (settings.checksHealth ? this.#watch.ask("localhost").health : { state: "", groups: {} }),
    });
  }

  #handlers({ handlers = [], probe = () => ({ kind: "refused" }) }: BoshDnsOptions, context: ForwardContext): void {
    const random = this.#kernel.random(`bosh-dns/${this.#name}`);
    for (const { domain, source, cache } of handlers.flat()) {
      const handle = handlerOf(
        domain,
        source,
        probe,
        () => random.shuffle((source.recursors ?? []).map(withPort)),
        context,
      );
      this.#mux.set(
        domain,
        cache?.enabled === true && source.type !== "deny" ? this.#cacheReplies(domain, handle) : handle,
      );
    }
  }

  #cacheReplies(domain: string, next: Handle): Handle {
    const cache = new ReplyCache(domain, () => this.#state.value.cache);
    const kernel = this.#kernel;
    return function* (asked) {
      const { query, question } = asked;
      if ((query.flags & RD) === 0) return yield* next(asked);
      const found = cache.find(query, question, kernel.nowMs);
      if (found !== undefined) return { message: found, cuts: true };
      const reply = yield* next(asked);
      cache.keep(query, question, reply.message, kernel.nowMs);
      return { message: reply.message, cuts: true };
    };
  }

  write(records: string): void {
    this.#state.value.file = records;
    const sinceMs = this.#kernel.nowMs - this.#startedMs;
    this.#kernel.timer(FILE_POLL_MS - (sinceMs % FILE_POLL_MS), `bosh-dns/${this.#name}/poll`, null);
  }

  #poll(): void {
    const { file } = this.#state.value;
    if (file === undefined || file === this.#state.value.loaded || !this.#records.load(file)) return;
    this.#state.value.loaded = file;
    this.#watch.refresh(this.#records.instances);
    this.#kernel.timer(REGISTER_MS, `bosh-dns/${this.#name}/register`, null);
  }

  /** Answers beneath the domains of the records, and no longer beneath removed ones. */
  #register(): void {
    const domains = this.#records.domains();
    for (const gone of this.#state.value.domains) if (!domains.includes(gone)) this.#mux.delete(gone);
    for (const domain of domains)
      if (!this.#state.value.domains.includes(domain)) this.#mux.set(domain, this.#fromRecords);
    this.#state.value.domains = [...domains];
  }

  /** After a restore, what follows from the state is rebuilt. */
  restore(): void {
    const { loaded, domains } = this.#state.value;
    if (loaded !== undefined) this.#records.load(loaded);
    for (const domain of domains) this.#mux.set(domain, this.#fromRecords);
  }

  ask(packet: Uint8Array, transport: Transport): DnsReply | Process<DnsReply> {
    const bytes = Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength);
    const received = decodeQuery(bytes, false);
    if (received.kind === "silence") return {};
    if (received.kind === "reject") return replyOf(rejection(bytes, received.notImplemented, received.question));
    const body = this.#answer(received.query, transport);
    const first = body.next();
    if (first.done === true) return first.value;
    return this.#kernel.spawn("bosh-dns reply", continueBody(first.value, body));
  }

  *#answer(query: Query, transport: Transport): Body<DnsReply> {
    const { question } = query;
    const handle = question === undefined ? undefined : this.#mux.find(question.name, question.type);
    if (question === undefined || handle === undefined)
      return replyOf(encodeMessage(newMessage(query, RCODE.REFUSED), false));
    const { message, cuts } = yield* handle({ query, question, transport });
    return replyOf(cuts ? writeCut(message, transport, query.opt) : encodeMessage(message, false));
  }
}

const RD = 0x0100;
