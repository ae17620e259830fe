import {
  type Body,
  bodyJson,
  empty,
  type HttpReply,
  type HttpRequest,
  queryOf,
  type Route,
} from "../../kernel/index.ts";
import { callerOf } from "../auth/caller.ts";
import { type Caller, holdsAny, may, type Permission, scopesFor, teamScopes, teamsOf } from "../auth/scopes.ts";
import type { Director } from "../state/director.ts";
import { DirectorError } from "./errors.ts";
import type { Deployment, Instance, Task } from "../state/index.ts";
import { clientsOf } from "../routes/clients.ts";

/** What a handler works with. */
export interface Context {
  readonly director: Director;
  readonly request: HttpRequest;
  readonly caller: Caller;
  readonly query: URLSearchParams;
  readonly params: Readonly<Record<string, string>>;
}

export type DirectorRoute = Route<Director>;

/** Media types without which a route does not match (docs/discoveries/bosh-director.md, "Media types"). */
type Media = "application/json" | "text/yaml" | "application/x-compressed";

interface RouteOptions {
  readonly needs?: Permission;
  /** The routes below /deployments/:d: existence is checked before scope. */
  readonly deployment?: "admin" | "read";
  readonly media?: readonly Media[];
  readonly upload?: Route<Director>["upload"];
}

export const ANYBODY: Caller = { user: "", scopes: [] };

/** Text of most routes: JSON that calls itself HTML, as the director's framework has it. */
export const HTML = "text/html;charset=utf-8";

export const page = (status: number, value: unknown): HttpReply => ({
  status,
  json: value,
  headers: { "Content-Type": HTML },
});
export const plain = (status: number, body: string): HttpReply => ({ status, body, headers: { "Content-Type": HTML } });

export const refused = (error: DirectorError): HttpReply =>
  page(error.status, { code: error.code, description: error.message });

export const notAuthorized = (path: string): HttpReply => plain(401, `Not authorized: '${path}'\n`);
export const noEndpoint = (path: string): HttpReply => plain(404, `Endpoint '${path}' not found.\n`);

/** A route of the director: authentication, media type, existence, scope, in this order, then the handler. */
export function route(
  method: string,
  path: string,
  options: RouteOptions,
  handler: (context: Context) => HttpReply | Body<HttpReply>,
): DirectorRoute {
  const answer = (director: Director, request: HttpRequest): HttpReply | Body<HttpReply> => {
    const caller = callerOf(director, request);
    if (caller === undefined) return notAuthorized(request.path);
    if (options.media !== undefined && !options.media.includes(mediaType(request) as Media))
      return noEndpoint(request.path);
    const context: Context = { director, request, caller, query: queryOf(request), params: request.params };
    try {
      if (options.deployment !== undefined)
        requireScopes(caller, teamScopes(deploymentOf(context).teams, options.deployment, director.uuid));
      else requirePermission(context, options.needs ?? "admin");
      return handler(context);
    } catch (error) {
      if (error instanceof DirectorError) return refused(error);
      if (error instanceof Unforeseen) return broken;
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

const mediaType = (request: HttpRequest): string =>
  (request.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "";

/** @throws DirectorError 600000 */
function requirePermission({ director, caller }: Context, permission: Permission): void {
  if (!may(caller, permission, director.uuid)) requireScopes(caller, scopesFor(permission, director.uuid));
}

/** @throws DirectorError 600000 */
export function requireScopes(caller: Caller, wanted: readonly string[]): void {
  if (!holdsAny(caller, wanted)) throw new DirectorError(600000, `Require one of the scopes: ${wanted.join(", ")}`);
}

/** @throws DirectorError 70000 */
export function deploymentOf({ director, params }: Context): Deployment {
  const name = params.deployment ?? "";
  const deployment = director.slot.value.deployments.get(name);
  if (deployment === undefined) throw new DirectorError(70000, `Deployment '${name}' doesn't exist`);
  return deployment;
}

/** An instance by index or uuid. @throws DirectorError 70001, 70002 */
export function instanceOf(context: Context, isStrict = true): Instance {
  const { group, id = "" } = context.params;
  const deployment = deploymentOf(context);
  if (isStrict && !/^\d+$/.test(id) && !/^[0-9a-f-]{36}$/.test(id))
    throw new DirectorError(70002, `Invalid instance index or id '${id}'`);
  const found = deployment.instances.find(
    (each) => each.group === group && (each.id === id || String(each.index) === id),
  );
  if (found === undefined) throw new DirectorError(70001, `'${deployment.name}/${group}/${id}' doesn't exist`);
  return found;
}

/** Sends the client to the task that its request began. */
export function toTask({ director, request }: Context, task: Task): HttpReply {
  const status = request.method === "GET" ? 302 : (director.options.redirectStatus ?? 303);
  const host = request.headers.host ?? "";
  return { status, body: "", headers: { "Content-Type": HTML, Location: `https://${host}/tasks/${task.id}` } };
}

/** May the caller see what belongs to these teams? Lists are filtered, not refused. */
export function sees(director: Director, caller: Caller, teams: readonly string[]): boolean {
  const own = teamsOf(caller);
  return holdsAny(caller, scopesFor("read", director.uuid)) || teams.some((team) => own.includes(team));
}

export const contextId = ({ request }: Context): string | undefined => request.headers["x-bosh-context-id"];

/** An empty answer: of the framework's own type unless it is 204. */
export const done = (status: 200 | 201 | 204 = 204): HttpReply =>
  status === 204 ? empty(204) : { status, body: "", headers: { "Content-Type": HTML } };

/** What the framework answers when a handler meets what nobody foresaw. */
export const broken: HttpReply = { status: 500, body: "", headers: { "Content-Type": HTML } };

/** A handler meets what the director's own did not foresee: Ruby raises, and its framework answers `broken`. */
export class Unforeseen extends Error {}

/** For the right of `??`. @throws Unforeseen */
export function nothingForeseen(): never {
  throw new Unforeseen();
}

export const isNil = (value: unknown): value is null | undefined => value === undefined || value === null;

export const isHash = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A body that must be a JSON object; `undefined` when it can't be parsed, which most routes answer with 500. */
export function jsonObject({ request }: Context): Readonly<Record<string, unknown>> | undefined {
  const body = bodyJson(request);
  if (!body.ok) return undefined;
  return isHash(body.value) ? body.value : {};
}

export const utc = (ms: number): string => `${new Date(ms).toISOString().replace("T", " ").slice(0, 19)} UTC`;
