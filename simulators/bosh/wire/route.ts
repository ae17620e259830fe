import { type Body, type HttpReply, type HttpRequest, queryOf, type Route } from "../../kernel/index.ts";
import { callerOf } from "../auth/caller.ts";
import { type Permission, teamScopes } from "../auth/scopes.ts";
import { clientsOf } from "./clients.ts";
import type { Director } from "../state/director.ts";
import { requirePermission, requireScopes } from "./access.ts";
import { Unforeseen } from "./bodies.ts";
import { type RequestContext, deploymentInPath } from "./context.ts";
import { DirectorError, UNCLASSED } from "./errors.ts";
import { brokenReply, noEndpoint, notAuthorized, errorReply } from "./replies.ts";

/** A route of the director. */
export type DirectorRoute = Route<Director>;

/** Media types without which a route does not match (docs/discoveries/bosh-director.md, "Media types"). */
type Media = "application/json" | "text/yaml" | "application/x-compressed" | "multipart/form-data";

interface RouteOptions {
  readonly needs?: Permission;
  /** Set for routes under /deployments/:deployment, which check existence before scope. */
  readonly deployment?: "admin" | "read";
  readonly media?: readonly Media[];
  readonly upload?: Route<Director>["upload"];
}

/** A route of the director: authentication, media type, existence, scope, in this order, then the handler. */
export function route(
  method: string,
  path: string,
  options: RouteOptions,
  handler: (context: RequestContext) => HttpReply | Body<HttpReply>,
): DirectorRoute {
  const answer = (director: Director, request: HttpRequest): HttpReply | Body<HttpReply> => {
    const caller = callerOf(director, request);
    if (caller === undefined) return notAuthorized(request.path);
    const tooLong = refuseLongContextId(request);
    if (tooLong !== undefined) return tooLong;
    if (options.media !== undefined && !options.media.some((media) => media === mediaType(request)))
      return noEndpoint(request.path);
    const context: RequestContext = { director, request, caller, query: queryOf(request), params: request.params };
    try {
      if (options.deployment !== undefined)
        requireScopes(caller, teamScopes(deploymentInPath(context).teams, options.deployment, director.uuid));
      else requirePermission(context, options.needs ?? "admin");
      return handler(context);
    } catch (error) {
      if (error instanceof DirectorError) return error.code === UNCLASSED ? brokenReply : errorReply(error);
      if (error instanceof Unforeseen) return brokenReply;
      throw error;
    }
  };
  return {
    method,
    path,
    handler: answer,
    auth: options.deployment === undefined ? (options.needs ?? "admin") : `deployment ${options.deployment}`,
    clients: clientsOf(method, path),
    ...(options.upload && { upload: options.upload }),
  };
}

/** The longest value of the header by which clients mark tasks that belong together. */
const CONTEXT_ID_CHARS_MAX = 64;

function refuseLongContextId({ headers }: HttpRequest): HttpReply | undefined {
  if ((headers["x-bosh-context-id"] ?? "").length <= CONTEXT_ID_CHARS_MAX) return undefined;
  return errorReply(
    new DirectorError(70010, `X-Bosh-Context-Id cannot be more than ${CONTEXT_ID_CHARS_MAX} characters in length`),
  );
}

const mediaType = (request: HttpRequest): string =>
  (request.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
