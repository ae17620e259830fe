import { type JsonObject, stringOf } from "../../client/http/json.ts";
import type { Offer } from "../../client/catalog.ts";
import { badRequest, concurrencyError, notFound, Refusal } from "./errors.ts";
import { reply, type WireRequest, type WireResponse } from "./http.ts";
import { acceptedReply, type Operations } from "./operations.ts";
import { checkMaintenanceVersion, type Plans, validateParameters } from "./plans.ts";
import { bodyOf } from "./requests.ts";
import { type Resource, Resources } from "./resources.ts";

const factsOf = (id: string): JsonObject => ({
  dashboard_url: `https://dashboard.example.com/${id}`,
  metadata: { labels: { owner: "drydock" }, attributes: { nodes: 1 } },
});

/** Service instances: `/v2/service_instances/:id` (spec.md, "Provisioning" to "Deprovisioning"). */
export class Instances {
  readonly #plans: Plans;
  readonly #operations: Operations;
  readonly #resources: Resources;

  constructor(plans: Plans, operations: Operations) {
    this.#plans = plans;
    this.#operations = operations;
    this.#resources = new Resources(operations);
  }

  find(id: string): Resource | undefined {
    return this.#resources.find(id);
  }

  poll(id: string, request: WireRequest): WireResponse {
    return this.#resources.poll(id, request);
  }

  /** @throws Refusal 400, 409 or 422 */
  provision(id: string, request: WireRequest): WireResponse {
    const body = bodyOf(request);
    const offer = this.#plans.find(body);
    for (const member of ["organization_guid", "space_guid"])
      if (stringOf(body[member]) === undefined) throw badRequest(`${member} is missing`);
    validateParameters(offer, "create", body);
    checkMaintenanceVersion(offer, body);
    const facts = factsOf(id);
    const isAsync = () => this.#plans.runsAsync(request, offer);
    return this.#resources.create({ id, offer, body, isAsync, facts: () => facts, accepted: facts });
  }

  /** @throws Refusal 404 when there is no such instance, 422 while it is being updated */
  fetch(id: string): WireResponse {
    const instance = this.find(id);
    if (instance === undefined || !instance.exists) throw notFound("There is no such instance.");
    if (instance.operation?.kind === "update") throw concurrencyError();
    const { identity, planId, parameters, facts } = instance;
    const info = this.#plans.maintenanceInfo(planId);
    const maintenance = info === undefined ? {} : { maintenance_info: info };
    return reply(200, { service_id: identity["service_id"], plan_id: planId, parameters, ...facts, ...maintenance });
  }

  /** @throws Refusal 400, 404 or 422 */
  update(id: string, request: WireRequest): WireResponse {
    const body = bodyOf(request);
    const serviceId = stringOf(body["service_id"]);
    if (serviceId === undefined) throw badRequest("service_id is missing");
    const instance = this.find(id);
    if (instance === undefined) throw notFound("There is no such instance.");
    if (serviceId === "") throw badRequest("service_id is missing");
    if (serviceId !== instance.identity["service_id"]) throw badRequest("the instance is of another service");
    const offer = this.#plans.find({ service_id: serviceId, plan_id: body["plan_id"] ?? instance.planId });
    const parameters =
      body["parameters"] === undefined ? instance.parameters : validateParameters(offer, "update", body);
    checkMaintenanceVersion(offer, body);
    checkPlanChange(instance, offer);
    return this.#startUpdate(request, instance, offer, parameters, JSON.stringify(body));
  }

  #startUpdate(
    request: WireRequest,
    instance: Resource,
    offer: Offer,
    parameters: JsonObject,
    update: string,
  ): WireResponse {
    const isAsync = this.#plans.runsAsync(request, offer);
    const { operation, facts } = instance;
    if (operation?.kind === "update" && instance.lastUpdate === update) return acceptedReply(operation);
    if (operation !== undefined) throw concurrencyError();
    const apply = () => {
      instance.planId = offer.plan.id;
      instance.parameters = parameters;
    };
    const done = reply(200, facts);
    const response = this.#operations.start(instance, { kind: "update", isAsync, apply, done, accepted: facts });
    instance.lastUpdate = update;
    return response;
  }

  /** @throws Refusal 400 or 422 */
  deprovision(id: string, request: WireRequest): WireResponse {
    const offer = this.#plans.find(request.query);
    const instance = this.find(id);
    if (instance === undefined) return reply(410, {});
    if (instance.identity["service_id"] !== offer.service.id || instance.planId !== offer.plan.id)
      throw badRequest("it is another plan");
    return this.#resources.remove(instance, this.#plans.runsAsync(request, offer));
  }
}

/** @throws Refusal 422 when instances cannot be changed to the plan */
function checkPlanChange({ planId }: Resource, { plan }: Offer): void {
  if (plan.id !== planId && plan.raw["plan_updateable"] === false)
    throw new Refusal(422, "PlanChangeNotSupported", "An instance cannot become an archive.");
}
