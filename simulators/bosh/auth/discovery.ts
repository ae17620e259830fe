import { createPublicKey } from "node:crypto";
import { type HttpReply, json, type Route } from "../../kernel/index.ts";
import type { UaaOptions } from "../state/director.ts";
import { KEY_ID } from "./token.ts";

/*
 * What UAA publishes about itself: its prompts, the keys that verify its tokens, and its endpoints (OpenID
 * Connect Discovery 1.0, RFC 7517).
 */

interface Uaa {
  readonly options: UaaOptions;
}

const VERSION = "77.0.0";

const showLogin = ({ options: { url } }: Uaa): HttpReply =>
  json(200, {
    app: { version: VERSION },
    links: { uaa: url, login: url, passwd: "/forgot_password", register: "/create_account" },
    zone_name: "uaa",
    entityID: url.replace(/^https?:\/\//, ""),
    idpDefinitions: {},
    prompts: {
      username: ["text", "Email"],
      password: ["password", "Password"],
      passcode: ["password", "Temporary Authentication Code"],
    },
  });

/** The key of the tokens, as a JSON Web Key and as PEM. */
function keyOf({ publicKey }: UaaOptions): object {
  const { n, e } = createPublicKey(publicKey).export({ format: "jwk" });
  return { kty: "RSA", e, use: "sig", kid: KEY_ID, alg: "RS256", value: publicKey.trim(), n };
}

const showKeys = ({ options }: Uaa): HttpReply => json(200, { keys: [keyOf(options)] });

const showKey = ({ options }: Uaa): HttpReply => json(200, keyOf(options));

const showConfiguration = ({ options: { url } }: Uaa): HttpReply =>
  json(200, {
    issuer: `${url}/oauth/token`,
    authorization_endpoint: `${url}/oauth/authorize`,
    token_endpoint: `${url}/oauth/token`,
    token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
    token_endpoint_auth_signing_alg_values_supported: ["RS256"],
    userinfo_endpoint: `${url}/userinfo`,
    jwks_uri: `${url}/token_keys`,
    scopes_supported: ["openid", "profile", "email", "phone", "roles", "user_attributes"],
    response_types_supported: ["code", "code id_token", "id_token", "token id_token"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
    claim_types_supported: ["normal"],
    claims_parameter_supported: false,
    ui_locales_supported: ["en-US"],
  });

/** The routes that need no login. */
export const DISCOVERY: readonly Route<Uaa>[] = [
  { method: "GET", path: "/login", clients: ["bosh"], handler: showLogin },
  { method: "GET", path: "/info", clients: ["bosh"], handler: showLogin },
  { method: "GET", path: "/token_keys", clients: [], handler: showKeys },
  { method: "GET", path: "/token_key", clients: [], handler: showKey },
  { method: "GET", path: "/.well-known/openid-configuration", clients: [], handler: showConfiguration },
];
