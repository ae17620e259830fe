import { isObject, type Json, type JsonObject } from "../../client/http/json.ts";
import {
  maintenanceVersion,
  type Offer,
  offersOf,
  readCatalog,
  requires,
  schemaOf,
  type SchemaUse,
} from "../../client/catalog.ts";
import { compileSchema } from "../../client/schema.ts";
import { badRequest, Refusal } from "./errors.ts";
import type { WireRequest } from "./http.ts";
import type { BrokerMode } from "./mode.ts";

const PERMISSIONS = ["syslog_drain", "route_forwarding", "volume_mount"];

/** The plans of the catalog, as requests name them. */
export class Plans {
  readonly #offers: readonly Offer[];
  readonly #mode: BrokerMode;

  constructor(catalog: JsonObject, mode: BrokerMode) {
    this.#offers = offersOf(readCatalog(catalog));
    this.#mode = mode;
  }

  /**
   * The plan that `service_id` and `plan_id` of a body or a query name.
   *
   * @throws Refusal 400 when one of them is missing, or there is no such plan
   */
  find({ service_id: serviceId, plan_id: planId }: JsonObject): Offer {
    if (typeof serviceId !== "string" || serviceId === "") throw badRequest("service_id is missing");
    if (typeof planId !== "string" || planId === "") throw badRequest("plan_id is missing");
    const offer = this.#offers.find(({ service, plan }) => service.id === serviceId && plan.id === planId);
    if (offer === undefined) throw badRequest("there is no such plan");
    return offer;
  }

  /** The maintenance_info of a plan in the catalog. */
  maintenanceInfo(planId: string): Json | undefined {
    return this.#offers.find(({ plan }) => plan.id === planId)?.plan.raw["maintenance_info"];
  }

  /**
   * Whether a request is carried out after its answer. `canBeAsync`: whether the API lets it. Default true.
   *
   * @throws Refusal 400 when accepts_incomplete is neither true nor false, 422 when the plan needs it to be true
   */
  runsAsync({ query }: WireRequest, offer: Offer, canBeAsync = true): boolean {
    const flag = query["accepts_incomplete"];
    if (flag !== undefined && flag !== "true" && flag !== "false")
      throw badRequest("accepts_incomplete is true or false");
    if (!canBeAsync || !this.#isAsync(offer)) return false;
    if (flag !== "true") throw new Refusal(422, "AsyncRequired", "This plan needs accepts_incomplete=true.");
    return true;
  }

  #isAsync(offer: Offer): boolean {
    const showsPermission = PERMISSIONS.some((permission) => requires(offer, permission));
    return this.#mode === "async" || (this.#mode === "mixed" && !showsPermission);
  }
}

/**
 * The parameters of a body; `{}` when it has none.
 *
 * @throws Refusal 400 if they are not an object, or do not fit the schema in the catalog
 */
export function validateParameters(offer: Offer, use: SchemaUse, body: JsonObject): JsonObject {
  const parameters = body["parameters"] ?? {};
  if (!isObject(parameters)) throw badRequest("parameters is not an object");
  const schema = schemaOf(offer, use);
  const compiled = schema === undefined ? undefined : compileSchema(schema);
  if (compiled?.kind === "valid" && !compiled.accepts(parameters))
    throw badRequest("the parameters do not fit the schema");
  return parameters;
}

/** @throws Refusal 422 when a body has another maintenance version than the catalog, 400 if it is not an object */
export function checkMaintenanceVersion(offer: Offer, body: JsonObject): void {
  const info = body["maintenance_info"];
  if (info === undefined) return;
  if (!isObject(info)) throw badRequest("maintenance_info is not an object");
  if (info["version"] === maintenanceVersion(offer)) return;
  throw new Refusal(422, "MaintenanceInfoConflict", "That is not the maintenance version of the catalog.");
}
