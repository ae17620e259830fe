import { isObject, type Json, type JsonObject } from "../client/http/json.ts";
import { bodyOf } from "../client/http/observation.ts";
import type { Answer } from "../client/answer.ts";
import { allowsContextUpdates, areBindingsRetrievable, areInstancesRetrievable, isBindable, isPlanUpdateable, maintenanceVersion, type Offer, readCatalog, schemaOf, type SchemaUse } from "../client/catalog.ts";
import { type OsbClient } from "../client/osb-client.ts";
import { planIds, provisionBody, type RequestOptions } from "../client/request.ts";
import { type EndedOperation } from "../client/polling.ts";
import { differentFrom, minimalFor } from "../client/schema.ts";
import { notApplicable, type Outcome, unknown, Verdicted } from "../runner/check.ts";
import { type SpecMinor } from "../client/spec-version.ts";
import { parametersFor, type PlanParameters } from "../runner/parameters.ts";
import type { RunContext } from "../runner/suite.ts";

/** An instance that exists. */
export interface Live {
  readonly offer: Offer;
  readonly id: string;
  readonly provisioned: EndedOperation;
}

export interface LiveBinding {
  readonly live: Live;
  readonly id: string;
  readonly bound: EndedOperation;
}

/** A wish for a plan: a predicate, and how to say that no plan fulfils it. */
export interface Want {
  readonly words: string;
  readonly fits: (offer: Offer) => boolean;
}

export const ANY: Want = { words: "no plan is offered", fits: () => true };
export const BINDABLE: Want = { words: "no plan is bindable", fits: isBindable };
export const RETRIEVABLE: Want = { words: "instances_retrievable is not true", fits: areInstancesRetrievable };
export const BINDING_RETRIEVABLE: Want = {
  words: "bindings_retrievable is not true on a bindable plan",
  fits: (offer) => isBindable(offer) && areBindingsRetrievable(offer),
};
export const MAINTAINED: Want = {
  words: "no plan has maintenance_info",
  fits: (offer) => maintenanceVersion(offer) !== undefined,
};

const HEADER_CONTEXT: JsonObject = {
  platform: "cloudfoundry",
  organization_guid: "1f0c7f0e-6f0c-4bb5-9d6e-3f9bb1f9a001",
  organization_name: "drydock",
  space_guid: "1f0c7f0e-6f0c-4bb5-9d6e-3f9bb1f9a002",
  space_name: "conformance",
  instance_name: "drydock-instance",
};

async function tellAndClean<T>(platform: OsbClient, tell: (platform: OsbClient) => Promise<T>): Promise<T> {
  try {
    return await tell(platform);
  } finally {
    await platform.ledger.clean();
  }
}

/** What the checks of one run share: stories told once, and instances that are lent out. */
export class Shared {
  readonly run: RunContext;
  readonly #stories = new Map<string, Promise<unknown>>();
  readonly #idle = new Map<string, Live[]>();

  constructor(run: RunContext) {
    this.run = run;
  }

  /** Tells a story once, with a client of its own, and cleans up after it. Who asks again gets the same. */
  once<T>(key: string, tell: (platform: OsbClient) => Promise<T>): Promise<T> {
    const known = this.#stories.get(key);
    if (known !== undefined) return known as Promise<T>;
    const platform = this.run.platform.scope();
    const story = tellAndClean(platform, tell);
    this.#stories.set(key, story);
    return story;
  }

  /** An instance that nobody else uses until it is given back. */
  async borrow(offer: Offer): Promise<Live> {
    const idle = this.#idle.get(offer.plan.id)?.pop();
    if (idle !== undefined) {
      this.run.quota.release(1);
      return idle;
    }
    return provisionLive(this, this.run.platform, offer);
  }

  /** Takes it back for the next, unless it was changed or there is no room for idle ones. */
  async giveBack(live: Live, isTouched: boolean): Promise<void> {
    if (isTouched || !this.run.quota.tryAcquire(1)) return this.#remove(live);
    const idle = this.#idle.get(live.offer.plan.id) ?? [];
    this.#idle.set(live.offer.plan.id, [...idle, live]);
  }

  async reclaim(): Promise<boolean> {
    for (const [planId, lives] of this.#idle) {
      const live = lives.at(-1);
      if (live === undefined) continue;
      this.#idle.set(planId, lives.slice(0, -1));
      // What can't be removed now is removed at the end: its place must not stay taken, or checks would wait for it for ever.
      try {
        await this.#remove(live);
      } finally {
        this.run.quota.release(1);
      }
      return true;
    }
    return false;
  }

  async #remove(live: Live): Promise<void> {
    const answer = await this.run.platform.deprovision(live.offer, live.id, { intent: "cleanup" });
    await this.run.platform.settle(live.offer, answer);
  }
}

