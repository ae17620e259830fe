import { isObject } from "../../../kernel/index.ts";
import { Refusal } from "../../refusal.ts";
import { type ValueOf, textIfAny } from "../../schema/index.ts";
import type { AppCredential, Token, User } from "../state/entities.ts";
import { idByName } from "../state/names.ts";
import { matchesSecret } from "../state/secrets.ts";
import type { KeystoneState } from "../state/state.ts";
import type { AUTH } from "../wire/auth-schema.ts";
import { badRequest, forbiddenAction, missingAttribute, notFound, authenticationRequired } from "../wire/errors.ts";
import { domainIdOf, grantScope, parseScope, type Reference } from "./scopes.ts";
import type { Keystone, Tokens } from "./tokens.ts";
import { spendTrust } from "./trusts.ts";

/** The member `auth` of a request that has passed its schema. */
type AuthBody = ValueOf<typeof AUTH>;

const METHODS = ["external", "password", "token", "oauth1", "mapped", "application_credential"] as const;
/** Methods that Keystone has but this simulator lacks. */
const NOT_SIMULATED: readonly string[] = ["oauth1", "mapped"];

/** The authenticated user, and the methods used. */
interface Proof {
  readonly user: User;
  readonly methods: readonly string[];
  readonly from?: Token;
  readonly credential?: AppCredential;
}

/**
 * Authenticates the sender of a request and issues a token (docs/discoveries/openstack.md, "Authentication").
 *
 * @throws Refusal 400, 401, 403, 404, 501
 */
export function authenticate({ state, tokens }: Keystone, auth: AuthBody): Token {
  checkMethods(auth);
  const requested = parseScope(auth.scope);
  const { user, methods, from, credential } = prove(state, tokens, auth);
  const scope = grantScope(state, user, requested, credential);
  const trust = requested.kind === "trust" ? spendTrust(state, user, requested.id, tokens.nowMs) : undefined;
  const grant = {
    userId: trust?.impersonation === true ? trust.trustorId : user.id,
    scope,
    methods,
    ...(credential && { appCredentialId: credential.id }),
    ...(trust && { trustId: trust.id }),
  };
  return tokens.issue(grant, from);
}

function checkMethods({ identity }: AuthBody): void {
  const methods = new Set(identity.methods);
  for (const method of methods) {
    if (!Object.hasOwn(identity, method)) throw missingAttribute(method, "identity");
  }
  for (const method of methods) {
    if (NOT_SIMULATED.includes(method)) throw new Refusal(501, "", `Method ${method} is not simulated.`);
    if (!METHODS.some((known) => known === method)) {
      const members = { identity: { methods: METHODS } };
      throw new Refusal(401, "", "Attempted to authenticate with an unsupported method.", { members });
    }
  }
}

function prove(state: KeystoneState, tokens: Tokens, auth: AuthBody): Proof {
  const { identity } = auth;
  const { methods } = identity;
  if (methods.includes("application_credential")) return proveByCredential(state, tokens, auth);
  if (methods.includes("token")) return proveByToken(state, tokens, auth);
  if (methods.includes("password")) return { user: proveByPassword(state, identity.password?.user), methods };
  throw authenticationRequired();
}

function proveByCredential(state: KeystoneState, tokens: Tokens, { identity, scope }: AuthBody): Proof {
  const credential = requireCredential(state, tokens.nowMs, parseCredentialReference(identity.application_credential));
  if (scope !== undefined) throw credentialWithScope();
  const user = state.users.get(credential.userId);
  if (user === undefined) throw authenticationRequired();
  return { user, methods: identity.methods, credential };
}

const credentialWithScope = (): Refusal =>
  new Refusal(
    401,
    "",
    "Error authenticating with application credential: Application credentials cannot request a scope.",
    { members: { identity: {} } },
  );

function proveByToken(state: KeystoneState, tokens: Tokens, { identity: { token, methods } }: AuthBody): Proof {
  const from = tokens.requireLive(token?.id ?? "");
  const user = state.users.get(from.userId);
  if (user === undefined) throw notFound("user", from.userId);
  if (from.appCredentialId !== undefined) throw authenticationRequired();
  const message = "Using trust-scoped token to create another token. Create a new trust-scoped token instead";
  if (from.trustId !== undefined) throw forbiddenAction(message);
  return { user, methods: [...new Set([...from.methods, ...methods])], from };
}

function proveByPassword(
  state: KeystoneState,
  reference: (Reference & { readonly password?: string }) | undefined,
): User {
  if (reference === undefined) throw missingAttribute("user", "None");
  const user = findUser(state, reference);
  if (user === undefined || !user.enabled || !state.domains.get(user.domainId)?.enabled) throw authenticationRequired();
  if (!matchesSecret(user.passwordHash, user.id, reference.password ?? "")) throw authenticationRequired();
  return user;
}

function findUser(state: KeystoneState, { id, name, domain }: Reference): User | undefined {
  if (id !== undefined) return state.users.get(id);
  if (name === undefined)
    throw badRequest("Invalid input for field identity/password/user: id or name must be present.");
  if (domain === undefined) throw missingAttribute("domain", "user");
  return state.users.get(idByName(state, "user", domainIdOf(state, domain) ?? "", name) ?? "");
}

interface CredentialReference extends Reference {
  readonly user?: Reference | undefined;
  readonly secret?: string | undefined;
}

function parseReference(value: unknown): Reference | undefined {
  if (!isObject(value)) return undefined;
  return { id: textIfAny(value.id), name: textIfAny(value.name), domain: parseReference(value.domain) };
}

/** The published schema does not cover this member, so it is checked here. */
function parseCredentialReference(value: unknown): CredentialReference {
  if (!isObject(value)) return {};
  return { ...parseReference(value), user: parseReference(value.user), secret: textIfAny(value.secret) };
}

function requireCredential(state: KeystoneState, nowMs: number, reference: CredentialReference): AppCredential {
  const credential = findCredential(state, reference);
  if (credential === undefined) throw notFound("Application Credential", reference.id ?? reference.name ?? "");
  if (!matchesSecret(credential.secretHash, credential.id, reference.secret ?? "")) throw authenticationRequired();
  if (credential.expiresMs !== null && credential.expiresMs <= nowMs) throw authenticationRequired();
  if (!state.users.get(credential.userId)?.enabled) throw authenticationRequired();
  return credential;
}

function findCredential(state: KeystoneState, { id, name = "", user: owner }: CredentialReference) {
  if (id !== undefined) return state.appCredentials.get(id);
  if (owner === undefined) throw missingAttribute("user", "application_credential");
  const user = findUser(state, owner);
  if (user === undefined) throw authenticationRequired();
  return state.appCredentials.get(idByName(state, "appcred", user.id, name) ?? "");
}
