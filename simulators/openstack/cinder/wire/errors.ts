import { badRequest, notFound } from "../../fault-refusals.ts";
import { Refusal } from "../../refusal.ts";

export { badRequest, notFound };

/** webob's text for a bad request without details. */
export const MALFORMED =
  "The server could not comply with the request since it is either malformed or otherwise incorrect.";

/** 404 for a thing that does not exist, or that the caller may not see. */
export const notFoundById = (kind: string, id: string): Refusal => notFound(`${kind} ${id} could not be found.`);
/** 403: the refusal of a policy rule. */
export const forbiddenByPolicy = (rule: string): Refusal =>
  new Refusal(403, "forbidden", `Policy doesn't allow ${rule} to be performed.`);

/** 413: a quota is full. With Retry-After, clients would mistake it for a rate limit (docs/discoveries/openstack.md, "Rate limits and over-limit"). */
export const overLimit = (message: string): Refusal =>
  new Refusal(413, "overLimit", message, { headers: { "Retry-After": "0" }, members: { retryAfter: "0" } });

/** 413 for something that is too large in itself. */
export const overLimitPlain = (message: string): Refusal => new Refusal(413, "overLimit", message);

/** Refuses what is not modelled, in Cinder's own error form. */
export const notSimulated = (what: string): Refusal => new Refusal(501, "notImplemented", `not simulated: ${what}`);

/** The refusal of an unknown action. */
export const noAction = (name: string): Refusal =>
  badRequest(`There is no such action: ${name}. Verify the request body and Content-Type header and try again.`);