async function provisionLive(
  shared: Shared,
  platform: OsbClient,
  offer: Offer,
  parameters?: JsonObject,
): Promise<Live> {
  const id = platform.newId();
  const answer = await platform.provision(offer, id, {
    query: { accepts_incomplete: "true" },
    body: { ...provisionBodyFor(shared.run, offer), ...(parameters === undefined ? {} : { parameters }) },
  });
  const provisioned = await platform.settle(offer, answer);
  if (provisioned.state === "succeeded") return { offer, id, provisioned };
  const seen = `${answer.status}${provisioned.polls.length > 0 ? `, then ${provisioned.state}` : ""}`;
  throw new Verdicted(
    unknown(`it needs an instance of plan "${offer.plan.name}", but provisioning one was answered ${seen}`, answer),
  );
}

/** Parameters from drydock.yml, else the least that a published schema demands. */
export function parametersOf(run: RunContext, offer: Offer, use: keyof PlanParameters): JsonObject | undefined {
  const given = parametersFor(run.file, offer, use);
  if (given !== undefined) return given;
  const schema = schemaOf(offer, use === "provision" ? "create" : use);
  const minimal = schema === undefined ? undefined : minimalFor(schema);
  return minimal !== undefined && Object.keys(minimal).length > 0 ? minimal : undefined;
}

export function contextOf(run: RunContext): JsonObject {
  return { ...HEADER_CONTEXT, ...run.file.context };
}

export function provisionBodyFor(run: RunContext, offer: Offer): JsonObject {
  return provisionBody(offer, contextOf(run), parametersOf(run, offer, "provision"));
}

/** What one check works with. */
export class OsbContext {
  readonly platform: OsbClient;
  readonly run: RunContext;
  readonly shared: Shared;
  readonly #borrowed: Live[] = [];
  readonly #spoilt = new Set<Live>();

  constructor(platform: OsbClient, shared: Shared) {
    this.platform = platform;
    this.shared = shared;
    this.run = shared.run;
  }

  get minor(): SpecMinor {
    return this.run.minor;
  }

  /** The first plan that fulfils all wishes; ends the check as not applicable when there is none. */
  offer(...wants: readonly Want[]): Offer {
    const found = this.run.offers.find((offer) => wants.every((want) => want.fits(offer)));
    if (found !== undefined) return found;
    const missing = wants.find((want) => !this.run.offers.some(want.fits)) ?? wants.at(-1) ?? ANY;
    throw new Verdicted(notApplicable(missing.words, this.run.catalog));
  }

  /** The same context with another client: for a story that several checks share. */
  with(platform: OsbClient): OsbContext {
    return new OsbContext(platform, this.shared);
  }

  /** An instance, lent for the length of the check. Do not change it: take `fresh` for that. */
  live(...wants: readonly Want[]): Promise<Live> {
    return this.liveOf(this.offer(...wants));
  }

  /** The same instance again when the check asks again, unless it was spoilt. */
  async liveOf(offer: Offer): Promise<Live> {
    const lent = this.#borrowed.find((live) => live.offer.plan.id === offer.plan.id && !this.#spoilt.has(live));
    if (lent !== undefined) return lent;
    const live = await this.shared.borrow(offer);
    this.#borrowed.push(live);
    return live;
  }

  /** Says that an instance was changed, so that it is not lent again. */
  spoil(live: Live): void {
    this.#spoilt.add(live);
  }

  /** Removes a lent instance that was changed, so that there is room for the next. */
  async discard(live: Live): Promise<void> {
    this.#borrowed.splice(this.#borrowed.indexOf(live), 1);
    await this.shared.giveBack(live, true);
  }

  /** An instance of its own. */
  fresh(...wants: readonly Want[]): Promise<Live> {
    return this.freshOf(this.offer(...wants));
  }

  freshOf(offer: Offer, parameters?: JsonObject): Promise<Live> {
    return provisionLive(this.shared, this.platform, offer, parameters);
  }

