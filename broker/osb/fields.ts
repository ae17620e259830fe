import { badRequest } from "../errors.ts";
import { isObject } from "../json.ts";

/** Members of a request body that this broker reads. */
export interface RequestBody {
  readonly service_id?: unknown;
  readonly plan_id?: unknown;
  readonly organization_guid?: unknown;
  readonly space_guid?: unknown;
  readonly context?: unknown;
  readonly parameters?: unknown;
  readonly maintenance_info?: unknown;
  readonly previous_values?: unknown;
  readonly bind_resource?: unknown;
  readonly app_guid?: unknown;
  readonly predecessor_binding_id?: unknown;
  /** Of operators only. */
  readonly reason?: unknown;
}

/** Checks that a body is an object, and returns it. @throws OsbError 400 */
export function objectBody(body: unknown): RequestBody {
  if (!isObject(body)) throw badRequest("The body must be a JSON object.");
  return body;
}

/** A member that must be text that is not empty. @throws OsbError 400 */
export function requiredText(value: unknown, name: string): string {
  if (typeof value !== "string" || value === "")
    throw badRequest(`${name} is required and must be a string that is not empty.`);
  return value;
}

/** Text that is not empty, or nothing. @throws OsbError 400 */
export function optionalText(value: unknown, name: string): string | undefined {
  return value === undefined || value === null ? undefined : requiredText(value, name);
}

/** An object, or nothing: then an empty one. @throws OsbError 400 */
export function optionalObject(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (value === undefined || value === null) return {};
  if (!isObject(value)) throw badRequest(`${name} must be an object.`);
  return value;
}
