import type { Exchange, LeftBehind } from "../runner/events.ts";
import { type Json, isObject, type JsonObject, stringOf } from "./http/json.ts";
import { bodyOf, exchangeWithout, observe, type Observation } from "./http/observation.ts";
import { curlLine } from "./http/curl.ts";
import { publicRequest } from "./http/observation.ts";
import { type RawRequest, type RawResponse, type Transport, TransportError } from "./http/transport.ts";
import { type SpecMinor, unknown, Verdicted } from "../runner/check.ts";
import type { Clock } from "./clock.ts";
import type { Ledger } from "./ledger.ts";
import { authorizationOf, type Target } from "./target.ts";
import { type Answer, type Intent, METHOD, type Operation, pathOf } from "./answer.ts";
import { maximumPollingSeconds, type Offer } from "./catalog.ts";

/** There was no usable answer to a request. Ends the check that sent it as `unknown`. */
export class NoAnswer extends Error {
  readonly exchange: Exchange;
  readonly fault: TransportError["fault"];
  constructor(request: RawRequest, error: TransportError) {
    super(`${request.method} ${new URL(request.url).pathname}: ${error.message}`, { cause: error });
    this.name = "NoAnswer";
    this.fault = error.fault;
    this.exchange = exchangeWithout(request, error.message);
  }
}

/** What is the same for a whole run. */
export interface ClientSettings {
  readonly target: Target;
  readonly transport: Transport;
  readonly clock: Clock;
  /** The version that the platform speaks, sent with each request. */
  readonly minor: SpecMinor;
  /** Makes a globally unique id. */
  readonly newId: () => string;
  /** How long an operation may be in progress when its plan sets no limit, in milliseconds. */
  readonly operationMsMax: number;
  /** First wait between polls, in milliseconds; it grows by half each time up to `pollMsMax`. */
  readonly pollMsMin: number;
  readonly pollMsMax: number;
  /** How long the removal of one thing may take, in milliseconds. */
  readonly cleanupMsMax: number;
  readonly signal?: AbortSignal;
}

export interface RequestOptions {
  readonly instanceId?: string;
  readonly bindingId?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Json;
  /** Sent as it is in place of `body`. */
  readonly text?: string;
  /** Added to, or with null taken from, the usual headers. */
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly intent?: Intent;
  readonly polled?: Operation;
  readonly abandon?: boolean;
}

/** How an operation ended. `refused`: the request was not accepted; `gone`: 410 from a poll. */
export interface EndedOperation {
  readonly state: "succeeded" | "failed" | "gone" | "timed-out" | "refused";
  readonly answer: Answer;
  readonly polls: readonly Answer[];
}

export const isSuccess = (answer: { readonly status: number }): boolean => answer.status >= 200 && answer.status < 300;

/** The query of a DELETE, or the hints of a GET. */
export function planIds(offer: Offer): { service_id: string; plan_id: string } {
  return { service_id: offer.service.id, plan_id: offer.plan.id };
}

/** What the platforms of one run know together. */
class Common {
  /** The plans that each instance may have, the likeliest first: a deletion has to name the current one. */
  readonly plans = new Map<string, readonly string[]>();
  /** By plan, how many operations in a row did not end in time. */
  readonly timeouts = new Map<string, number>();
  /** Ids of things whose creation got no answer: it may be under way still. */
  readonly unsure = new Set<string>();
  /** Ids of things that exist unless a broker lies: some request to create them was not refused. */
  readonly wanted = new Set<string>();
  /** Requests without an answer since the last one that had one. */
  silences = 0;
}

/** Operations on a plan, one after the other, that may run out of time before no more are begun. */
const TIMEOUTS_MAX = 2;
/** Requests without an answer after which nothing more is tried in order to clean up. */
const SILENCES_MAX = 6;
/** Attempts to remove a thing that nothing else is going on with. */
const REFUSALS_MAX = 3;
/** How often something that may be under way still is looked for again. */
const LOOKS_MAX = 2;
/** What surely kept a request from having an effect. */
const UNSENT: readonly TransportError["fault"][] = ["refused", "unresolved", "tls", "aborted", "throttled"];
/** What keeps an answer away though the broker may be well. */
const SPEAKING: readonly TransportError["fault"][] = ["aborted", "abandoned", "throttled"];
/** How often a request is sent that is answered 429. */
const THROTTLED_MAX = 5;