  /** A binding of its own on an instance. */
  async bound(live: Live, id: string = this.platform.newId()): Promise<LiveBinding> {
    const answer = await this.bind(live, id);
    const settled = await this.platform.settle(live.offer, answer);
    if (settled.state === "succeeded") return { live, id, bound: settled };
    throw new Verdicted(unknown(`it needs a binding, but creating one was answered ${answer.status}`, answer));
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

  bind(live: Pick<Live, "offer" | "id">, bindingId: string, options: RequestOptions = {}): Promise<Answer> {
    return this.platform.bind(live.offer, live.id, bindingId, {
      ...(this.minor >= 14 ? { query: { accepts_incomplete: "true" } } : {}),
      ...(options.text === undefined ? { body: this.bindBody(live.offer) } : {}),
      ...options,
    });
  }

  update(live: Pick<Live, "offer" | "id">, body: Json, options: RequestOptions = {}): Promise<Answer> {
    return this.platform.send("update", {
      query: { accepts_incomplete: "true" },
      ...(options.text === undefined ? { body } : {}),
      instanceId: live.id,
      ...options,
    });
  }

  /** What the broker tells about an instance; undefined when instances are not retrievable or it does not answer 200. */
  async fetched(live: Pick<Live, "offer" | "id">): Promise<Answer | undefined> {
    if (this.minor < 14 || !areInstancesRetrievable(live.offer)) return undefined;
    const answer = await this.platform.send("fetch-instance", { instanceId: live.id });
    return answer.status === 200 ? answer : undefined;
  }

  /**
   * Watches a thing while it is asked for what has to be refused. The function answers with the poll that tells that something has
   * begun since.
   */
  async watched(live: Pick<Live, "offer" | "id">, bindingId = ""): Promise<() => Promise<Answer | undefined>> {
    const before = await this.#goingOn(live, bindingId);
    return async () => (before === undefined ? this.#goingOn(live, bindingId) : undefined);
  }

  /** A poll that names no operation, where it tells that something goes on. */
  async #goingOn(live: Pick<Live, "offer" | "id">, bindingId: string): Promise<Answer | undefined> {
    if (bindingId !== "" && this.minor < 14) return undefined;
    const operation = bindingId === "" ? "poll-instance" : "poll-binding";
    const query = planIds(live.offer);
    const poll = await this.platform.send(operation, { instanceId: live.id, bindingId, query });
    return bodyOf(poll)["state"] === "in progress" ? poll : undefined;
  }

  /** Gives back what was lent. An instance that was, or may have been, changed is not lent again. */
  async close(outcome: Outcome): Promise<void> {
    if (this.#borrowed.length === 0) return;
    for (const live of this.#borrowed) this.platform.ledger.forget({ kind: "instance", id: live.id });
    await this.platform.ledger.clean();
    for (const live of this.#borrowed) {
      await this.shared.giveBack(live, outcome.verdict !== "pass" || this.#spoilt.has(live) || this.#changed(live));
    }
  }

  #changed(live: Live): boolean {
    const isChange = (answer: Answer) => ["provision", "update", "deprovision"].includes(answer.operation);
    const changes = this.platform.sent.filter((answer) => answer.instanceId === live.id && isChange(answer));
    return this.platform.silent.length > 0 || changes.some((answer) => answer.status < 400 || answer.status >= 500);
  }
}

export function bindBodyFor(run: RunContext, offer: Offer): JsonObject {
  const parameters = parametersOf(run, offer, "bind");
  return {
    service_id: offer.service.id,
    plan_id: offer.plan.id,
    context: contextOf(run),
    bind_resource: bindResourceFor(offer),
    ...(parameters === undefined ? {} : { parameters }),
  };
}

const APP_GUID = "1f0c7f0e-6f0c-4bb5-9d6e-3f9bb1f9a003";

function bindResourceFor(offer: Offer): JsonObject {
  const needsRoute = JSON.stringify(offer.service.raw["requires"] ?? []).includes("route_forwarding");
  return needsRoute ? { route: "drydock.example.com" } : { app_guid: APP_GUID };
}

/** How the parameters of a request could be different and still valid. */
export function otherParameters(run: RunContext, offer: Offer, use: SchemaUse): JsonObject | undefined {
  const schema = schemaOf(offer, use);
  if (schema === undefined || !isObject(schema)) return undefined;
  return differentFrom(schema, parametersOf(run, offer, use === "create" ? "provision" : use) ?? {});
}

/** A plan of the same offering that an instance can be changed to, where that is offered. */
export function otherPlan(run: RunContext, offer: Offer): Offer | undefined {
  const plan = offer.service.plans.find((each) => each.id !== offer.plan.id);
  void run;
  return plan === undefined ? undefined : { service: offer.service, plan };
}

/** A change that can be asked of an instance of this plan. */
export interface Change {
  readonly words: string;
  readonly body: JsonObject;
  readonly planId?: string;
  readonly parameters?: JsonObject;
}

/** The changes that an offer declares to support, the least invasive first. */
export function changesOf(run: RunContext, offer: Offer): readonly Change[] {
  const base = { service_id: offer.service.id, context: contextOf(run) };
  const given = parametersFor(run.file, offer, "update");
  const schema = schemaOf(offer, "update");
  const parameters =
    given ?? (schema === undefined ? undefined : differentFrom(schema, parametersOf(run, offer, "provision") ?? {}));
  const version = run.minor >= 15 ? maintenanceVersion(offer) : undefined;
  const other = isPlanUpdateable(offer) ? otherPlan(run, offer) : undefined;
  const previous = { plan_id: offer.plan.id, service_id: offer.service.id };
  return [
    ...(parameters === undefined ? [] : [{ words: "other parameters", body: { ...base, parameters }, parameters }]),
    ...(other === undefined
      ? []
      : [
          {
            words: `plan ${other.plan.name}`,
            body: { ...base, plan_id: other.plan.id, previous_values: previous },
            planId: other.plan.id,
          },
        ]),
    ...(version === undefined
      ? []
      : [{ words: "maintenance", body: { ...base, maintenance_info: { version }, previous_values: previous } }]),
  ];
}

/** Whether the catalog says that instances of an offer can be changed in some way. */
export const isUpdatable =
  (run: RunContext) =>
  (offer: Offer): boolean =>
    allowsContextUpdates(offer) || changesOf(run, offer).length > 0;

export const areUpdatesOffered = (run: RunContext): boolean => run.offers.some(isUpdatable(run));

export function updatable(run: RunContext): Want {
  return {
    words: "no update can be formed: no plan change, update schema or maintenance_info is offered",
    fits: (offer) => changesOf(run, offer).length > 0,
  };
}
