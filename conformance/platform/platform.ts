import type { Exchange, LeftBehind } from "../events.ts";
import { type Json, isObject, type JsonObject, stringOf } from "../http/json.ts";
import { bodyOf, exchangeWithout, observe, type Observation } from "../http/observation.ts";
import { curlLine } from "../http/curl.ts";
import { publicRequest } from "../http/observation.ts";
import { type RawRequest, type Transport, TransportError } from "../http/transport.ts";
import type { SpecMinor } from "../runner/check.ts";
import type { Clock } from "../runner/clock.ts";
import type { Ledger } from "../runner/ledger.ts";
import { authorizationOf, type Target } from "../runner/target.ts";
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
export interface PlatformSettings {
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
export interface Settled {
  readonly state: "succeeded" | "failed" | "gone" | "timed-out" | "refused";
  readonly answer: Answer;
  readonly polls: readonly Answer[];
}

export const isSuccess = (answer: { readonly status: number }): boolean => answer.status >= 200 && answer.status < 300;

/** The query of a DELETE, or the hints of a GET. */
export function idsOf(offer: Offer): { service_id: string; plan_id: string } {
  return { service_id: offer.service.id, plan_id: offer.plan.id };
}

/**
 * A polite platform: sends requests as the specification asks a platform to, remembers every answer, writes down what it may
 * have created before it asks for it, waits for operations, and removes what it made.
 *
 * One for each check: they share settings and the run's `answers`; ledger, `sent` and signal are the check's own.
 */
export class Platform {
  readonly settings: PlatformSettings;
  readonly ledger: Ledger;
  /** What this platform has sent, in order of the answers. */
  readonly sent: Answer[] = [];
  /** Requests that got no answer. */
  readonly silent: Exchange[] = [];
  readonly #listener: (answer: Answer) => void;
  /** The plans that each instance may have, the likeliest first: a deletion has to name the current one. */
  readonly #plans: Map<string, readonly string[]>;

  constructor(
    settings: PlatformSettings,
    ledger: Ledger,
    listener: (answer: Answer) => void = () => {},
    plans: Map<string, readonly string[]> = new Map(),
  ) {
    this.settings = settings;
    this.ledger = ledger;
    this.#listener = listener;
    this.#plans = plans;
  }

  /** A platform for one check: own ledger, own record. */
  scope(listener: (answer: Answer) => void = this.#listener): Platform {
    return new Platform(this.settings, this.ledger.scope(), listener, this.#plans);
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
    return this.#remember(operation, options, await this.exchange(request, options));
  }

  /** One exchange that need not be of the OSB API. Throws NoAnswer. */
  async exchange(request: RawRequest, options: Pick<RequestOptions, "intent" | "abandon"> = {}): Promise<Observation> {
    const { clock, transport, signal } = this.settings;
    const startMs = clock.nowMs();
    try {
      const response = await transport(request, {
        ...(signal && options.intent !== "cleanup" ? { signal } : {}),
        ...(options.abandon ? { abandon: true } : {}),
      });
      return observe(request, response, clock.nowMs() - startMs);
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      const noAnswer = new NoAnswer(request, error);
      this.silent.push(noAnswer.exchange);
      throw noAnswer;
    }
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
    if (operation === "update") this.#notePlan(answer, isSuccess(answer) && answer.status !== 202);
    this.sent.push(answer);
    this.#listener(answer);
    return answer;
  }

  /** A plan that was asked for with a planted defect is none to count on. */
  #notePlan({ instanceId, sent, intent }: Answer, isReached: boolean): void {
    const planId = stringOf(sent["plan_id"]);
    if (planId === undefined || intent === "bad") return;
    const others = (this.#plans.get(instanceId) ?? []).filter((each) => isReached || each !== planId);
    this.#plans.set(instanceId, [...new Set(isReached ? [planId, ...others] : [...others, planId])]);
  }

  /** The query of the deletion of an instance or its bindings, with the plan that it has now; later attempts try others. */
  deletionOf(offer: Offer, instanceId: string, attempt = 0): Record<string, string> {
    const plans = this.#plans.get(instanceId) ?? [];
    return { ...deletion(offer), plan_id: plans[attempt % plans.length] ?? offer.plan.id };
  }

  // Requests that may create something are written down before they are sent.

  async provision(offer: Offer, instanceId: string, options: RequestOptions = {}): Promise<Answer> {
    this.recordInstance(offer, instanceId);
    return this.send("provision", { ...options, instanceId });
  }

  async bind(offer: Offer, instanceId: string, bindingId: string, options: RequestOptions = {}): Promise<Answer> {
    this.recordBinding(offer, instanceId, bindingId);
    return this.send("bind", { ...options, instanceId, bindingId });
  }

  async deprovision(offer: Offer, instanceId: string, options: RequestOptions = {}): Promise<Answer> {
    const answer = await this.send("deprovision", {
      query: this.deletionOf(offer, instanceId),
      ...options,
      instanceId,
    });
    if (answer.status === 200 || answer.status === 410) this.ledger.forget({ kind: "instance", id: instanceId });
    return answer;
  }

  async unbind(offer: Offer, instanceId: string, bindingId: string, options: RequestOptions = {}): Promise<Answer> {
    const answer = await this.send("unbind", {
      query: this.deletionOf(offer, instanceId),
      ...options,
      instanceId,
      bindingId,
    });
    if (answer.status === 200 || answer.status === 410) this.ledger.forget({ kind: "binding", id: bindingId });
    return answer;
  }

  /** One poll. `operation` is the string of the 202, when it had one. */
  poll(offer: Offer, of: Answer, options: RequestOptions = {}): Promise<Answer> {
    const operation = stringOf(bodyOf(of)["operation"]);
    const query = { ...idsOf(offer), ...(operation === undefined ? {} : { operation }) };
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
  async settle(offer: Offer, answer: Answer): Promise<Settled> {
    if (answer.status !== 202) return { state: isSuccess(answer) ? "succeeded" : "refused", answer, polls: [] };
    const { clock, operationMsMax, pollMsMin, pollMsMax, signal } = this.settings;
    const limitMs = Math.min(operationMsMax, (maximumPollingSeconds(offer) ?? Number.POSITIVE_INFINITY) * 1000);
    const endMs = clock.nowMs() + limitMs;
    const polls: Answer[] = [];
    let pauseMs = pollMsMin;
    while (true) {
      const poll = await this.poll(offer, answer);
      polls.push(poll);
      const state = stateOf(poll);
      if (state !== undefined) return this.#ended({ state, answer, polls });
      const leftMs = endMs - clock.nowMs();
      if (leftMs <= 0) return { state: "timed-out", answer, polls };
      // Asked to come back after the end of the time it has, the platform looks a last time at that end.
      const waitMs = Math.min(retryAfterMs(poll, clock.nowMs()) ?? pauseMs, leftMs);
      await clock.sleepMs(waitMs, answer.intent === "cleanup" ? undefined : signal);
      pauseMs = Math.min(pauseMs * 1.5, pollMsMax);
    }
  }

  #ended(settled: Settled): Settled {
    const { operation, instanceId, bindingId } = settled.answer;
    if (settled.state === "failed") return settled;
    if (operation === "update") this.#notePlan(settled.answer, true);
    if (operation === "deprovision") this.ledger.forget({ kind: "instance", id: instanceId });
    if (operation === "unbind") this.ledger.forget({ kind: "binding", id: bindingId });
    return settled;
  }

  recordInstance(offer: Offer, instanceId: string): void {
    if (!this.#plans.has(instanceId)) this.#plans.set(instanceId, [offer.plan.id]);
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
      remove: () => this.#remove((attempt) => this.send(operation, { ...options(attempt), intent: "cleanup" }), offer),
    });
  }