/**
 * A polite platform: sends requests as the specification asks a platform to, remembers every answer, writes down what it may
 * have created before it asks for it, waits for operations, and removes what it made.
 *
 * One for each check: they share settings and the run's `answers`; ledger, `sent` and signal are the check's own.
 */
export class OsbClient {
  readonly settings: ClientSettings;
  readonly ledger: Ledger;
  /** What this platform has sent, in order of the answers. */
  readonly sent: Answer[] = [];
  /** Requests that got no answer. */
  readonly silent: Exchange[] = [];
  readonly #listener: (answer: Answer) => void;
  readonly #common: Common;

  constructor(
    settings: ClientSettings,
    ledger: Ledger,
    listener: (answer: Answer) => void = () => {},
    common: Common = new Common(),
  ) {
    this.settings = settings;
    this.ledger = ledger;
    this.#listener = listener;
    this.#common = common;
  }

  /** A platform for one check: own ledger, own record. */
  scope(listener: (answer: Answer) => void = this.#listener): OsbClient {
    return new OsbClient(this.settings, this.ledger.scope(), listener, this.#common);
  }

  newId(): string {
    return this.settings.newId();
  }

  /** The request as it goes out. Exposed for curl lines of things not sent yet. */
  requestFor(operation: Operation, options: RequestOptions): RawRequest {
    const query = new URLSearchParams(options.query).toString().replaceAll("+", "%20");
    const path = pathOf(operation, options.instanceId ?? "", options.bindingId ?? "");
    const text = options.text ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
    return {
      method: METHOD[operation],
      url: `${this.settings.target.url}${path}${query === "" ? "" : `?${query}`}`,
      headers: this.#headers(text !== undefined, options.headers ?? {}),
      ...(text === undefined ? {} : { body: text }),
    };
  }

  #headers(hasBody: boolean, changes: Readonly<Record<string, string | null>>): Record<string, string> {
    const { target, minor, newId } = this.settings;
    const authorization = authorizationOf(target.auth);
    const usual: Record<string, string | null> = {
      Accept: "application/json",
      "X-Broker-API-Version": `2.${minor}`,
      ...(minor >= 15 ? { "X-Broker-API-Request-Identity": newId() } : {}),
      ...(authorization === undefined ? {} : { Authorization: authorization }),
      ...(hasBody ? { "Content-Type": "application/json" } : {}),
      ...target.headers,
      ...changes,
    };
    return Object.fromEntries(Object.entries(usual).filter((entry): entry is [string, string] => entry[1] !== null));
  }

  /** Sends one request. Throws NoAnswer when there is none. */
  async send(operation: Operation, options: RequestOptions = {}): Promise<Answer> {
    const request = this.requestFor(operation, options);
    if (operation === "update") this.#notePlan(options.instanceId ?? "", options, false);
    return this.#remember(operation, options, await this.exchange(request, options));
  }

  /** One exchange that need not be of the OSB API. Throws NoAnswer. */
  async exchange(request: RawRequest, options: Pick<RequestOptions, "intent" | "abandon"> = {}): Promise<Observation> {
    const { clock, transport, signal } = this.settings;
    const startMs = clock.nowMs();
    try {
      if (signal?.aborted && options.intent !== "cleanup") throw new TransportError("aborted", "interrupted");
      const send = {
        // What changes something is carried to its end: who cleans up has to know how it ended.
        ...(signal && request.method === "GET" && options.intent !== "cleanup" ? { signal } : {}),
        ...(options.abandon ? { abandon: true } : {}),
      };
      const isCleanup = options.intent === "cleanup";
      const response = await this.#unhurried(() => transport(request, send), isCleanup ? undefined : signal);
      this.#common.silences = 0;
      return observe(request, response, clock.nowMs() - startMs);
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      if (!SPEAKING.includes(error.fault)) this.#common.silences++;
      const noAnswer = new NoAnswer(request, error);
      this.silent.push(noAnswer.exchange);
      throw noAnswer;
    }
  }

