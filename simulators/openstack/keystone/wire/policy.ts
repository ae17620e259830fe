import type { RequestContext } from "../../service.ts";
import { forbiddenAction } from "./errors.ts";

/** Lets administrators pass. @throws Refusal 403 that names the policy */
export function requireAdmin({ actor }: RequestContext, action: string): void {
  if (!actor.isAdmin) throw forbiddenAction(`identity:${action}`);
}

/** Lets administrators and the user of the path pass. @throws Refusal 403 that names the policy */
export function requireSelf({ actor, params }: RequestContext, action: string): void {
  if (!actor.isAdmin && actor.userId !== params.user) throw forbiddenAction(`identity:${action}`);
}
