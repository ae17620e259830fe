import { invalidRequest as badRequest, Refusal } from "../../refusal.ts";

/*
 * Designate's refusals: status, type and message as recorded (docs/discoveries/openstack.md, "Designate").
 */

export { badRequest };

/** 400 `invalid_object`. */
export const invalidObject = (message: string): Refusal => badRequest("invalid_object", message);

/** 400 `invalid_object` for a value that a field of the object rejects. */
export const invalidValue = (message: string): Refusal =>
  invalidObject(`Provided object is not valid. Got a ValueError error with message ${message}`);

/** 400 `invalid_object` for a value on which the service stumbles. */
export const badValue = (error: "AttributeError" | "TypeError", message: string): Refusal =>
  invalidObject(
    `Provided object is not valid. Got ${error === "TypeError" ? "a" : "an"} ${error} with message ${message}`,
  );

/** 400 `invalid_object` for an object that breaks its schema: the errors are a list, and there is no message. */
export const schemaViolation = (
  path: readonly (string | number)[],
  message: string,
  validator: string,
  value: unknown,
): Refusal =>
  new Refusal(400, "invalid_object", "", {
    members: { errors: { errors: [{ path, message, validator, validator_value: value }] } },
  });

/** 400 for a required member that is missing. */
export const missingProperty = (object: string, name: string): Refusal =>
  schemaViolation([object, name], `'${name}' is a required property`, "required", name);

/** 400 for a required field of an object without a form of its own. */
export const missingField = (name: string): Refusal =>
  schemaViolation(["records", 0, name], `'${name}' is a required property`, "required", [name]);

/** 415 */
export const unsupportedType = (type: string): Refusal =>
  new Refusal(415, "unsupported_content_type", `Content-type must be ${type}`);

/** 500 for an error that the service does not catch. */
export const crash = (): Refusal => new Refusal(500, "unknown", "");

/** 403, without a message. */
export const forbidden = (): Refusal => new Refusal(403, "forbidden", "");

/** 404 of a type of its own. */
export const notFound = (type: string, what: string): Refusal => new Refusal(404, type, `Could not find ${what}`);

/** 409 of a type of its own. */
export const duplicate = (type: string, what: string): Refusal => new Refusal(409, type, `Duplicate ${what}`);

/** 413 `over_quota`. */
export const overQuota = (resource: string): Refusal =>
  new Refusal(413, "over_quota", `Quota exceeded for ${resource}.`);

/** 501 for what is not modelled, in Designate's own error form. */
export const notSimulated = (what: string): Refusal => new Refusal(501, "not_implemented", `not simulated: ${what}`);
