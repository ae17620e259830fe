import {
  bodyText,
  defineService,
  type HttpReply,
  type HttpRequest,
  json,
  type Kernel,
  type Route,
  sameSecret,
  type Service,
  readBasic,
} from "../../kernel/index.ts";
import type { UaaOptions } from "../state/director.ts";
import { CLIENT_ADMIN } from "./client-admin.ts";
import { Clients } from "./clients.ts";
import { DISCOVERY } from "./discovery.ts";
import { Lockout } from "./lockout.ts";
import { issueToken, readToken } from "./token.ts";

interface Uaa {
  readonly kernel: Kernel;
  readonly options: UaaOptions;
  readonly lockout: Lockout;
  readonly clients: Clients;
}

const TOKEN_S = 600;
const REFRESH_S = 24 * 3600;

const unauthorizedReply = (description: string): HttpReply =>
  json(401, { error: "unauthorized", error_description: description });
const unauthorizedClient = (description: string): HttpReply =>
  json(401, { error: "unauthorized_client", error_description: description });
const badCredentials = (): HttpReply => unauthorizedReply("Bad credentials");

interface Subject {
  readonly clientId: string;
  readonly userName?: string;
  readonly scopes: readonly string[];
}

function grantToken({ kernel, options }: Uaa, subject: Subject, grantType: string): HttpReply {
  const now = Math.floor(kernel.nowMs / 1000);
  const jti = kernel.secrets("uaa").hex(32);
  const claims = {
    jti,
    sub: subject.userName ?? subject.clientId,
    scope: subject.scopes,
    client_id: subject.clientId,
    cid: subject.clientId,
    grant_type: grantType,
    ...(subject.userName === undefined ? {} : { user_name: subject.userName }),
    iat: now,
    exp: now + TOKEN_S,
    iss: `${options.url}/oauth/token`,
    aud: [...new Set(subject.scopes.map((scope) => scope.split(".")[0]))],
  };
  const token = {
    access_token: issueToken(claims, options.privateKey),
    token_type: "bearer",
    expires_in: TOKEN_S - 1,
    scope: subject.scopes.join(" "),
    jti,
  };
  if (subject.userName === undefined) return json(200, token);
  // The director does not accept a refresh token, whose jti ends in -r, as an access token.
  const refresh = issueToken({ ...claims, jti: `${jti}-r`, exp: now + REFRESH_S }, options.privateKey);
  return json(200, { ...token, refresh_token: refresh });
}

function answerToken(uaa: Uaa, request: HttpRequest): HttpReply {
  const form = new URLSearchParams(bodyText(request));
  const basic = readBasic(request.headers.authorization);
  const clientId = basic?.username ?? form.get("client_id") ?? "";
  const secret = basic?.password ?? form.get("client_secret") ?? "";
  switch (form.get("grant_type")) {
    case "client_credentials": {
      const client = uaa.clients.find(clientId);
      if (client === undefined || !sameSecret(secret, client.secret)) return badCredentials();
      if (!client.authorized_grant_types.includes("client_credentials"))
        return unauthorizedClient("Unauthorized grant type: client_credentials");
      return grantToken(uaa, { clientId, scopes: client.authorities }, "client_credentials");
    }
    case "password":
      return logIn(uaa, clientId, form);
    case "refresh_token":
      return refreshToken(uaa, clientId, form.get("refresh_token") ?? "");
    default:
      return json(400, {
        error: "unsupported_grant_type",
        error_description: `Unsupported grant type: ${form.get("grant_type") ?? ""}`,
      });
  }
}

function logIn(uaa: Uaa, clientId: string, form: URLSearchParams): HttpReply {
  const { options, lockout } = uaa;
  const user = options.users.find(({ name }) => name === form.get("username"));
  if (user === undefined) return badCredentials();
  if (lockout.isLocked(user.name))
    return unauthorizedReply("Your account has been locked because of too many failed attempts to login.");
  if (!sameSecret(form.get("password") ?? "", user.password)) {
    lockout.fail(user.name);
    return badCredentials();
  }
  lockout.reset(user.name);
  return grantToken(uaa, { clientId, userName: user.name, scopes: user.scopes }, "password");
}

function refreshToken(uaa: Uaa, clientId: string, given: string): HttpReply {
  const claims = readToken(given, uaa.options.publicKey, Math.floor(uaa.kernel.nowMs / 1000), "refresh");
  const user = uaa.options.users.find(({ name }) => name === claims?.user_name);
  if (user === undefined) return json(401, { error: "invalid_token", error_description: "Invalid refresh token" });
  return grantToken(uaa, { clientId, userName: user.name, scopes: user.scopes }, "refresh_token");
}

const ROUTES: readonly Route<Uaa>[] = [
  ...DISCOVERY,
  ...CLIENT_ADMIN,
  { method: "POST", path: "/oauth/token", clients: ["bosh"], handler: answerToken },
];

/** The part of UAA that clients of a director use: the login prompts and the token endpoint, with real RS256 tokens, and the administration of clients. */
export function createUaa(kernel: Kernel, options: UaaOptions): Service {
  return defineService<Uaa>({
    name: "uaa",
    kernel,
    sim: { kernel, options, lockout: new Lockout(kernel), clients: new Clients(kernel, options) },
    routes: ROUTES,
    unmatched: (_uaa, request) =>
      json(404, { error: "not_found", error_description: `not simulated: ${request.method} ${request.path}` }),
  });
}
