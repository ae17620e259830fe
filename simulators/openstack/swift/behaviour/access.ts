import { refuseWith } from "../../refusal.ts";
import { ANONYMOUS, type RequestContext } from "../../service.ts";
import { findContainer } from "../state/containers.ts";
import type { Headers, Swift } from "../state/state.ts";
import { refusal } from "../wire/errors.ts";
import { unauthorizedReply } from "../wire/wire.ts";
import { checkSignature, isSigned } from "./temporary-urls.ts";

/**
 * The kind of access of a request. Owners of the account may do everything; others what the container's lists
 * allow.
 */
export type Permission = "list" | "read" | "write" | "own";

/** Roles that own the account of their project. */
const OPERATORS = ["member", "admin"];

const entriesOf = (acl: string | undefined): readonly string[] => (acl ?? "").split(",").map((entry) => entry.trim());

/** Whether the lists of a container admit the caller. */
function allows(metadata: Headers, permission: Permission, { actor }: RequestContext): boolean {
  const isRead = permission === "read" || permission === "list";
  const entries = entriesOf(metadata[isRead ? "x-container-read" : "x-container-write"]);
  const isPublic = isRead && entries.includes(".r:*");
  if (isPublic && (permission === "read" || entries.includes(".rlistings"))) return true;
  if (actor === ANONYMOUS) return false;
  return entries.some((entry) => {
    const [project = "", user] = entry.split(":");
    if (user === undefined) return actor.roles.includes(project);
    const isProject = project === "*" || project === actor.projectId || project === actor.projectName;
    return isProject && (user === "*" || user === actor.userId || user === actor.userName);
  });
}

/** Checks that the request is allowed; returns whether a temporary URL allows it. @throws Refusal 401, 403 */
export function admit(swift: Swift, context: RequestContext, permission: Permission): boolean {
  const { actor, params } = context;
  if (isSigned(context)) {
    checkSignature(swift, context);
    return true;
  }
  const isOwn = params.account === `AUTH_${actor.projectId}` && actor.roles.some((role) => OPERATORS.includes(role));
  if (isOwn || actor.roles.includes("ResellerAdmin")) return false;
  const container = findContainer(swift, params.account ?? "", params.container ?? "");
  if (permission !== "own" && container !== undefined && allows(container.metadata, permission, context)) return false;
  throw actor === ANONYMOUS ? refuseWith(unauthorizedReply(context)) : refusal(403);
}
