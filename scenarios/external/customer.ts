import Type from "typebox";
import { isOf } from "../clients/answers.ts";
import { BrokenPromise } from "../errors.ts";
import type { LoadReply, Transport } from "../load/transport.ts";
import type { Order } from "./plan.ts";

/**
 * What a platform knows of an instance or a binding; `orphaned`: failed, or its outcome is unknown, so that the platform will delete it.
 */
type ExternalPhase = "making" | "standing" | "orphaned" | "going" | "gone";

/** Of an instance or a binding. */
interface Thing {
  readonly id: string;
  /** A short name, the same in each play of a seed. */
  readonly name: string;
  phase: ExternalPhase;
  /** The token of the operation in progress, for last_operation. */
  token: string | undefined;
}

/** A binding as its platform knows it. */
interface ExternalBinding extends Thing {
  readonly instance: ExternalInstance;
}

/** An instance as its platform knows it. */
export interface ExternalInstance extends Thing {
  plan: number;
  /** The plan that the update in progress gives it. */
  updating: number | undefined;
  /** A request for an update was cut off: one may be in progress. */
  uncertain: boolean;
  readonly bindings: ExternalBinding[];
}

/** The offer that is ordered: a service and its plans, from the catalog. */
export interface ExternalOffer {
  readonly service: string;
  readonly plans: readonly string[];
}

const State = Type.Object({ state: Type.String() });
const OWNER = {
  organization_guid: "00000000-0000-4000-8000-00000000000a",
  space_guid: "00000000-0000-4000-8000-00000000000b",
};

type Reading = "done" | "accepted" | "gone" | "busy" | "refused" | "open";

function read(reply: LoadReply, isDeletion: boolean): Reading {
  if (reply.kind === "error" || reply.status >= 500 || reply.status === 408) return "open";
  if (reply.status === 202) return "accepted";
  if (reply.status < 300) return "done";
  if (reply.status === 410 && isDeletion) return "gone";
  const body = reply.body;
  const isBusy = typeof body === "object" && body !== null && "error" in body && body.error === "ConcurrencyError";
  return isBusy ? "busy" : "refused";
}

const describe = (reply: LoadReply): string =>
  reply.kind === "error" ? reply.what : `${reply.status} ${JSON.stringify(reply.body).slice(0, 200)}`;

/** Whether nothing is in progress: then a valid order must be accepted. */
export const isIdle = ({ phase, updating, uncertain, bindings }: ExternalInstance): boolean =>
  phase === "standing" &&
  updating === undefined &&
  !uncertain &&
  bindings.every((each) => each.phase === "standing" || each.phase === "gone");

/** A platform's orders at an external broker, and what it learns; every method throws BrokenPromise. */
export class Customer {
  readonly instances: ExternalInstance[] = [];
  /** A platform's observations, in order, one line each; two plays that went alike have the same lines. */
  readonly history: string[] = [];
  readonly #transport: Transport;
  readonly #offer: ExternalOffer;
  readonly #prefix: string;
  #ids = 0;

  /** @param prefix of eight hexadecimal digits, so that the ids of several plays differ */
  constructor(transport: Transport, offer: ExternalOffer, prefix: string) {
    this.#transport = transport;
    this.#offer = offer;
    this.#prefix = prefix;
  }

