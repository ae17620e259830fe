import type { RequestContext } from "../../service.ts";
import { forbiddenAction } from "./errors.ts";

/** Checks that the caller is an administrator. @throws Refusal 403 that names the policy */
export function requireAdmin({ actor }: RequestContext, action: string): void {
  if (!actor.isAdmin) throw forbiddenAction(`identity:${action}`);
}

/** Checks that the caller is the user of the path, or an administrator of the whole system. @throws Refusal 403 that names the policy */
export function requireOwner({ actor, params }: RequestContext, action: string): void {
  const isSystemAdmin = actor.isAdmin && actor.projectId === "" && actor.domainId === "";
  if (!isSystemAdmin && actor.userId !== params.user) throw forbiddenAction(`identity:${action}`);
}

/** Checks that the caller is an administrator or the user of the path. @throws Refusal 403 that names the policy */
export function requireSelf({ actor, params }: RequestContext, action: string): void {
  if (!actor.isAdmin && actor.userId !== params.user) throw forbiddenAction(`identity:${action}`);
}
