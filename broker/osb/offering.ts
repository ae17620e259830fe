import AjvDraft04 from "ajv-draft-04";
import { badRequest, OsbError } from "../errors.ts";
import { isObject } from "../json.ts";
import { type ParameterOccasion, parametersOf } from "../spi/catalog.ts";
import type { Offering, Plan, Service } from "../spi/services/service.ts";
import { optionalObject, requiredText } from "./fields.ts";

const ajv = new AjvDraft04.default({ strict: false });
const compiled = new Map<object, ReturnType<typeof ajv.compile>>();

function validatorOf(service: Service, occasion: ParameterOccasion): ReturnType<typeof ajv.compile> {
  const schema = parametersOf(service, occasion);
  const known = compiled.get(schema) ?? ajv.compile(schema);
  compiled.set(schema, known);
  return known;
}

/** The services to search: those currently offered, or all that ever were. */
type Offerings = readonly Offering[];

/** Finds the service with this id. @throws OsbError 400 */
export function findOffering(offerings: Offerings, id: unknown): Offering {
  const wanted = requiredText(id, "service_id");
  const offering = offerings.find((each) => each.id === wanted);
  if (offering === undefined) throw badRequest("service_id is not in the catalog.");
  return offering;
}

/** Finds the plan with this id. @throws OsbError 400 */
export function findPlan(offerings: Offerings, id: unknown): Plan {
  const wanted = requiredText(id, "plan_id");
  const plan = offerings.flatMap(({ plans }) => plans).find((each) => each.id === wanted);
  if (plan === undefined) throw badRequest("plan_id is not in the catalog.");
  return plan;
}

interface OfferIds {
  readonly service_id?: unknown;
  readonly plan_id?: unknown;
}

/** Checks that a request names a service and one of its plans, which it returns. @throws OsbError 400 */
export const checkOffer = (offerings: Offerings, ids: OfferIds): Plan =>
  findPlan([findOffering(offerings, ids.service_id)], ids.plan_id);

/** Like `checkOffer`, for a request that may leave out either id. @throws OsbError 400 */
export function checkOptionalOffer(offerings: Offerings, ids: OfferIds): void {
  const within = ids.service_id === undefined ? offerings : [findOffering(offerings, ids.service_id)];
  if (ids.plan_id !== undefined) findPlan(within, ids.plan_id);
}

/** Checks the parameters of an instance against the schema of the catalog, and returns them. @throws OsbError 400 */
export function instanceParameters(
  service: Service,
  value: unknown,
  occasion: ParameterOccasion,
): Readonly<Record<string, unknown>> {
  const given = optionalObject(value, "parameters");
  const validate = validatorOf(service, occasion);
  if (validate(given)) return given;
  const [error] = validate.errors ?? [];
  throw badRequest(`parameters${error?.instancePath ?? ""} ${error?.message ?? "do not fit the schema"}.`);
}

/** Checks that maintenance_info, if there is any, has the version of the catalog. @throws OsbError 400, 422 MaintenanceInfoConflict */
export function checkMaintenance(value: unknown, version: string): void {
  if (value === undefined || value === null) return;
  if (!isObject(value) || typeof value.version !== "string")
    throw badRequest("maintenance_info.version is required and must be a string.");
  if (value.version !== version)
    throw new OsbError(422, `maintenance_info.version is ${version} in the catalog.`, "MaintenanceInfoConflict");
}
