import { type JsonObject, stringOf } from "../../client/http/json.ts";
import { areBindingsRetrievable, type Offer, requires } from "../../client/catalog.ts";
import { badRequest, concurrencyError, notFound } from "./errors.ts";
import { reply, type WireRequest, type WireResponse } from "./http.ts";
import type { Instances } from "./instances.ts";
import type { Operations } from "./operations.ts";
import { type Plans, validateParameters } from "./plans.ts";
import { bodyOf, minorVersionOf } from "./requests.ts";
import { Resources } from "./resources.ts";

/** The first minor version in which bindings may be asynchronous, if they can be fetched; otherwise nobody would get their credentials. */
const ASYNC_BINDING_MINOR = 14;

/** Service bindings: `/v2/service_instances/:id/service_bindings/:id` (spec.md, "Binding" to "Unbinding"). */
export class Bindings {
  readonly #plans: Plans;
  readonly #instances: Instances;
  readonly #resources: Resources;
  #passwords = 0;

  constructor(plans: Plans, instances: Instances, operations: Operations) {
    this.#plans = plans;
    this.#instances = instances;
    this.#resources = new Resources(operations);
  }

  poll(instanceId: string, id: string, request: WireRequest): WireResponse {
    return this.#resources.poll(keyOf(instanceId, id), request);
  }

  /** @throws Refusal 400, 404, 409 or 422 */
  bind(instanceId: string, id: string, request: WireRequest): WireResponse {
    const body = bodyOf(request);
    const offer = this.#plans.find(body);
    validateParameters(offer, "bind", body);
    this.#checkInstance(instanceId, offer);
    this.#checkPredecessor(instanceId, body);
    const isAsync = () => this.#runsAsync(request, offer);
    const facts = () => this.#createFacts(offer, id);
    return this.#resources.create({ id: keyOf(instanceId, id), offer, body, isAsync, facts });
  }

  /** @throws Refusal 404 when there is no such binding */
  fetch(instanceId: string, id: string): WireResponse {
    const binding = this.#resources.find(keyOf(instanceId, id));
    if (binding === undefined || !binding.exists) throw notFound("There is no such binding.");
    return reply(200, { ...binding.facts, parameters: binding.parameters });
  }

  /** @throws Refusal 400 or 422 */
  unbind(instanceId: string, id: string, request: WireRequest): WireResponse {
    const offer = this.#plans.find(request.query);
    const binding = this.#resources.find(keyOf(instanceId, id));
    if (binding === undefined) return reply(410, {});
    if (binding.planId !== offer.plan.id) throw badRequest("it is another plan");
    return this.#resources.remove(binding, this.#runsAsync(request, offer));
  }

  #runsAsync(request: WireRequest, offer: Offer): boolean {
    const canBeAsync = minorVersionOf(request) >= ASYNC_BINDING_MINOR && areBindingsRetrievable(offer);
    return this.#plans.runsAsync(request, offer, canBeAsync);
  }

  #checkInstance(instanceId: string, offer: Offer): void {
    const instance = this.#instances.find(instanceId);
    if (instance === undefined) throw notFound("There is no such instance.");
    if (instance.operation !== undefined) throw concurrencyError();
    if (instance.planId !== offer.plan.id) throw badRequest("the instance is of another plan");
  }

  /** A rotation names the binding that the new one is to succeed (spec.md, "Binding Rotation"). */
  #checkPredecessor(instanceId: string, body: JsonObject): void {
    const predecessor = body["predecessor_binding_id"];
    if (predecessor === undefined) return;
    if (this.#resources.find(keyOf(instanceId, stringOf(predecessor) ?? "")) === undefined)
      throw badRequest("no such predecessor");
  }

  /** What an application gets of a binding: by the permission of the offering, else credentials. */
  #createFacts(offer: Offer, id: string): JsonObject {
    if (requires(offer, "syslog_drain")) return { syslog_drain_url: `syslog-tls://logs.example.com/${id}` };
    if (requires(offer, "route_forwarding")) return { route_service_url: `https://proxy.example.com/${id}` };
    if (requires(offer, "volume_mount")) return { volume_mounts: [mountOf(id)] };
    return {
      credentials: { username: `u-${id}`, password: `p-${++this.#passwords}`, host: "db.example.com", port: 5432 },
      endpoints: [{ host: "db.example.com", ports: ["5432"], protocol: "tcp" }],
      metadata: { expires_at: "2999-01-02T03:04:05.0Z", renew_before: "2999-01-01T03:04:05.0Z" },
    };
  }
}

/** A binding is known under its instance: the same id under another instance is another binding. */
const keyOf = (instanceId: string, id: string): string => `${instanceId}/${id}`;

const mountOf = (id: string): JsonObject => ({
  driver: "nfs",
  container_dir: "/data",
  mode: "rw",
  device_type: "shared",
  device: { volume_id: id, mount_config: { source: "nfs" } },
});
