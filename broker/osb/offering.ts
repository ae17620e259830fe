import AjvDraft04 from "ajv-draft-04";
import { badRequest, OsbError } from "../errors.ts";
import { isObject } from "../json.ts";
import { type ParameterOccasion, parametersOf, type Plan, type Service } from "../spi/catalog.ts";
import { optionalObject, requiredText } from "./fields.ts";

const ajv = new AjvDraft04.default({ strict: false });
const compiled = new Map<object, ReturnType<typeof ajv.compile>>();

function validatorOf(service: Service, occasion: ParameterOccasion): ReturnType<typeof ajv.compile> {
  const schema = parametersOf(service, occasion);
  const known = compiled.get(schema) ?? ajv.compile(schema);
  compiled.set(schema, known);
  return known;
}

/** Checks that an id is that of the offered service. @throws OsbError 400 */
export function checkService(service: Service, id: unknown): void {
  if (requiredText(id, "service_id") !== service.id) throw badRequest("service_id is not in the catalog.");
}

/** Finds the plan with this id. @throws OsbError 400 */
export function findPlan(service: Service, id: unknown): Plan {
  const wanted = requiredText(id, "plan_id");
  const plan = service.plans.find((each) => each.id === wanted);
  if (plan === undefined) throw badRequest("plan_id is not in the catalog.");
  return plan;
}

interface OfferIds {
  readonly service_id?: unknown;
  readonly plan_id?: unknown;
}

/** Checks that a request names the service and one of its plans, which it returns. @throws OsbError 400 */
export function checkOffer(service: Service, ids: OfferIds): Plan {
  checkService(service, ids.service_id);
  return findPlan(service, ids.plan_id);
}

/** As `checkOffer`, for a request that may leave out either id. @throws OsbError 400 */
export function checkOptionalOffer(service: Service, ids: OfferIds): void {
  if (ids.service_id !== undefined) checkService(service, ids.service_id);
  if (ids.plan_id !== undefined) findPlan(service, ids.plan_id);
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