  /** Deletes until the broker says that it is gone. A 404 is a wrong answer, but says so as well. */
  async #remove(request: (attempt: number) => Promise<Answer>, offer: Offer): Promise<boolean> {
    const { clock, cleanupMsMax, pollMsMin, pollMsMax } = this.settings;
    const endMs = clock.nowMs() + cleanupMsMax;
    let pauseMs = pollMsMin;
    let refusals = 0;
    while (true) {
      const settled = await this.#attempt(request(refusals), offer);
      if (settled !== undefined && isGone(settled)) return true;
      const isBusy = settled !== undefined && (await this.#isBusy(offer, settled.answer));
      if (!isBusy && ++refusals === REFUSALS_MAX) return false;
      if (clock.nowMs() + pauseMs > endMs) return false;
      await clock.sleepMs(pauseMs);
      pauseMs = Math.min(pauseMs * 1.5, pollMsMax);
    }
  }

  /** Undefined when there was no answer, which may come at the next attempt. */
  #attempt(request: Promise<Answer>, offer: Offer): Promise<Settled | undefined> {
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
    const options = { query: idsOf(offer), instanceId, intent: "cleanup" } as const;
    const polls = [await this.send("poll-instance", options)];
    if (bindingId !== "" && this.settings.minor >= 14)
      polls.push(await this.send("poll-binding", { ...options, bindingId }));
    const isRunning = polls.some((poll) => bodyOf(poll)["state"] === "in progress");
    return isRunning || bodyOf(refusal)["error"] === "ConcurrencyError";
  }
}

/** Attempts to remove a thing that nothing else is going on with. */
const REFUSALS_MAX = 3;

function isGone(settled: Settled): boolean {
  return settled.state === "succeeded" || settled.state === "gone" || [404, 410].includes(settled.answer.status);
}

/** The query of a deletion as a platform sends it. */
export function deletion(offer: Offer): Record<string, string> {
  return { ...idsOf(offer), accepts_incomplete: "true" };
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

export function retryAfterMs(answer: Pick<Answer, "headers">, nowMs: number): number | undefined {
  const value = answer.headers["retry-after"];
  if (value === undefined) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - nowMs;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), RETRY_AFTER_MS_MAX) : undefined;
}

/** The members of a provision request that a platform always sends. */
export function provisionBody(offer: Offer, context: JsonObject, parameters?: JsonObject): JsonObject {
  return {
    ...idsOf(offer),
    context,
    organization_guid: stringOf(context["organization_guid"]) ?? "drydock-organization",
    space_guid: stringOf(context["space_guid"]) ?? "drydock-space",
    ...(parameters === undefined ? {} : { parameters }),
  };
}