  /** Asks again, as late as it is told to, while too much is asked at once: what was answered 429 has not been looked at. */
  async #unhurried(ask: () => Promise<RawResponse>, signal: AbortSignal | undefined): Promise<RawResponse> {
    const { clock } = this.settings;
    for (let attempt = 1; attempt <= THROTTLED_MAX; attempt++) {
      const response = await ask();
      if (response.status !== 429) return response;
      await this.#sleep(retryAfterMs(response, clock.nowMs()) ?? attempt * 1_000, signal);
    }
    throw new TransportError("throttled", "too many requests (429), also when asked as seldom as it wants");
  }

  /** Ends as a request would when the run is interrupted. */
  async #sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
    await this.settings.clock.sleepMs(ms, signal).catch((error: unknown) => {
      if (!signal?.aborted) throw error;
      throw new TransportError("aborted", "interrupted", { cause: error });
    });
  }

  #remember(operation: Operation, options: RequestOptions, observation: Observation): Answer {
    const answer: Answer = {
      ...observation,
      operation,
      intent: options.intent ?? "plain",
      instanceId: options.instanceId ?? "",
      bindingId: options.bindingId ?? "",
      query: options.query ?? {},
      sent: isObject(options.body) ? options.body : {},
      polled: options.polled,
    };
    if (operation === "update" && isSuccess(answer) && answer.status !== 202)
      this.#notePlan(answer.instanceId, options, true);
    this.sent.push(answer);
    this.#listener(answer);
    return answer;
  }

  /** A plan that was asked for with a planted defect is none to count on. */
  #notePlan(instanceId: string, { body, intent }: Pick<RequestOptions, "body" | "intent">, isReached: boolean): void {
    const planId = isObject(body) ? stringOf(body["plan_id"]) : undefined;
    if (planId === undefined || intent === "bad") return;
    const others = (this.#common.plans.get(instanceId) ?? []).filter((each) => isReached || each !== planId);
    this.#common.plans.set(instanceId, [...new Set(isReached ? [planId, ...others] : [...others, planId])]);
  }

  /** The query of the deletion of an instance or its bindings, with the plan that it has now; later attempts try others. */
  deletionOf(offer: Offer, instanceId: string, attempt = 0): Record<string, string> {
    const plans = this.#common.plans.get(instanceId) ?? [];
    return { ...deletion(offer), plan_id: plans[attempt % plans.length] ?? offer.plan.id };
  }

  // Requests that may create something are written down before they are sent.

  async provision(offer: Offer, instanceId: string, options: RequestOptions = {}): Promise<Answer> {
    this.#refuseStalled(offer);
    this.recordInstance(offer, instanceId);
    return this.#create("provision", instanceId, { ...options, instanceId });
  }

  async bind(offer: Offer, instanceId: string, bindingId: string, options: RequestOptions = {}): Promise<Answer> {
    this.#refuseStalled(offer);
    this.recordBinding(offer, instanceId, bindingId);
    return this.#create("bind", bindingId, { ...options, instanceId, bindingId });
  }

  async #create(operation: "provision" | "bind", id: string, options: RequestOptions): Promise<Answer> {
    try {
      const answer = await this.send(operation, options);
      if (answer.status < 400 || answer.status >= 500) this.#common.wanted.add(id);
      return answer;
    } catch (error) {
      if (error instanceof NoAnswer && !UNSENT.includes(error.fault)) this.#common.unsure.add(id);
      throw error;
    }
  }

  /** A plan whose operations do not end would cost each check its whole patience. */
  #refuseStalled({ plan }: Offer): void {
    if ((this.#common.timeouts.get(plan.id) ?? 0) < TIMEOUTS_MAX) return;
    const reason = `${TIMEOUTS_MAX} operations on plan "${plan.name}" in a row did not end in time: no more are begun`;
    throw new Verdicted(unknown(reason));
  }

  async deprovision(offer: Offer, instanceId: string, options: RequestOptions = {}): Promise<Answer> {
    const query = this.deletionOf(offer, instanceId);
    const answer = await this.send("deprovision", { query, ...options, instanceId });
    if (this.#isGone(answer, instanceId)) this.ledger.forget({ kind: "instance", id: instanceId });
    return answer;
  }

  async unbind(offer: Offer, instanceId: string, bindingId: string, options: RequestOptions = {}): Promise<Answer> {
    const query = this.deletionOf(offer, instanceId);
    const answer = await this.send("unbind", { query, ...options, instanceId, bindingId });
    if (this.#isGone(answer, bindingId)) this.ledger.forget({ kind: "binding", id: bindingId });
    return answer;
  }

  /** What may be under way still is not gone because it is not there yet. */
  #isGone({ status }: Answer, id: string): boolean {
    return status === 200 || (status === 410 && !this.#common.unsure.has(id));
  }

  /** One poll. `operation` is the string of the 202, when it had one. */
  poll(offer: Offer, of: Answer, options: RequestOptions = {}): Promise<Answer> {
    const operation = stringOf(bodyOf(of)["operation"]);
    const query = { ...planIds(offer), ...(operation === undefined ? {} : { operation }) };
    return this.send(of.bindingId === "" ? "poll-instance" : "poll-binding", {
      query,
      instanceId: of.instanceId,
      bindingId: of.bindingId,
      intent: of.intent === "cleanup" ? "cleanup" : "plain",
      polled: of.operation,
      ...options,
    });
  }

  /**
   * Waits until the operation that `answer` began has ended: polls after a 202, by Retry-After or a growing pause, up to the
   * plan's maximum_polling_duration or the run's limit.
   */
  async settle(offer: Offer, answer: Answer): Promise<EndedOperation> {
    if (answer.status !== 202) return { state: isSuccess(answer) ? "succeeded" : "refused", answer, polls: [] };
    const { clock, pollMsMin, pollMsMax } = this.settings;
    const endMs = clock.nowMs() + this.#patienceMs(offer, answer);
    const polls: Answer[] = [];
    let pauseMs = pollMsMin;
    while (true) {
      const poll = await this.poll(offer, answer);
      polls.push(poll);
      const state = stateOf(poll);
      if (state !== undefined) return this.#ended(offer, { state, answer, polls });
      const leftMs = endMs - clock.nowMs();
      if (leftMs <= 0) return this.#timedOut(offer, { state: "timed-out", answer, polls });
      // Asked to come back after the end of the time it has, the platform looks a last time at that end.
      await this.#pause(Math.min(retryAfterMs(poll, clock.nowMs()) ?? pauseMs, leftMs), poll);
      pauseMs = Math.min(pauseMs * 1.5, pollMsMax);
    }
  }

  /** How long an operation may be in progress, in milliseconds. */
  #patienceMs(offer: Offer, { intent }: Answer): number {
    const { operationMsMax, cleanupMsMax } = this.settings;
    if (intent === "cleanup") return cleanupMsMax;
    return Math.min(operationMsMax, (maximumPollingSeconds(offer) ?? Number.POSITIVE_INFINITY) * 1000);
  }

  /** Waits before the poll after `last`. */
  async #pause(ms: number, last: Answer): Promise<void> {
    await this.#sleep(ms, last.intent === "cleanup" ? undefined : this.settings.signal).catch((error: unknown) => {
      throw error instanceof TransportError ? new NoAnswer(last.request, error) : error;
    });
  }

  #timedOut({ plan }: Offer, settled: EndedOperation): EndedOperation {
    const { timeouts } = this.#common;
    if (settled.answer.intent !== "cleanup") timeouts.set(plan.id, (timeouts.get(plan.id) ?? 0) + 1);
    return settled;
  }

  #ended({ plan }: Offer, settled: EndedOperation): EndedOperation {
    const { operation, instanceId, bindingId } = settled.answer;
    this.#common.timeouts.delete(plan.id);
    if (settled.state === "failed") return settled;
    if (operation === "update") this.#notePlan(instanceId, { body: settled.answer.sent }, true);
    if (operation === "deprovision") this.ledger.forget({ kind: "instance", id: instanceId });
    if (operation === "unbind") this.ledger.forget({ kind: "binding", id: bindingId });
    return settled;
  }

  recordInstance(offer: Offer, instanceId: string): void {
    if (!this.#common.plans.has(instanceId)) this.#common.plans.set(instanceId, [offer.plan.id]);
    this.#record("deprovision", offer, { kind: "instance", id: instanceId, instanceId });
  }

  recordBinding(offer: Offer, instanceId: string, bindingId: string): void {
    this.#record("unbind", offer, { kind: "binding", id: bindingId, instanceId, bindingId });
  }

  #record(
    operation: "deprovision" | "unbind",
    offer: Offer,
    { kind, id, ...ids }: Pick<LeftBehind, "kind" | "id"> & RequestOptions & { readonly instanceId: string },
  ): void {
    const options = (attempt: number) => ({ ...ids, query: this.deletionOf(offer, ids.instanceId, attempt) });
    this.ledger.record({
      kind,
      id,
      curl: curlLine(publicRequest(this.requestFor(operation, options(0)))),
      remove: () =>
        this.#remove((attempt) => this.send(operation, { ...options(attempt), intent: "cleanup" }), offer, id),
    });
  }

  /** Deletes until the broker says that it is gone. A 404 is a wrong answer, but says so as well. */
  async #remove(request: (attempt: number) => Promise<Answer>, offer: Offer, id: string): Promise<boolean> {
    const { clock, cleanupMsMax, pollMsMin, pollMsMax } = this.settings;
    const endMs = clock.nowMs() + cleanupMsMax;
    let pauseMs = this.#common.unsure.has(id) ? pollMsMax : pollMsMin;
    let refusals = 0;
    let looks = this.#common.unsure.has(id) ? LOOKS_MAX : 0;
    while (this.#common.silences < SILENCES_MAX) {
      const settled = await this.#attempt(request(refusals), offer);
      if (settled !== undefined && isRemoved(settled)) return true;
      const isAbsent = settled !== undefined && [404, 410].includes(settled.answer.status);
      if (isAbsent && looks-- === 0) return true;
      const isBusy = settled !== undefined && !isAbsent && (await this.#isBusy(offer, settled.answer));
      if (!isBusy && !isAbsent && ++refusals === REFUSALS_MAX)
        return !this.#common.wanted.has(id) && !this.#common.unsure.has(id);
      if (clock.nowMs() + pauseMs > endMs) return false;
      await clock.sleepMs(pauseMs);
      pauseMs = Math.min(pauseMs * 1.5, pollMsMax);
    }
    return false;
  }

  /** Undefined when there was no answer, which may come at the next attempt. */
  #attempt(request: Promise<Answer>, offer: Offer): Promise<EndedOperation | undefined> {
    return request
      .then((answer) => this.settle(offer, answer))
      .catch((error: unknown) => {
        if (error instanceof NoAnswer && error.fault !== "refused") return undefined;
        throw error;
      });
  }

  /**
   * Whether a deletion was refused because of something else that is going on, also when the broker does not say so as it
   * should. What goes on may only move on while somebody asks for it.
   */
  async #isBusy(offer: Offer, refusal: Answer): Promise<boolean> {
    const { instanceId, bindingId } = refusal;
    const options = { query: planIds(offer), instanceId, intent: "cleanup" } as const;
    const polls = [await this.send("poll-instance", options)];
    if (bindingId !== "" && this.settings.minor >= 14)
      polls.push(await this.send("poll-binding", { ...options, bindingId }));
    const isRunning = polls.some((poll) => bodyOf(poll)["state"] === "in progress");
    return isRunning || bodyOf(refusal)["error"] === "ConcurrencyError";
  }
}

