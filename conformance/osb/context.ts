import type { Json, JsonObject } from "../client/http/json.ts";
import { bodyOf } from "../client/http/observation.ts";
import type { Answer } from "../client/answer.ts";
import { areInstancesRetrievable, type Offer, readCatalog } from "../client/catalog.ts";
import type { OsbClient } from "../client/osb-client.ts";
import { notApplicable, type Outcome, Verdicted } from "../runner/check.ts";
import type { RunContext } from "../runner/suite.ts";
import { obstacleIn } from "./model/stages.ts";
import { ANY, type PlanRequirement } from "./plan-requirements.ts";
import { bindBodyFor, provisionBodyFor } from "./request-bodies.ts";
import { type LiveInstance, provisionInstance, type Shared } from "./shared-instances.ts";
import { answerOrSilence } from "../client/no-answer.ts";
import { planIds, type RequestOptions } from "../client/request.ts";
import type { EndedOperation } from "../client/polling.ts";
import type { SpecMinor } from "../client/spec-version.ts";

/** A binding that exists. */
export interface LiveBinding {
  readonly live: LiveInstance;
  readonly id: string;
  readonly bound: EndedOperation;
}

/** What one check works with. */
export class OsbContext {
  readonly platform: OsbClient;
  readonly run: RunContext;
  readonly shared: Shared;
  #borrowed: LiveInstance[] = [];
  readonly #changedInstances = new Set<LiveInstance>();

  constructor(platform: OsbClient, shared: Shared, run: RunContext = shared.run) {
    this.platform = platform;
    this.shared = shared;
    this.run = run;
  }

  get minor(): SpecMinor {
    return this.run.minor;
  }

  /** The first plan that meets all requirements; ends the check as not applicable when there is none. */
  offer(...requirements: readonly PlanRequirement[]): Offer {
    const found = this.run.offers.find((offer) => requirements.every((requirement) => requirement.fits(offer)));
    if (found !== undefined) return found;
    const missing =
      requirements.find((requirement) => !this.run.offers.some(requirement.fits)) ?? requirements.at(-1) ?? ANY;
    throw new Verdicted(notApplicable(missing.unmet, this.run.catalog));
  }

  /** The same context with another client: for a story that several checks share. */
  with(platform: OsbClient): OsbContext {
    return new OsbContext(platform, this.shared, this.run);
  }

  /** The same context, with these plans first. */
  preferring(first: readonly Offer[]): OsbContext {
    const offers = [...first, ...this.run.offers.filter((offer) => !first.includes(offer))];
    return new OsbContext(this.platform, this.shared, { ...this.run, offers });
  }

  /** An instance that other checks use before and after this one. Do not change it: take `fresh` for that. */
  live(...requirements: readonly PlanRequirement[]): Promise<LiveInstance> {
    return this.liveOf(this.offer(...requirements));
  }

