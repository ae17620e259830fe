import type { HttpRequest } from "../../../kernel/index.ts";
import { badRequest } from "./errors.ts";
import type { RequestContext } from "../../service.ts";

const PREFIX = /^\/(v2\.1|v2)((?:\/[0-9a-f-]{32,36})?)(?=\/|$)/;

interface RequestAddress {
  readonly version: string;
  /** `/` and the project's id, or empty. */
  readonly project: string;
  readonly rest: string;
}

/** The parts of the URL that the client used. */
export function parseAddress(path: string): RequestAddress | undefined {
  const match = PREFIX.exec(path);
  if (match === null) return undefined;
  return { version: match[1] ?? "", project: match[2] ?? "", rest: path.slice(match[0].length) };
}

/** The request with the path that routes know, without version and project. */
export function withoutVersion(request: HttpRequest): HttpRequest {
  // Slashes in a row are one.
  if (request.path.includes("//")) return withoutVersion({ ...request, path: request.path.replace(/\/{2,}/g, "/") });
  const address = parseAddress(request.path);
  if (address !== undefined && address.rest !== "" && address.rest !== "/") return { ...request, path: address.rest };
  return address === undefined && request.path !== "/" ? { ...request, path: `/unversioned${request.path}` } : request;
}

/** The path as the client sent it, without the query. */
export const pathOf = ({ url }: HttpRequest): string => (url.includes("?") ? url.slice(0, url.indexOf("?")) : url);

/** Checks that a project in the URL is the token's. @throws Refusal 400 */
export function checkProject(context: RequestContext): void {
  const { project } = parseAddress(pathOf(context.request)) ?? { project: "" };
  const named = project.slice(1);
  if (named === "" || named === context.actor.projectId) return;
  const message = `URL's project_id '${named}' doesn't match Context's project_id '${context.actor.projectId}'`;
  throw badRequest(`Malformed request URL: ${message}`);
}
