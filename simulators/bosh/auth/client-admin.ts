import {
  bodyJson,
  type HttpReply,
  type HttpRequest,
  json,
  type Kernel,
  queryOf,
  readTexts,
  type Route,
} from "../../kernel/index.ts";
import { type Fields, isHash } from "../configs/fields.ts";
import type { UaaOptions } from "../state/director.ts";
import type { Clients, UaaClient } from "./clients.ts";
import { readToken } from "./token.ts";

/*
 * The API by which an administrator manages UAA's clients (ClientAdminEndpoints.java in uaa).
 */

interface Uaa {
  readonly kernel: Kernel;
  readonly options: UaaOptions;
  readonly clients: Clients;
}

const READERS = ["clients.read", "clients.admin", "uaa.admin"];
const WRITERS = ["clients.write", "clients.admin", "uaa.admin"];

type Handler = (uaa: Uaa, request: HttpRequest, caller: Fields) => HttpReply;

/** A handler for those whose token has one of these scopes. */
const guard =
  (scopes: readonly string[], handler: Handler) =>
  (uaa: Uaa, request: HttpRequest): HttpReply => {
    const [kind = "", token = ""] = (request.headers.authorization ?? "").split(" ");
    if (kind.toLowerCase() !== "bearer")
      return json(401, {
        error: "unauthorized",
        error_description: "Full authentication is required to access this resource",
      });
    const caller = readToken(token, uaa.options.publicKey, Math.floor(uaa.kernel.nowMs / 1000));
    if (caller === undefined)
      return json(401, { error: "invalid_token", error_description: "The token expired, was revoked, or is invalid" });
    if (!readTexts(caller.scope).some((each) => scopes.includes(each)))
      return json(403, {
        error: "insufficient_scope",
        error_description: "Insufficient scope for this resource",
        scope: scopes.join(" "),
      });
    return handler(uaa, request, caller);
  };

/** A client as the API shows it: without its secret. */
const view = ({ secret: _secret, ...client }: UaaClient): object => client;

const notFound: HttpReply = { status: 404, body: "" };

const invalid = (status: 400 | 409, description: string): HttpReply =>
  json(status, { error: "invalid_client", error_description: description });

const idIn = ({ params }: HttpRequest): string => decodeURIComponent(params.id ?? "");

const GRANTS = ["authorization_code", "client_credentials", "implicit", "password", "refresh_token"];

/** The client with the given fields changed and all others kept, or the refusal. */
function readClient(body: Fields, before: UaaClient | undefined, nowMs: number): UaaClient | HttpReply {
  const list = (name: keyof UaaClient, otherwise: readonly string[]): readonly string[] => {
    const given = readTexts(body[name]);
    if (given.length > 0) return given;
    const known = before?.[name];
    return Array.isArray(known) ? readTexts(known) : otherwise;
  };
  const seconds = (name: "access_token_validity" | "refresh_token_validity"): number | undefined =>
    typeof body[name] === "number" ? body[name] : before?.[name];
  const id = String(body.client_id ?? "");
  const grants = list("authorized_grant_types", []);
  if (grants.length === 0)
    return invalid(400, "An authorized grant type must be provided. Must be one of: " + `[${GRANTS.join(", ")}]`);
  const wrong = grants.find((grant) => !GRANTS.includes(grant));
  if (wrong !== undefined)
    return invalid(400, `${wrong} is not an allowed grant type. Must be one of: [${GRANTS.join(", ")}]`);
  const secret = typeof body.client_secret === "string" ? body.client_secret : (before?.secret ?? "");
  if (before === undefined && secret === "" && grants.includes("client_credentials"))
    return invalid(400, "Client secret is required for client_credentials grant type");
  return {
    client_id: id,
    secret,
    scope: list("scope", ["uaa.none"]),
    authorities: list("authorities", ["uaa.none"]),
    authorized_grant_types: grants,
    resource_ids: list("resource_ids", ["none"]),
    redirect_uri: list("redirect_uri", []),
    autoapprove: list("autoapprove", []),
    access_token_validity: seconds("access_token_validity"),
    refresh_token_validity: seconds("refresh_token_validity"),
    name: typeof body.name === "string" ? body.name : before?.name,
    lastModified: nowMs,
  };
}

function readBody(request: HttpRequest): Fields | undefined {
  const body = bodyJson(request);
  return body.ok && isHash(body.value) ? body.value : undefined;
}

const refuseMalformed = (): HttpReply =>
  json(400, { error: "http_message_not_readable", error_description: "Required request body is missing or malformed" });

