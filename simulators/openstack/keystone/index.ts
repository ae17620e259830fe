import { withoutSlashes } from "../url.ts";
import { empty, type HttpReply, type HttpRequest, json, type Service } from "../../kernel/index.ts";
import type { Cloud, IdentityOps } from "../cloud.ts";
import { WSGIREF_FRONT } from "../python/http-server.ts";
import { Refusal } from "../refusal.ts";
import { BODY_BYTES_MAX, type Context, type OpenStackRoute, openStackService, type Style } from "../service.ts";
import { authenticate, hashOf, liveToken } from "./auth.ts";
import { catalogOf } from "./catalog.ts";
import { ec2Routes } from "./ec2.ts";
import { entityRoutes, headOf, linked, listing, rootOf } from "./entities.ts";
import { bodyOf, checkSchema, forbiddenAction, unauthorized } from "./errors.ts";
import { grantRoutes } from "./grants.ts";
import { impliedRoutes } from "./implied.ts";
import {
  adminOnly,
  CREDENTIALS,
  DOMAINS,
  ENDPOINTS,
  GROUPS,
  POLICIES,
  PROJECTS,
  REGIONS,
  ROLES,
  SERVICES,
  USERS,
} from "./kinds.ts";
import { peopleRoutes } from "./people.ts";
import { SCHEMAS } from "./schemas.ts";
import { type KeystoneSlot, seed, type Token } from "./state.ts";
import { Tokens } from "./tokens.ts";
import { trustRoutes } from "./trusts.ts";

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  409: "Conflict",
  413: "Request Entity Too Large",
  501: "Not Implemented",
};

const NO_ROUTE =
  "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.</p>\n";

const style = (tokens: Tokens): Style => ({
  refuse: (refusal, context) => {
    const { status, message, extras } = refusal;
    const error = { code: status, ...extras.members, message, title: TITLES[status] ?? "Error" };
    const challenge: Record<string, string> =
      status === 401 ? { "WWW-Authenticate": `Keystone uri="${rootOf(context)}"` } : {};
    const reply = json(status, { error }, { "Content-Type": "application/json", ...challenge, ...extras.headers });
    return context.request.method === "HEAD" ? headOfError(reply) : reply;
  },
  // Keystone looks closer than the other services: it says what is gone.
  unauthenticated: (context) => {
    try {
      tokens.check(context.request.headers["x-auth-token"] ?? "");
    } catch (error) {
      if (error instanceof Refusal) return style(tokens).refuse(error, context);
      throw error;
    }
    return style(tokens).refuse(unauthorized(), context);
  },
  unmatched: ({ request }, allowed) => {
    if (allowed.length === 0)
      return { status: 404, body: NO_ROUTE, headers: { "Content-Type": "text/html; charset=utf-8" } };
    const Allow = allowed.join(", ");
    if (request.method === "OPTIONS")
      return { status: 200, body: "", headers: { "Content-Type": "text/html; charset=utf-8", Allow } };
    const message = "The method is not allowed for the requested URL.";
    return json(405, { message }, { "Content-Type": "application/json", Allow });
  },
  headers: (context) => ({ Vary: "X-Auth-Token", "x-openstack-request-id": context.requestId }),
  isOpen: () => true,
  crashed: () =>
    json(
      500,
      {
        error: {
          code: 500,
          message: "An unexpected error prevented the server from fulfilling your request.",
          title: "Internal Server Error",
        },
      },
      { "Content-Type": "application/json" },
    ),
  front: WSGIREF_FRONT,
  bodyBytesMax: BODY_BYTES_MAX,
  ignoresChunks: true,
});

/** Keystone ends the JSON of an error with a newline. */
function headOfError(reply: HttpReply): HttpReply {
  const bytes = Buffer.byteLength(JSON.stringify(reply.json)) + 1;
  return { status: reply.status, headers: { ...reply.headers, "Content-Length": String(bytes) } };
}

const version = (context: Context): object => ({
  id: "v3.14",
  status: "stable",
  updated: "2020-04-07T00:00:00Z",
  links: [{ rel: "self", href: `${rootOf(context)}/` }],
  "media-types": [{ base: "application/json", type: "application/vnd.openstack.identity-v3+json" }],
});

const versionRoutes: readonly OpenStackRoute[] = [
  {
    method: "GET",
    path: "/",
    open: true,
    handler: (context) => json(300, { versions: { values: [version(context)] } }, { Location: `${rootOf(context)}/` }),
  },
  ...["/v3", "/v3/"].map((path) => ({
    method: "GET",
    path,
    open: true,
    handler: (context: Context) => json(200, { version: version(context) }),
  })),
];

/** X-Subject-Token of a request to validate or revoke, after the policy has been asked. */
function subjectOf(slot: KeystoneSlot, tokens: Tokens, context: Context, action: string): Token {
  const { actor, request } = context;
  const id = request.headers["x-subject-token"];
  if (id === undefined) {
    if (!actor.isAdmin) throw forbiddenAction(`identity:${action}`);
    throw new Refusal(404, "", "No token in the request");
  }
  const token = liveToken(slot.value, tokens, id);
  const isOwn = token.userId === actor.userId;
  if (!isOwn && !actor.isAdmin && !actor.roles.includes("service")) throw forbiddenAction(`identity:${action}`);
  return token;
}

