import { hash } from "node:crypto";
import Type from "typebox";
import { Compile } from "typebox/compile";
import { OsbError } from "../errors.ts";
import type { Host } from "../host.ts";
import { basicAuthorization } from "../http/authorization.ts";
import { type BackendAnswer, bodyOf, exchange, expectStatus } from "../http/client.ts";
import { isId } from "../osb/ids.ts";

/** The client under which the dashboards of one service are known to the platform's UAA. */
export interface OAuthClient {
  readonly id: string;
  readonly secret: string;
  readonly redirectUri: string;
}

/** Somebody who has logged in. */
export interface LoggedIn {
  readonly userName: string;
  readonly token: string;
  /** How long the token lasts, in ms. */
  readonly lastsMs: number;
}

/** The rights of a user on an instance, according to the platform. `ended`: the token is no longer valid. */
export type Permission = "manage" | "none" | "ended";

/**
 * The platform whose users see dashboards: its API and its UAA, as in Cloud Foundry (docs.cloudfoundry.org, "Dashboard Single Sign-On"). Every method
 * throws BackendError while it can't be asked; nobody is admitted then.
 */
export interface Platform {
  /** Where a user logs in; it leads back to the client's redirect URI with `state` and a code. */
  loginUrl(client: OAuthClient, state: string, verifier: string): Promise<string>;
  /** @throws OsbError 403 for an invalid code */
  logIn(client: OAuthClient, code: string, verifier: string): Promise<LoggedIn>;
  permission(token: string, instanceId: string): Promise<Permission>;
}

const Link = Type.Object({ href: Type.String({ pattern: "^https?://" }) });
const ROOT = Compile(Type.Object({ links: Type.Object({ login: Link, uaa: Link }) }));
const TOKEN = Compile(
  Type.Object({ access_token: Type.String({ minLength: 1 }), expires_in: Type.Number({ minimum: 0 }) }),
);
const USER = Compile(Type.Object({ user_name: Type.String() }));
const PERMISSIONS = Compile(Type.Object({ manage: Type.Boolean() }));

/** The scopes that let a dashboard ask whether its user may manage an instance, and nothing else. */
const SCOPES = "openid cloud_controller_service_permissions.read";

const challengeOf = (verifier: string): string => hash("sha256", verifier, "base64url");

type Get = (url: string, token?: string) => Promise<BackendAnswer>;

/** Exchanges a code for a token, and asks whose it is. */
async function redeem(
  host: Host,
  get: Get,
  uaa: string,
  client: OAuthClient,
  form: URLSearchParams,
): Promise<LoggedIn> {
  const headers = {
    authorization: basicAuthorization(client.id, client.secret),
    "content-type": "application/x-www-form-urlencoded",
  };
  const answer = await exchange(host, { method: "POST", url: `${uaa}/oauth/token`, headers, body: String(form) });
  if (answer.status !== 200) throw new OsbError(403, "The login was refused. Open the dashboard again.");
  const { access_token: token, expires_in: seconds } = bodyOf(answer, TOKEN);
  const { user_name: userName } = bodyOf(expectStatus(await get(`${uaa}/userinfo`, token), "userinfo", 200), USER);
  return { userName, token, lastsMs: seconds * 1000 };
}

/** @param apiUrl the platform's API, whose root names its UAA */
export function platformAt(host: Host, apiUrl: string): Platform {
  const get: Get = (url, token) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return exchange(host, { method: "GET", url, headers });
  };
  const links = async () => bodyOf(expectStatus(await get(apiUrl), "the platform", 200), ROOT).links;
  return {
    async loginUrl({ id, redirectUri }, state, verifier) {
      const { login } = await links();
      const query = new URLSearchParams({
        response_type: "code",
        client_id: id,
        redirect_uri: redirectUri,
        scope: SCOPES,
        state,
        code_challenge: challengeOf(verifier),
        code_challenge_method: "S256",
      });
      return `${login.href}/oauth/authorize?${String(query)}`;
    },
    async logIn(client, code, verifier) {
      const { uaa } = await links();
      const grant = { grant_type: "authorization_code", code, redirect_uri: client.redirectUri };
      return redeem(host, get, uaa.href, client, new URLSearchParams({ ...grant, code_verifier: verifier }));
    },
    async permission(token, instanceId) {
      // It becomes part of a path.
      if (!isId(instanceId)) return "none";
      const answer = await get(`${apiUrl}/v3/service_instances/${instanceId}/permissions`, token);
      if (answer.status === 401) return "ended";
      if (answer.status === 404 || answer.status === 403) return "none";
      return bodyOf(expectStatus(answer, "permissions", 200), PERMISSIONS).manage ? "manage" : "none";
    },
  };
}