const create: Handler = ({ clients, kernel }, request) => {
  const body = readBody(request);
  if (body === undefined) return refuseMalformed();
  const id = String(body.client_id ?? "");
  if (id === "") return invalid(400, "client_id cannot be blank");
  if (clients.find(id) !== undefined) return invalid(409, `Client already exists: ${id}`);
  const client = readClient(body, undefined, kernel.nowMs);
  if (!("client_id" in client)) return client;
  clients.put(client);
  kernel.record("uaa", "client.create", id);
  return json(201, view(client));
};

const update: Handler = ({ clients, kernel }, request) => {
  const body = readBody(request);
  const before = clients.find(idIn(request));
  if (body === undefined) return refuseMalformed();
  if (before === undefined) return notFound;
  if (body.client_id !== before.client_id)
    return invalid(
      400,
      `The client id (${String(body.client_id ?? null)}) does not match the URL (${before.client_id})`,
    );
  // The secret has its own request.
  const client = readClient({ ...body, client_secret: undefined }, before, kernel.nowMs);
  if (!("client_id" in client)) return client;
  clients.put(client);
  kernel.record("uaa", "client.update", client.client_id);
  return json(200, view(client));
};

const show: Handler = ({ clients }, request) => {
  const client = clients.find(idIn(request));
  return client === undefined ? notFound : json(200, view(client));
};

const remove: Handler = ({ clients, kernel }, request) => {
  const client = clients.find(idIn(request));
  if (client === undefined) return notFound;
  clients.delete(client.client_id);
  kernel.record("uaa", "client.delete", client.client_id);
  return json(200, { ...view(client), approvals_deleted: true });
};

const PAGE = 100;

/** Filters such as `client_id eq "x"`: the only form that UAA's command line sends. */
const FILTER = /^\s*client_id\s+(?:(pr)|eq\s+"([^"]*)"|co\s+"([^"]*)")\s*$/i;

const list: Handler = ({ clients }, request) => {
  const query = queryOf(request);
  const filter = query.get("filter") || "client_id pr";
  const match = FILTER.exec(filter);
  if (match === null) {
    const description = `Invalid filter expression: [${filter}] [${query.get("sortBy") ?? "client_id"}]`;
    return json(400, { error: "scim", error_description: description, message: description });
  }
  const found = clients
    .list()
    .filter(({ client_id: id }) => (match[2] === undefined || id === match[2]) && id.includes(match[3] ?? ""));
  const ordered = query.get("sortOrder") === "descending" ? found.toReversed() : found;
  const startIndex = Math.max(1, Number(query.get("startIndex") ?? 1) || 1);
  const itemsPerPage = Math.min(Number(query.get("count") ?? PAGE) || PAGE, found.length);
  return json(200, {
    resources: ordered.slice(startIndex - 1, startIndex - 1 + itemsPerPage).map(view),
    startIndex,
    itemsPerPage,
    totalResults: found.length,
    schemas: ["http://cloudfoundry.org/schema/scim/oauth-clients-1.0"],
  });
};

/** A client without the right to administer clients may change only its own secret, and must know the old one. */
const changeSecret: Handler = ({ clients, kernel }, request, caller) => {
  const body = readBody(request);
  const client = clients.find(idIn(request));
  if (body === undefined) return refuseMalformed();
  if (client === undefined) return notFound;
  const isAdmin = readTexts(caller.scope).some((each) => ["clients.admin", "uaa.admin"].includes(each));
  if (caller.user_name !== undefined) return invalid(400, "Only a client can change client secret");
  if (!isAdmin && caller.client_id !== client.client_id)
    return invalid(400, "Bad request. Not permitted to change another client's secret");
  if (!isAdmin && body.oldSecret !== client.secret)
    return invalid(400, "Previous secret is required and must be valid");
  clients.put({ ...client, secret: String(body.secret ?? ""), lastModified: kernel.nowMs });
  kernel.record("uaa", "client.secret", client.client_id);
  return json(200, { status: "ok", message: "secret updated" });
};

const SECRET_CHANGERS = ["clients.secret", ...WRITERS];

/** The routes of /oauth/clients. */
export const CLIENT_ADMIN: readonly Route<Uaa>[] = [
  { method: "GET", path: "/oauth/clients", clients: ["uaa"], handler: guard(READERS, list) },
  { method: "POST", path: "/oauth/clients", clients: ["uaa"], handler: guard(WRITERS, create) },
  { method: "GET", path: "/oauth/clients/:id", clients: ["uaa"], handler: guard(READERS, show) },
  { method: "PUT", path: "/oauth/clients/:id", clients: ["uaa"], handler: guard(WRITERS, update) },
  { method: "DELETE", path: "/oauth/clients/:id", clients: ["uaa"], handler: guard(WRITERS, remove) },
  {
    method: "PUT",
    path: "/oauth/clients/:id/secret",
    clients: ["uaa"],
    handler: guard(SECRET_CHANGERS, changeSecret),
  },
];