function tokenRoutes(slot: KeystoneSlot, tokens: Tokens): readonly OpenStackRoute[] {
  const path = "/v3/auth/tokens";
  return [
    { method: "POST", path, open: true, handler: (context) => authenticate(slot, tokens, context) },
    {
      method: "GET",
      path,
      handler: (context) => {
        const token = subjectOf(slot, tokens, context, "validate_token");
        return json(200, tokens.view(token, context, !context.query.has("nocatalog")), { "X-Subject-Token": token.id });
      },
    },
    {
      method: "DELETE",
      path,
      handler: (context) => {
        tokens.revoke(subjectOf(slot, tokens, context, "revoke_token"));
        return empty(204);
      },
    },
    {
      method: "GET",
      path: "/v3/auth/catalog",
      handler: (context) => {
        const { scope } = tokens.check(context.actor.token);
        const catalog = scope.kind === "none" ? [] : catalogOf(slot.value, context.cloud, scope, context);
        return json(200, { catalog, links: { self: `${rootOf(context)}/auth/catalog` } });
      },
    },
  ];
}

const notSimulated = (what: string) => (): HttpReply => {
  throw new Refusal(501, "", `${what} is not simulated.`);
};

const UNMODELLED = [
  ["/v3/OS-FEDERATION/*rest", "Federation"],
  ["/v3/OS-OAUTH1/*rest", "OAuth"],
  ["/v3/OS-EP-FILTER/*rest", "Filtering of endpoints"],
  ["/v3/OS-ENDPOINT-POLICY/*rest", "Policies of endpoints"],
  ["/v3/domains/:domain/config", "Configuration of domains"],
  ["/v3/domains/:domain/config/*rest", "Configuration of domains"],
  ["/v3/domains/config/*rest", "Configuration of domains"],
] as const;

const surfaceRoutes: readonly OpenStackRoute[] = [
  { method: "GET", path: "/v3/limits", handler: (context) => listing(context, "limits", []) },
  { method: "GET", path: "/v3/registered_limits", handler: (context) => listing(context, "registered_limits", []) },
  { method: "POST", path: "/v3/ec2tokens", open: true, handler: notSimulated("EC2 authentication") },
  ...UNMODELLED.flatMap(([path, what]) =>
    ["GET", "POST", "PUT", "PATCH", "DELETE"].map((method) => ({ method, path, handler: notSimulated(what) })),
  ),
  {
    method: "GET",
    path: "/v3/auth/OS-FEDERATION/websso/:protocol",
    handler: () => {
      throw unauthorized();
    },
  },
];

/** A region whose id the client chooses. */
function regionRoute(slot: KeystoneSlot, tokens: Tokens): OpenStackRoute {
  return {
    method: "PUT",
    path: "/v3/regions/:id",
    handler: (context) => {
      adminOnly(context, "create_region");
      const given = bodyOf(context).region ?? {};
      checkSchema(SCHEMAS.regions?.create ?? {}, given);
      const id = context.params.id ?? "";
      const region = REGIONS.create({ state: slot.value, context, tokens }, { ...given, id });
      slot.value.regions.set(id, region);
      context.cloud.kernel.record("keystone", "region.create", id, { name: id });
      return json(201, { region: linked(context, "regions", REGIONS.view(region, context, slot.value)) });
    },
  };
}

/** A slash at the end of a path means nothing. */
const unslashed = (request: HttpRequest): HttpRequest =>
  request.path.length > 1 && request.path.endsWith("/") ? { ...request, path: withoutSlashes(request.path) } : request;

function withHeads(routes: readonly OpenStackRoute[]): readonly OpenStackRoute[] {
  const heads = new Set(routes.filter(({ method }) => method === "HEAD").map(({ path }) => path));
  return routes.flatMap((route) =>
    route.method === "GET" && !heads.has(route.path) ? [route, headOf(route)] : [route],
  );
}

/** Keystone v3: tokens, projects, users, roles, catalog. */
export function createKeystone(cloud: Cloud): { readonly service: Service; readonly ops: IdentityOps } {
  const slot = cloud.kernel.slot("openstack/keystone", seed(cloud, hashOf));
  const tokens = new Tokens(cloud, slot);
  const kinds = [
    ...entityRoutes(PROJECTS, slot, tokens),
    ...entityRoutes(USERS, slot, tokens),
    ...entityRoutes(DOMAINS, slot, tokens),
    ...entityRoutes(ROLES, slot, tokens),
    ...entityRoutes(GROUPS, slot, tokens),
    ...entityRoutes(SERVICES, slot, tokens),
    ...entityRoutes(ENDPOINTS, slot, tokens),
    ...entityRoutes(REGIONS, slot, tokens),
    ...entityRoutes(CREDENTIALS, slot, tokens),
    ...entityRoutes(POLICIES, slot, tokens),
  ];
  const routes = [
    ...versionRoutes,
    ...tokenRoutes(slot, tokens),
    ...kinds,
    regionRoute(slot, tokens),
    ...grantRoutes(slot, tokens),
    ...impliedRoutes(slot),
    ...trustRoutes(slot, tokens),
    ...ec2Routes(slot),
    ...peopleRoutes(slot, tokens),
    ...surfaceRoutes,
  ];
  const service = openStackService(cloud, "keystone", style(tokens), withHeads(routes));
  return {
    service: {
      ...service,
      call: (request) => service.call(unslashed(request)),
      receive: (request) => service.receive(unslashed(request)),
      unread: (request, why) => service.unread(unslashed(request), why),
      crashed: (request, error) => service.crashed(unslashed(request), error),
    },
    ops: {
      actor: (token) => tokens.actor(token),
      project: (id) => {
        const project = slot.value.projects.get(id);
        return project && { id, name: project.name, enabled: project.enabled };
      },
    },
  };
}
