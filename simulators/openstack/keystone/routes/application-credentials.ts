import { empty, type HttpReply, json } from "../../../kernel/index.ts";
import { Refusal } from "../../refusal.ts";
import type { ValueOf } from "../../schema/index.ts";
import { bindRoutes, type RequestContext, type OpenStackRoute } from "../../service.ts";
import { removeAppCredential } from "../behaviour/application-credentials.ts";
import type { Keystone } from "../behaviour/tokens.ts";
import type { AccessRule, AppCredential, Role } from "../state/entities.ts";
import { nameKey } from "../state/names.ts";
import { effectiveRoles } from "../state/roles.ts";
import { hashSecret } from "../state/secrets.ts";
import type { KeystoneState } from "../state/state.ts";
import { checkBody, readBody } from "../wire/body.ts";
import { crash } from "../wire/crash.ts";
import { badRequest, conflict, forbiddenAction, MALFORMED, notFound } from "../wire/errors.ts";
import { listReply, rootOf } from "../wire/links.ts";
import { requireSelf } from "../wire/policy.ts";
import { BOOLEAN, DELEGATED_ROLES, ID, nameSchema, NULL_OR_TEXT, NULLABLE_TEXT } from "../wire/schema-parts.ts";
import { ruleView } from "./access-rules.ts";
import { newId } from "./attributes.ts";
import { roleView } from "./roles.ts";

const ACCESS_RULES = {
  type: "array",
  items: {
    type: "object",
    properties: {
      path: { type: "string", minLength: 0, maxLength: 225, pattern: "^\\/.*" },
      method: { type: "string", pattern: "^(POST|GET|HEAD|PATCH|PUT|DELETE)$" },
      service: ID,
      id: ID,
    },
    additionalProperties: false,
  },
} as const;

/** keystone, `application_credential/schema.py`. */
const APP_CREDENTIAL = {
  type: "object",
  properties: {
    name: nameSchema(255),
    description: NULLABLE_TEXT,
    secret: NULL_OR_TEXT,
    expires_at: NULL_OR_TEXT,
    roles: DELEGATED_ROLES,
    unrestricted: BOOLEAN,
    access_rules: ACCESS_RULES,
  },
  required: ["name"],
  additionalProperties: true,
} as const;
type CredentialBody = ValueOf<typeof APP_CREDENTIAL>;

const PATH = "/v3/users/:user/application_credentials";

/** Application credentials (Identity API v3): secrets by which a program acts as its user on one project. */
export const applicationCredentialRoutes = (keystone: Keystone): readonly OpenStackRoute[] =>
  bindRoutes(keystone, [
    ["GET", PATH, listCredentials],
    ["POST", PATH, createCredential],
    ["GET", `${PATH}/:id`, showCredential],
    ["DELETE", `${PATH}/:id`, removeCredential],
  ]);

function requireCredential({ state }: Keystone, { params: { id = "" } }: RequestContext): AppCredential {
  const credential = state.appCredentials.get(id);
  if (credential === undefined) throw notFound("Application Credential", id);
  return credential;
}

function listCredentials({ state }: Keystone, context: RequestContext): HttpReply {
  requireSelf(context, "list_application_credentials");
  const name = context.query.get("name");
  const credentials = [...state.appCredentials.values()]
    .filter(({ userId }) => userId === context.params.user)
    .filter((credential) => name === null || credential.name === name);
  return listReply(
    context,
    "application_credentials",
    credentials.map((credential) => view(state, context, credential)),
  );
}

function showCredential(keystone: Keystone, context: RequestContext): HttpReply {
  requireSelf(context, "get_application_credential");
  const credential = requireCredential(keystone, context);
  return json(200, { application_credential: view(keystone.state, context, credential) });
}

function removeCredential(keystone: Keystone, context: RequestContext): HttpReply {
  requireSelf(context, "delete_application_credential");
  refuseRestricted(keystone.state, context);
  const { id } = requireCredential(keystone, context);
  removeAppCredential(keystone.state, id);
  keystone.cloud.kernel.record("keystone", "application_credential.delete", id);
  return empty(204);
}

/** A token made from a restricted credential may not manage credentials. @throws Refusal 403 */
function refuseRestricted(state: KeystoneState, { actor }: RequestContext): void {
  const used = state.appCredentials.get(state.tokens.get(actor.token)?.appCredentialId ?? "");
  if (used === undefined || used.isUnrestricted) return;
  const method =
    "Using method 'application_credential' is not allowed for managing additional application credentials.";
  throw forbiddenAction(method);
}