const isRemoved = ({ state }: EndedOperation): boolean => state === "succeeded" || state === "gone";

/** The query of a deletion as a platform sends it. */
export function deletion(offer: Offer): Record<string, string> {
  return { ...planIds(offer), accepts_incomplete: "true" };
}

/** How an operation ended according to a poll; undefined while it goes on. */
export function stateOf(poll: Answer): "succeeded" | "failed" | "gone" | undefined {
  const isDeletion = poll.polled === "deprovision" || poll.polled === "unbind";
  if (poll.status === 410) return isDeletion ? "gone" : "failed";
  if (poll.status === 404 && isDeletion) return "gone";
  if (poll.status >= 400 && poll.status < 500) return "failed";
  const state = bodyOf(poll)["state"];
  return state === "succeeded" || state === "failed" ? state : undefined;
}

/** Longest wait that a broker's Retry-After can ask for, in milliseconds. */
const RETRY_AFTER_MS_MAX = 60_000;

export function retryAfterMs(answer: Pick<RawResponse, "headers">, nowMs: number): number | undefined {
  const value = answer.headers["retry-after"];
  if (value === undefined) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - nowMs;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), RETRY_AFTER_MS_MAX) : undefined;
}

/** The members of a provision request that a platform always sends. */
export function provisionBody(offer: Offer, context: JsonObject, parameters?: JsonObject): JsonObject {
  return {
    ...planIds(offer),
    context,
    organization_guid: stringOf(context["organization_guid"]) ?? "drydock-organization",
    space_guid: stringOf(context["space_guid"]) ?? "drydock-space",
    ...(parameters === undefined ? {} : { parameters }),
  };
}