  /** The same instance again when the check asks again, unless it was spoilt. */
  async liveOf(offer: Offer): Promise<LiveInstance> {
    const borrowed = this.#borrowed.find(
      (live) => live.offer.plan.id === offer.plan.id && !this.#changedInstances.has(live),
    );
    if (borrowed !== undefined) return borrowed;
    const live = await this.shared.borrow(offer, this.platform.room);
    this.#borrowed.push(live);
    return live;
  }

  /** Says that an instance was changed, so that no other check gets it. */
  markChanged(live: LiveInstance): void {
    this.#changedInstances.add(live);
  }

  /** Removes a borrowed instance that was changed, so that there is room for the next. */
  async discard(live: LiveInstance): Promise<void> {
    this.#borrowed.splice(this.#borrowed.indexOf(live), 1);
    await this.shared.giveBack(live, true, this.platform.room);
  }

  /** An instance of its own. */
  fresh(...requirements: readonly PlanRequirement[]): Promise<LiveInstance> {
    return this.freshOf(this.offer(...requirements));
  }

  freshOf(offer: Offer, parameters?: JsonObject): Promise<LiveInstance> {
    return provisionInstance(this.shared, this.platform, offer, parameters);
  }

  /**
   * Binds an instance and waits for the end. A bind that came too early may be refused, which is another check's finding: it is sent once more.
   *
   * @throws NoAnswer, Verdicted when the bind does not succeed
   */
  async bindTo(live: LiveInstance, id: string = this.platform.newId()): Promise<LiveBinding> {
    const first = await this.platform.settle(live.offer, await this.bind(live, id));
    const settled =
      first.state === "refused" ? await this.platform.settle(live.offer, await this.bind(live, id)) : first;
    if (settled.state === "succeeded") return { live, id, bound: settled };
    throw new Verdicted(obstacleIn("bind", settled));
  }

  /** The id of each offering and plan by its name. */
  idsByName(catalog: Answer): Readonly<Record<string, string>> {
    const services = readCatalog(catalog.json);
    const plans = services.flatMap((service) =>
      service.plans.map((plan) => [`${service.name}/${plan.name}`, plan.id] as const),
    );
    return Object.fromEntries([...services.map((service) => [service.name, service.id] as const), ...plans]);
  }

  provisionBody(offer: Offer): JsonObject {
    return provisionBodyFor(this.run, offer);
  }

  bindBody(offer: Offer): JsonObject {
    return bindBodyFor(this.run, offer);
  }

  /** A provision request as a platform sends it; `options` change what a check wants changed. */
  provision(offer: Offer, id: string, options: RequestOptions = {}): Promise<Answer> {
    return this.platform.provision(offer, id, {
      query: { accepts_incomplete: "true" },
      ...(options.text === undefined ? { body: this.provisionBody(offer) } : {}),
      ...options,
    });
  }

  /**
   * The same for a new instance: a 5xx is a finding only if it comes again, as the broker may have stumbled over something else. The answer says
   * under which id.
   */
  async provisionNew(offer: Offer, options: RequestOptions = {}): Promise<Answer> {
    const answer = await this.provision(offer, this.platform.newId(), options);
    if (answer.status < 500) return answer;
    const removal = await this.platform.deprovision(offer, answer.instanceId, { intent: "cleanup" });
    await this.platform.settle(offer, removal);
    return this.provision(offer, this.platform.newId(), options);
  }

  bind(live: Pick<LiveInstance, "offer" | "id">, bindingId: string, options: RequestOptions = {}): Promise<Answer> {
    return this.platform.bind(live.offer, live.id, bindingId, {
      ...(this.minor >= 14 ? { query: { accepts_incomplete: "true" } } : {}),
      ...(options.text === undefined ? { body: this.bindBody(live.offer) } : {}),
      ...options,
    });
  }

  update(live: Pick<LiveInstance, "offer" | "id">, body: Json, options: RequestOptions = {}): Promise<Answer> {
    return this.platform.send("update", {
      query: { accepts_incomplete: "true" },
      ...(options.text === undefined ? { body } : {}),
      instanceId: live.id,
      ...options,
    });
  }

  /** A fetch of the instance; undefined when instances are not retrievable or it does not answer 200. */
  async fetchInstance(live: Pick<LiveInstance, "offer" | "id">): Promise<Answer | undefined> {
    if (this.minor < 14 || !areInstancesRetrievable(live.offer)) return undefined;
    const answer = await this.platform.send("fetch-instance", { instanceId: live.id });
    return answer.status === 200 ? answer : undefined;
  }

  /**
   * Watches a thing while it is asked for what has to be refused. The function returns the poll that shows that something has
   * begun since.
   */
  async watchOperations(
    live: Pick<LiveInstance, "offer" | "id">,
    bindingId = "",
  ): Promise<() => Promise<Answer | undefined>> {
    const before = await this.#findOperation(live, bindingId);
    return async () => (before === undefined ? this.#findOperation(live, bindingId) : undefined);
  }

  /**
   * A poll that names no operation, if it shows one in progress. It is sent while something else is judged: without an answer, it has seen nothing.
   */
  async #findOperation(live: Pick<LiveInstance, "offer" | "id">, bindingId: string): Promise<Answer | undefined> {
    if (bindingId !== "" && this.minor < 14) return undefined;
    const operation = bindingId === "" ? "poll-instance" : "poll-binding";
    const query = planIds(live.offer);
    const poll = await answerOrSilence(this.platform.send(operation, { instanceId: live.id, bindingId, query }));
    return poll !== undefined && bodyOf(poll)["state"] === "in progress" ? poll : undefined;
  }

  /** Returns what was borrowed; the runner removes the rest. */
  async close(outcome: Outcome): Promise<void> {
    if (this.#borrowed.length > 0) await this.release(outcome);
  }

  /** Returns what was borrowed, and removes what it created. An instance that was, or may have been, changed is removed. */
  async release(outcome: Outcome): Promise<void> {
    const borrowed = this.#borrowed;
    this.#borrowed = [];
    for (const live of borrowed) this.platform.ledger.forget({ kind: "instance", id: live.id });
    await this.platform.ledger.clean();
    for (const live of borrowed) {
      await this.shared.giveBack(
        live,
        outcome.verdict !== "pass" || this.#changedInstances.has(live) || this.#mayHaveChanged(live),
        this.platform.room,
      );
    }
  }

  #mayHaveChanged(live: LiveInstance): boolean {
    const isChange = (answer: Answer) => ["provision", "update", "deprovision"].includes(answer.operation);
    const changes = this.platform.sent.filter((answer) => answer.instanceId === live.id && isChange(answer));
    return this.platform.silent.length > 0 || changes.some((answer) => answer.status < 400 || answer.status >= 500);
  }
}