function createCredential(keystone: Keystone, context: RequestContext): HttpReply {
  const { state, cloud } = keystone;
  const { actor } = context;
  const given = readBody(context).application_credential ?? {};
  if (actor.userId !== context.params.user) throw forbiddenAction("identity:create_application_credential");
  const body = checkBody(APP_CREDENTIAL, given);
  refuseRestricted(state, context);
  if (actor.projectId === "") throw badRequest("Application credentials need a token that is scoped to a project.");
  const { name } = body;
  const key = nameKey("appcred", actor.userId, name);
  const roleIds = chooseRoles(state, context, body.roles ?? []);
  const expiresMs = parseExpiry(body.expires_at ?? null, keystone.tokens.nowMs);
  const rules = body.access_rules?.map((asked) => accessRuleFor(keystone, context, asked));
  if (state.names.has(key)) throw conflict("application_credential", `Duplicate entry found with name ${name}`);
  for (const rule of rules ?? []) state.accessRules.set(rule.id, rule);
  const accessRuleIds = rules?.map(({ id }) => id);
  const { credential, secret } = makeCredential(keystone, context, body, { roleIds, expiresMs, accessRuleIds });
  state.appCredentials.set(credential.id, credential);
  state.names.set(key, credential.id);
  cloud.kernel.record("keystone", "application_credential.create", credential.id, { name, user: actor.userId });
  return json(201, { application_credential: { ...view(state, context, credential), secret } });
}

function makeCredential(
  { cloud }: Keystone,
  context: RequestContext,
  body: CredentialBody,
  {
    accessRuleIds,
    ...chosen
  }: Pick<AppCredential, "roleIds" | "expiresMs"> & {
    readonly accessRuleIds: readonly string[] | undefined;
  },
): { readonly credential: AppCredential; readonly secret: string } {
  const { userId, projectId } = context.actor;
  const id = newId(cloud);
  const secret = body.secret ?? Buffer.from(cloud.secrets("keystone").bytes(64)).toString("base64url");
  const credential: AppCredential = {
    id,
    name: body.name,
    userId,
    projectId,
    secretHash: hashSecret(id, secret),
    description: body.description ?? null,
    isUnrestricted: body.unrestricted === true,
    ...chosen,
    ...(accessRuleIds !== undefined && { accessRuleIds }),
  };
  return { credential, secret };
}

/** Milliseconds, with microseconds after the point, to which this time is exact. @throws Refusal 400 */
function parseExpiry(value: string | null, nowMs: number): number | null {
  if (value === null) return null;
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(value);
  const ms = isTime ? Date.parse(/Z|[+-]\d\d:?\d\d$/.test(value) ? value : `${value}Z`) : Number.NaN;
  if (Number.isNaN(ms)) throw badRequest(`Timestamp not in expected format. ${MALFORMED}`);
  if (ms <= nowMs) throw badRequest(`The 'expires_at' must not be before now. ${MALFORMED}`);
  const micros = (/\.\d{3}(\d{1,3})/.exec(value)?.[1] ?? "").padEnd(3, "0");
  return ms + Number(micros) / 1000;
}

function formatExpiry(ms: number): string {
  const micros = Math.round((ms % 1000) * 1000);
  return `${new Date(ms).toISOString().slice(0, 19)}.${String(micros).padStart(6, "0")}`;
}

/** The caller's rule with this id, or one that says the same, or a new one. @throws Refusal 404, 500 */
function accessRuleFor(
  { state, cloud }: Keystone,
  context: RequestContext,
  { id, service, path, method }: NonNullable<CredentialBody["access_rules"]>[number],
): AccessRule {
  const { userId } = context.actor;
  const own = [...state.accessRules.values()].filter((rule) => rule.userId === userId);
  if (id !== undefined) {
    const known = own.find((rule) => rule.id === id);
    if (known === undefined) throw notFound("Access Rule", id);
    return known;
  }
  if (service === undefined || path === undefined || method === undefined) return crash(context, []);
  const same = own.find((rule) => rule.service === service && rule.path === path && rule.method === method);
  return same ?? { id: newId(cloud), userId, service, path, method };
}

const rulesOf = (state: KeystoneState, { accessRuleIds = [] }: AppCredential): readonly AccessRule[] =>
  accessRuleIds.flatMap((id) => state.accessRules.get(id) ?? []);

/** The roles asked for, by id or name; by default all that the caller holds. @throws Refusal 400, 404 */
function chooseRoles(
  state: KeystoneState,
  { actor }: RequestContext,
  asked: NonNullable<CredentialBody["roles"]>,
): readonly string[] {
  const held = effectiveRoles(state, actor.userId, `project:${actor.projectId}`);
  if (asked.length === 0) return held.map(({ id }) => id);
  return asked.map(({ id, name }) => {
    const isMeant = (each: Role): boolean => each[id === undefined ? "name" : "id"] === (id ?? name);
    const role = held.find(isMeant);
    if (role !== undefined) return role.id;
    if (id === undefined && !state.roles.values().some(isMeant))
      throw new Refusal(404, "", `Role ${name} is not defined`);
    throw badRequest("Invalid application credential: Cannot create an application credential with unassigned role");
  });
}

function view(state: KeystoneState, context: RequestContext, credential: AppCredential): object {
  const roles = credential.roleIds.flatMap((id) => state.roles.get(id) ?? []);
  return {
    id: credential.id,
    name: credential.name,
    description: credential.description,
    user_id: credential.userId,
    project_id: credential.projectId,
    system: null,
    expires_at: credential.expiresMs === null ? null : formatExpiry(credential.expiresMs),
    unrestricted: credential.isUnrestricted || null,
    roles: roles.map(roleView),
    ...(credential.accessRuleIds !== undefined && { access_rules: rulesOf(state, credential).map(ruleView) }),
    links: { self: `${rootOf(context)}/application_credentials/${credential.id}` },
  };
}
