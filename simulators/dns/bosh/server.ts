import type { Body, Kernel, Process, Service, Slot } from "../../kernel/index.ts";
import type { Probe } from "../behaviour/probe.ts";
import { type DnsReply, replyOf } from "../reply.ts";
import { rejection } from "../resolver/answer.ts";
import { newMessage } from "../resolver/message.ts";
import type { Upstream } from "../resolver/recursor.ts";
import { decodeQuery } from "../wire/codec/decode.ts";
import { encodeMessage } from "../wire/codec/encode.ts";
import { fqdnOf } from "../wire/codec/names.ts";
import { type Query, RCODE, type Transport, TYPE } from "../wire/codec/types.ts";
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

const FILE_POLL_MS = 1000;
const REGISTER_MS = 250;

/** The BOSH DNS of one machine. */
export interface BoshDnsOptions {
  /** Default `bosh-dns`. */
  readonly name?: string;
  readonly config?: BoshDnsConfig;
  /** The director's `records.json`, as text; absent: there is none yet. */
  readonly records?: string | undefined;
  /**
   * The records that the director hands out now, read at each question; the same text while nothing has
   * changed. Default: the written ones.
   */
  readonly recordsNow?: () => string;
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

/** The server itself, one for each machine. */
export class BoshDnsServer {
  readonly http: Service;
  readonly #kernel: Kernel;
  readonly #name: string;
  readonly #state: Slot<BoshDnsState>;
  readonly #records: RecordSet;
  readonly #watch: HealthWatch;
  readonly #mux = new Mux();
  readonly #fromRecords: Handle;
  readonly #startedMs: number;
  readonly #recordsNow: (() => string) | undefined;

  constructor(kernel: Kernel, name: string, options: BoshDnsOptions) {
    this.#kernel = kernel;
    this.#name = name;
    this.#startedMs = kernel.nowMs;
    this.#recordsNow = options.recordsNow;
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
    this.http = createBoshDnsApi(kernel, name === "bosh-dns" ? name : `bosh-dns/${name}`, {
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
      if ("bytes" in reply) return reply;
      cache.keep(query, question, reply.message, kernel.nowMs);
      return { message: reply.message, cuts: true };
    };
  }

  write(records: string): void {
    this.#state.value.file = records;
    const sinceMs = this.#kernel.nowMs - this.#startedMs;
    this.#kernel.timer(FILE_POLL_MS - (sinceMs % FILE_POLL_MS), `bosh-dns/${this.#name}/poll`, null);
  }

  /** Takes in what the director has published since. */
  #catchUp(): void {
    const text = this.#recordsNow?.();
    if (text === undefined || text === this.#state.value.file) return;
    this.#state.value.file = text;
    if (this.#load()) this.#register();
  }

  /** Reads the file; answers whether it had changed. */
  #load(): boolean {
    const state = this.#state.value;
    const { file } = state;
    if (file === undefined || file === state.loaded || !this.#records.load(file)) return false;
    state.loaded = file;
    state.past = [...state.past, { atMs: this.#kernel.nowMs, text: file }].slice(-PAST_MAX);
    this.#watch.refresh(this.#records.instances);
    return true;
  }

  #poll(): void {
    if (this.#load()) this.#kernel.timer(REGISTER_MS, `bosh-dns/${this.#name}/register`, null);
  }

  /** Answers beneath the domains of the current records, and no longer beneath earlier ones. */
  #register(): void {
    const domains = this.#records.domains();
    for (const gone of this.#state.value.domains) if (!domains.includes(gone)) this.#mux.delete(gone);
    for (const domain of domains)
      if (!this.#state.value.domains.includes(domain)) this.#mux.set(domain, this.#fromRecords);
    this.#state.value.domains = [...domains];
  }

  /** After a restore, rebuilds what derives from the state. */
  restore(): void {
    const { loaded, domains } = this.#state.value;
    this.#records.load(loaded ?? NO_RECORDS);
    for (const domain of domains) this.#mux.set(domain, this.#fromRecords);
  }

  ask(packet: Uint8Array, transport: Transport): DnsReply | Process<DnsReply> {
    this.#catchUp();
    const bytes = Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength);
    const received = decodeQuery(bytes, false);
    if (received.kind === "silence") return {};
    if (received.kind === "reject") return replyOf(rejection(bytes, received.notImplemented, received.question));
    const body = this.#answer(received.query, transport, packet);
    const first = body.next();
    if (first.done === true) return first.value;
    return this.#kernel.spawn("bosh-dns reply", continueBody(first.value, body));
  }

  /** The answer from the records as they were some time ago. */
  askBack(packet: Uint8Array, transport: Transport, ageMs: number): DnsReply | Process<DnsReply> {
    this.#catchUp();
    const { past, loaded } = this.#state.value;
    const before = past.findLast(({ atMs }) => atMs <= this.#kernel.nowMs - ageMs);
    this.#records.load(before?.text ?? NO_RECORDS);
    try {
      const received = decodeQuery(Buffer.from(packet), false);
      if (received.kind !== "query") return this.ask(packet, transport);
      return finish(this.#answer(received.query, transport, packet));
    } finally {
      this.#records.load(loaded ?? NO_RECORDS);
    }
  }

  addressOf(name: string): string | undefined {
    this.#catchUp();
    const question = { name: fqdnOf(name), type: TYPE.A, class: 1 };
    const query = { id: 0, flags: RD, opcode: 0, question, opt: undefined };
    const handle = this.#mux.find(question.name, question.type);
    if (handle === undefined) return undefined;
    const handled = finish(handle({ query, question, transport: "udp", packet: new Uint8Array() }));
    if ("bytes" in handled) return undefined;
    for (const rr of handled.message.answer) if (rr.type === TYPE.A) return rr.address;
    return undefined;
  }

  *#answer(query: Query, transport: Transport, packet: Uint8Array): Body<DnsReply> {
    const { question } = query;
    const handle = question === undefined ? undefined : this.#mux.find(question.name, question.type);
    if (question === undefined || handle === undefined)
      return replyOf(encodeMessage(newMessage(query, RCODE.REFUSED), false));
    const handled = yield* handle({ query, question, transport, packet });
    if ("bytes" in handled) return replyOf(handled.bytes);
    const { message, cuts } = handled;
    return replyOf(cuts ? writeCut(message, transport, query.opt) : encodeMessage(message, false));
  }
}

/** Runs a process that would take time to its end at once. */
function finish<T>(body: Body<T>): T {
  for (let next = body.next(); ; next = body.next()) if (next.done === true) return next.value;
}

const RD = 0x0100;
/** How many versions of the records are remembered. */
const PAST_MAX = 16;
/** A file without records. */
const NO_RECORDS = "null";
