import { byText, isObject } from "../../kernel/index.ts";

/** What a kind of login needs in its configuration, and what it says about the one who logs in. */
interface MethodKind {
  /** The members that its configuration may have. */
  readonly members: readonly string[];
  readonly objection: (config: Readonly<Record<string, unknown>>) => string | undefined;
  readonly variables: readonly string[];
}

const isGiven = (value: unknown): boolean =>
  Array.isArray(value) ? value.length > 0 : isObject(value) ? Object.keys(value).length > 0 : Boolean(value);

/** The first member that is required and missing. */
const missing =
  (names: readonly string[], say: (name: string) => string) =>
  (config: Readonly<Record<string, unknown>>): string | undefined => {
    const found = names.find((name) => !isGiven(config[name]));
    return found === undefined ? undefined : say(found);
  };

const NOT_OF_JWT = [
  "OIDCClientID",
  "OIDCClientSecret",
  "OIDCClientAssertion",
  "OIDCScopes",
  "OIDCACRValues",
  "AllowedRedirectURIs",
  "VerboseOIDCLogging",
];
const KEY_SOURCES = ["JWTValidationPubKeys", "JWKSURL", "OIDCDiscoveryURL"];

const JWT_MEMBERS = [
  "JWTSupportedAlgs",
  "BoundAudiences",
  "ClaimMappings",
  "ListClaimMappings",
  "OIDCDiscoveryCACert",
  "JWKSCACert",
  "BoundIssuer",
  "ExpirationLeeway",
  "NotBeforeLeeway",
  "ClockSkewLeeway",
  ...KEY_SOURCES,
  ...NOT_OF_JWT,
];

function jwtObjection(config: Readonly<Record<string, unknown>>): string | undefined {
  const wrong = NOT_OF_JWT.find((name) => isGiven(config[name]));
  if (wrong !== undefined) return `'${wrong}' must not be set for type "jwt"`;
  const sources = KEY_SOURCES.filter((name) => isGiven(config[name]));
  if (sources.length !== 1)
    return `exactly one of 'JWTValidationPubKeys', 'JWKSURL', or 'OIDCDiscoveryURL' must be set for type "jwt"`;
  // Nothing in the simulation serves keys.
  return sources[0] === "JWTValidationPubKeys"
    ? undefined
    : `error checking ${sources[0]}: fetching keys oidc: get keys failed`;
}

/** The kinds of login by name. */
export const AUTH_METHOD_KINDS: ReadonlyMap<string, MethodKind> = new Map([
  [
    "aws-iam",
    {
      members: [
        "BoundIAMPrincipalARNs",
        "EnableIAMEntityDetails",
        "IAMEntityTags",
        "ServerIDHeaderValue",
        "MaxRetries",
        "IAMEndpoint",
        "STSEndpoint",
        "AllowedSTSHeaderValues",
      ],
      objection: missing(["BoundIAMPrincipalARNs"], (name) => `${name} is required and must have at least 1 entry`),
      variables: ["entity_name", "entity_id", "account_id"],
    },
  ],
  ["jwt", { members: JWT_MEMBERS, objection: jwtObjection, variables: [] }],
  [
    "kubernetes",
    {
      members: ["Host", "CACert", "ServiceAccountJWT"],
      objection: missing(["Host", "CACert", "ServiceAccountJWT"], (name) => `Config.${name} is required`),
      variables: ["serviceaccount.namespace", "serviceaccount.name", "serviceaccount.uid"],
    },
  ],
]);

/** Why a configuration is refused for members that no such method has. */
export function membersObjection(
  { members }: MethodKind,
  config: Readonly<Record<string, unknown>>,
): string | undefined {
  const known = members.map((name) => name.toLowerCase());
  const unknown = Object.keys(config).filter((name) => !known.includes(name.toLowerCase()));
  if (unknown.length === 0) return undefined;
  const list = unknown.sort(byText).join(", ");
  return `error decoding config: decoding failed due to the following error(s):\n\n'' has invalid keys: ${list}`;
}
