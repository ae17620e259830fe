import { Refusal } from "../../refusal.ts";
import type { RequestContext } from "../../service.ts";
import type { Glance, NamespaceRow } from "../state.ts";
import { readBody } from "../wire/body.ts";
import { checkMetadef, type MetadefKind } from "../wire/metadefs.ts";

/*
 * What the routes of metadata definitions share.
 */

/** The path of all namespaces. */
export const NAMESPACES = "/v2/metadefs/namespaces";

/** 404 */
export const notFound = (message: string): Refusal => new Refusal(404, "", message);
/** 400 */
export const badRequest = (message: string): Refusal => new Refusal(400, "", message);
/** 409 */
export const conflict = (message: string): Refusal => new Refusal(409, "", message);

/** @throws Refusal 403 */
export function requireAdmin({ actor }: RequestContext, rule: string): void {
  if (!actor.isAdmin) throw new Refusal(403, "", `You are not authorized to complete ${rule} action.`);
}

/** The body, as an object of the kind. @throws Refusal 400 */
export function bodyOf(context: RequestContext, kind: MetadefKind): Readonly<Record<string, unknown>> {
  const body = readBody(context);
  for (const name of ["self", "schema", "created_at", "updated_at"])
    if (kind !== "property" && Object.hasOwn(body, name))
      throw new Refusal(403, "", `Attribute '${name}' is read-only.`);
  return checkMetadef(kind, body);
}

const longRefusal = (name: string): string => `Metadata definition namespace=${name} was not found.`;

/** How most routes below a namespace say that it is missing. */
export const shortRefusal = (name: string): string => `Namespace ${name} not found`;

/** Refuses a body where none is expected. @throws Refusal 400 */
export function refuseBody({ request }: RequestContext): void {
  if (request.body.length > 0) throw badRequest("A body is not expected with this request.");
}

/** A namespace that the actor may see; `refusal` says that it is missing. @throws Refusal 404 */
export function requireNamespace(
  { slot }: Glance,
  { actor, params }: RequestContext,
  refusal: (name: string) => string = longRefusal,
): NamespaceRow {
  const name = params.namespace ?? "";
  const row = slot.value.namespaces.get(name);
  const isVisible =
    row !== undefined && (row.visibility === "public" || row.owner === actor.projectId || actor.isAdmin);
  if (!isVisible) throw notFound(refusal(name));
  return row;
}

/** A member that is text. */
export const textIn = (fields: Readonly<Record<string, unknown>>, name: string): string | undefined => {
  const value = fields[name];
  return typeof value === "string" ? value : undefined;
};
