import { bodyText, isUuidLike } from "../../../kernel/index.ts";
import type { RequestContext, OpenStackRoute } from "../../service.ts";
import type { Designate, ZoneRow } from "../state/state.ts";
import { badRequest, forbidden, notFound, unsupportedType } from "./errors.ts";

/** A JSON object on the wire. */
export type View = Readonly<Record<string, unknown>>;

/** The root URL of the API's version, for links. */
export const rootOf = ({ cloud, request }: RequestContext): string => `${cloud.root("dns", request)}/v2`;

/** Whether the caller asks for all projects. Members who ask for that have already been refused. */
export const wantsAllProjects = ({ request }: RequestContext): boolean =>
  request.headers["x-auth-all-projects"]?.toLowerCase() === "true";

/** The project for which the caller acts, which an administrator may choose. */
export const projectOf = ({ request, actor }: RequestContext): string =>
  request.headers["x-auth-sudo-project-id"] ?? request.headers["x-auth-sudo-tenant-id"] ?? actor.projectId;

/** Whether the caller may see what belongs to the project. */
export const canSee = (context: RequestContext, projectId: string): boolean =>
  projectId === projectOf(context) || wantsAllProjects(context);

/** The id in the path. @throws Refusal 400 when it is not a UUID */
export function idIn(context: RequestContext, name: string): string {
  const id = context.params[name] ?? "";
  if (!isUuidLike(id)) throw badRequest("invalid_uuid", `Invalid UUID ${name}: ${id}`);
  return id;
}

/** The zone of the path. @throws Refusal 400, 404 */
export function requireZone(designate: Designate, context: RequestContext): ZoneRow {
  const zone = designate.slot.value.zones.get(idIn(context, "zone_id"));
  if (zone === undefined || !canSee(context, zone.projectId)) throw notFound("zone_not_found", "Zone");
  return zone;
}

/** Refuses everybody except administrators. */
export const forAdmins =
  (handler: OpenStackRoute["handler"]): OpenStackRoute["handler"] =>
  (context) => {
    if (!context.actor.isAdmin) throw forbidden();
    return handler(context);
  };

/** The body, as JSON. @throws Refusal 400, 415 */
export function bodyOf(context: RequestContext): unknown {
  const body = bodyOrNothing(context);
  if (body === null) throw badRequest("empty_request_body", "Request Body is empty");
  return body;
}

/** The body, as JSON; null where there is none. @throws Refusal 400, 415 */
export function bodyOrNothing({ request }: RequestContext): unknown {
  const type = (request.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json" && type !== "application/json-patch+json") throw unsupportedType("application/json");
  const text = bodyText(request);
  return text === "" ? null : parseJson(text);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest("invalid_json", pythonMessage(text));
  }
}

/** How Python words the mistakes that clients make. */
function pythonMessage(text: string): string {
  if (/^\s*\{\s*(?!["\s}])/.test(`${text} `) || text.trim() === "{") {
    const at = text.indexOf("{") + 1;
    return `Expecting property name enclosed in double quotes: line 1 column ${at + 1} (char ${at})`;
  }
  return "Expecting value: line 1 column 1 (char 0)";
}