  #newId(): string {
    return `${this.#prefix}-0000-4000-8000-${String(++this.#ids).padStart(12, "0")}`;
  }

  #note(what: string): void {
    this.history.push(what);
  }

  #idsOf(plan: number): { readonly service_id: string; readonly plan_id: string } {
    return { service_id: this.#offer.service, plan_id: this.#offer.plans[plan] ?? "" };
  }

  async #order(what: Order, thing: Thing, method: string, path: string, plan: number, body?: object): Promise<Reading> {
    const query = new URLSearchParams({ accepts_incomplete: "true", ...(body === undefined && this.#idsOf(plan)) });
    const reply = await this.#transport.send({ method, path: `${path}?${String(query)}`, ...(body && { body }) });
    const reading = read(reply, method === "DELETE");
    this.#note(`${what} ${thing.name}: ${reading}`);
    thing.token = reading === "accepted" ? tokenIn(reply) : undefined;
    if (reading === "refused" || reading === "busy") this.#refusal = describe(reply);
    return reading;
  }

  #refusal = "";

  async provision(plan: number): Promise<ExternalInstance> {
    const instance: ExternalInstance = {
      id: this.#newId(),
      name: `instance ${this.instances.length + 1}`,
      phase: "making",
      token: undefined,
      plan,
      updating: undefined,
      uncertain: false,
      bindings: [],
    };
    this.instances.push(instance);
    const body = { ...this.#idsOf(plan), ...OWNER, context: { platform: "cloudfoundry", ...OWNER } };
    const reading = await this.#order("provision", instance, "PUT", pathOf(instance), plan, body);
    if (reading === "refused" || reading === "busy" || reading === "gone")
      throw new BrokenPromise(`a valid provision was refused: ${this.#refusal}`);
    instance.phase = reading === "done" ? "standing" : reading === "accepted" ? "making" : "orphaned";
    return instance;
  }

  async update(instance: ExternalInstance, plan: number): Promise<void> {
    const body = { ...this.#idsOf(plan), context: { platform: "cloudfoundry", ...OWNER } };
    const reading = await this.#order("update", instance, "PATCH", pathOf(instance), plan, body);
    if (reading === "accepted") instance.updating = plan;
    else if (reading === "done") instance.plan = plan;
    else if (reading === "open") instance.uncertain = true;
    // A broker may refuse a change of plans; it may not say that an idle instance is busy.
    else if (reading === "busy")
      throw new BrokenPromise(`an update of ${instance.name} was refused although it is idle: ${this.#refusal}`);
  }

  async bind(instance: ExternalInstance): Promise<ExternalBinding> {
    const name = `binding ${instance.bindings.length + 1} of ${instance.name}`;
    const binding: ExternalBinding = { id: this.#newId(), name, phase: "making", token: undefined, instance };
    instance.bindings.push(binding);
    const body = { ...this.#idsOf(instance.plan), bind_resource: { space_guid: OWNER.space_guid } };
    const reading = await this.#order("bind", binding, "PUT", bindingPathOf(binding), instance.plan, body);
    if (reading === "refused" || reading === "busy" || reading === "gone")
      throw new BrokenPromise(`${name} was refused although the instance is idle: ${this.#refusal}`);
    binding.phase = reading === "done" ? "standing" : reading === "accepted" ? "making" : "orphaned";
    return binding;
  }

  async unbind(binding: ExternalBinding): Promise<void> {
    const { instance } = binding;
    const reading = await this.#order("unbind", binding, "DELETE", bindingPathOf(binding), instance.plan);
    this.#noteDeletion(binding, reading);
  }

  async deprovision(instance: ExternalInstance): Promise<void> {
    const reading = await this.#order("deprovision", instance, "DELETE", pathOf(instance), instance.plan);
    this.#noteDeletion(instance, reading);
    if (instance.phase === "gone") for (const each of instance.bindings) each.phase = "gone";
  }

  #noteDeletion(thing: Thing, reading: Reading): void {
    if (reading === "done" || reading === "gone") thing.phase = "gone";
    else if (reading === "accepted") thing.phase = "going";
    else if (reading === "open") thing.phase = "orphaned";
    // If it is orphaned, an operation may still be in progress.
    else if (thing.phase === "standing" || reading === "refused")
      throw new BrokenPromise(`the deletion of ${thing.name} was refused: ${this.#refusal}`);
  }

  /** Polls once every operation in progress at an instance. */
  async observe(instance: ExternalInstance): Promise<void> {
    for (const binding of instance.bindings)
      if (binding.phase === "making" || binding.phase === "going")
        await this.#poll(binding, bindingPathOf(binding), instance);
    if (
      instance.phase === "making" ||
      instance.phase === "going" ||
      instance.updating !== undefined ||
      instance.uncertain
    )
      await this.#poll(instance, pathOf(instance), instance);
  }

  async #poll(thing: Thing, path: string, instance: ExternalInstance): Promise<void> {
    const query = new URLSearchParams({
      ...this.#idsOf(instance.plan),
      ...(thing.token !== undefined && { operation: thing.token }),
    });
    const reply = await this.#transport.send({ method: "GET", path: `${path}/last_operation?${String(query)}` });
    if (reply.kind === "error" || reply.status >= 500) return;
    if (reply.status === 410 || reply.status === 404) return this.#noteUnknown(thing, reply);
    const state = isOf(State, reply.body) ? reply.body.state : "";
    if (state === "succeeded" || state === "failed") this.#noteEnd(thing, instance, state);
  }

  #noteUnknown(thing: Thing, reply: LoadReply): void {
    if (thing.phase !== "going")
      throw new BrokenPromise(`the operation of ${thing.name} that was accepted is not known: ${describe(reply)}`);
    this.#note(`${thing.name}: gone`);
    thing.phase = "gone";
  }

  #noteEnd(thing: Thing, instance: ExternalInstance, state: "succeeded" | "failed"): void {
    this.#note(`${thing.name} ${thing.phase}: ${state}`);
    thing.token = undefined;
    if (thing.phase === "making") thing.phase = state === "succeeded" ? "standing" : "orphaned";
    else if (thing.phase === "going") thing.phase = state === "succeeded" ? "gone" : "orphaned";
    if (thing !== instance) return;
    if (instance.phase === "gone") for (const each of instance.bindings) each.phase = "gone";
    if (state === "succeeded" && instance.updating !== undefined) instance.plan = instance.updating;
    instance.updating = undefined;
    instance.uncertain = false;
  }
}

const pathOf = ({ id }: Thing): string => `/v2/service_instances/${id}`;
const bindingPathOf = ({ id, instance }: ExternalBinding): string => `${pathOf(instance)}/service_bindings/${id}`;

const Operation = Type.Object({ operation: Type.String() });
const tokenIn = (reply: LoadReply): string | undefined =>
  reply.kind === "answer" && isOf(Operation, reply.body) ? reply.body.operation : undefined;
