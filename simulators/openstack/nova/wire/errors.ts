import type { Actor } from "../../cloud.ts";
import { badRequest, notFound } from "../../fault-refusals.ts";
import { Refusal } from "../../refusal.ts";

export { badRequest, notFound };

/** 409. */
export const conflict = (message: string): Refusal => new Refusal(409, "conflictingRequest", message);
/** 403. */
export const forbidden = (message: string): Refusal => new Refusal(403, "forbidden", message);

/** The answer if a resource does not exist at this microversion. */
export const noResource = (): Refusal => notFound("The resource could not be found.");

/** Refuses everybody but administrators. @throws Refusal 403 */
export function requireAdmin({ actor }: { readonly actor: Actor }, rule: string): void {
  if (!actor.isAdmin) throw forbiddenByPolicy(rule);
}

/** The refusal of a policy; `rule` without its prefix. */
export const forbiddenByPolicy = (rule: string): Refusal =>
  forbidden(`Policy doesn't allow os_compute_api:${rule} to be performed.`);

/** 500: the service reports an error of its own. */
export const unexpectedError = (python: string): Refusal =>
  new Refusal(
    500,
    "computeFault",
    `Unexpected API Error. Please report this at http://bugs.launchpad.net/nova/ and attach the Nova API log if possible.\n<class '${python}'>`,
  );

/** A handler that refuses with 501 what this simulator does not model. */
export const refuseAsUnmodelled = (what: string) => (): never => {
  throw new Refusal(501, "notImplemented", `not simulated: ${what}`);
};
