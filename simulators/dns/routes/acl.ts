import type { HttpReply, Route } from "../../kernel/index.ts";
import type { Datacenter } from "../behaviour/datacenter.ts";
import type { Acl } from "../state/acl.ts";
import type { TokenRow } from "../state/acl-rows.ts";
import { identityRules } from "../state/acl-templates.ts";
import {
  cloneToken,
  createToken,
  deletePolicy,
  deleteToken,
  type GivenToken,
  isUuid,
  savePolicy,
  tokensWith,
  updateToken,
  uuidError,
} from "../state/acl-writes.ts";
import { type ConsulCall, type ConsulSim, decodeBody } from "../wire/call.ts";
import { answerAtOnce, type ConsulHandler, textReply } from "../wire/handler.ts";
import { ANY, lax, STRING, STRINGS, structOf } from "../wire/json/shape.ts";
import { answerRead, type ReadResult } from "../wire/read.ts";
import { deny, HttpError, refuseBadRequest, refuseInternally } from "../wire/refusal.ts";
import {
  identitiesIn,
  linksIn,
  policyStub,
  policyView,
  roleView,
  TOKEN,
  type TokenFields,
  tokenView,
} from "./acl-shapes.ts";

const POLICY = structOf("structs.ACLPolicy", {
  ID: STRING,
  Name: STRING,
  Description: STRING,
  Rules: STRING,
  Datacenters: STRINGS,
  Hash: ANY,
  CreateIndex: ANY,
  ModifyIndex: ANY,
});

/** The datacenter, once the caller may read or write its ACLs. @throws HttpError 403 */
export function requireAclRight(call: ConsulCall, access: "read" | "write"): Datacenter {
  call.refuseEnterprise();
  const datacenter = call.datacenter();
  call.require(call.authorizer(datacenter), "acl", access);
  return datacenter;
}

/** What is missing, at a read. @throws HttpError 404 */
export const refuseUnknown = (what: string): never => {
  throw new HttpError(404, `Requested ${what} does not exist: ACL not found`);
};

/** What is missing, at a deletion. @throws HttpError 404 */
export const refuseDeletion = (what: string): never => {
  throw new HttpError(404, `Cannot find ${what} to delete`);
};

/** A body, with the words that today's release has for namespaces. @throws HttpError 400 */
export function decodeAclBody<const S extends Parameters<typeof decodeBody>[1]>(
  call: ConsulCall,
  shape: S,
  what: string,
): ReturnType<typeof decodeBody<S["fields"]>> {
  try {
    return decodeBody(call, shape, `${what} decoding failed: `);
  } catch (error) {
    if (error instanceof HttpError && error.message.endsWith('json: unknown field "Namespace"'))
      return refuseBadRequest(`${error.message} - Namespaces are a Consul Enterprise feature`);
    throw error;
  }
}

const BOOTSTRAP = lax(structOf("api.BootstrapRequest", { BootstrapSecret: STRING }));

function bootstrap(call: ConsulCall): HttpReply {
  const fields = call.request.body.length === 0 ? {} : decodeBody(call, BOOTSTRAP, "Request decoding failed: ");
  const datacenter = call.datacenter();
  const at = datacenter.acl.bootstrappedAt;
  if (at > 0) deny(`: ACL bootstrap no longer allowed (reset index: ${at})`);
  const { BootstrapSecret: secret = "" } = fields;
  if (secret !== "" && !isUuid(secret)) refuseInternally(uuidError(secret));
  const row = datacenter.acl.bootstrap(secret || undefined);
  return call.json({ ID: row.secret, ...tokenView(datacenter.acl, row, true) });
}

function tokenIn(fields: TokenFields, accessor: string): GivenToken {
  const given = fields.ExpirationTime ?? "";
  const expiresMs = given === "" ? undefined : Date.parse(given);
  if (Number.isNaN(expiresMs))
    refuseBadRequest(
      `Token decoding failed: parsing time "${given}" as "2006-01-02T15:04:05Z07:00": cannot parse "${given}" as "2006"`,
    );
  return {
    accessor,
    secret: fields.SecretID ?? "",
    description: fields.Description ?? "",
    policies: linksIn(fields.Policies),
    roles: linksIn(fields.Roles),
    identities: identitiesIn(fields),
    local: fields.Local ?? false,
    authMethod: fields.AuthMethod ?? "",
    expiresMs,
    ttlNs: fields.ExpirationTTL ?? 0,
  };
}

function newToken(call: ConsulCall): HttpReply {
  const fields = decodeAclBody(call, TOKEN, "Token");
  const { acl } = requireAclRight(call, "write");
  const row = createToken(acl, tokenIn(fields, fields.AccessorID ?? ""), call.agent.kernel.nowMs);
  return call.json(tokenView(acl, row, true));
}

function writeToken(call: ConsulCall): HttpReply {
  if (call.rest.endsWith("/clone")) return copyToken(call, call.rest.slice(0, -"/clone".length));
  const fields = decodeAclBody(call, TOKEN, "Token");
  const accessor = fields.AccessorID || call.rest;
  if (accessor !== call.rest) refuseBadRequest("Token Accessor ID in URL and payload do not match");
  const { acl } = requireAclRight(call, "write");
  const given = tokenIn(fields, accessor);
  const row = accessor === "" ? createToken(acl, given, call.agent.kernel.nowMs) : updateToken(acl, given);
  return call.json(tokenView(acl, row, true));
}

const NO_TOKEN = "token does not exist: ACL not found";

function copyToken(call: ConsulCall, accessor: string): HttpReply {
  const fields =
    call.request.body.length === 0
      ? refuseBadRequest("Token decoding failed: EOF")
      : decodeAclBody(call, TOKEN, "Token");
  const { acl } = requireAclRight(call, "write");
  const token = acl.token(accessor);
  if (token === undefined) throw new HttpError(403, NO_TOKEN);
  return call.json(tokenView(acl, cloneToken(acl, token, fields.Description ?? ""), true));
}

const missingToken = (): ReadResult => {
  throw new HttpError(403, NO_TOKEN);
};

function readOwnToken(call: ConsulCall): ReadResult {
  const { acl } = call.datacenter();
  // The anonymous token has no holder to ask for it.
  const row = call.token === "" ? undefined : acl.tokenOf(call.token);
  return row === undefined ? missingToken() : { index: acl.tokenIndex, value: tokenView(acl, row, true) };
}

function readToken(call: ConsulCall): ReadResult {
  if (call.rest === "") refuseBadRequest("Missing token AccessorID");
  const datacenter = requireAclRight(call, "read");
  const { acl } = datacenter;
  const row = acl.token(call.rest);
  if (row === undefined) return missingToken();
  const view = tokenView(acl, row, call.authorizer(datacenter).writes("acl"));
  return {
    index: acl.tokenIndex,
    value: call.query.has("expanded") ? { ...view, ...expansion(call, acl, row) } : view,
  };
}

/** What a token amounts to on this agent. */
function expansion(call: ConsulCall, acl: Acl, row: TokenRow): Readonly<Record<string, unknown>> {
  const { policies, roles, identities } = acl.expand(row);
  const synthetic = identities
    .flatMap((each) => [...identityRules(each)])
    .map(({ rules, template, datacenters }) => {
      const id = syntheticId(rules);
      return {
        ID: id,
        Name: `synthetic-policy-${id}`,
        Description: `synthetic policy generated from templated policy: ${template}`,
        Rules: rules,
        ...(datacenters && { Datacenters: datacenters }),
        Hash: "",
        CreateIndex: 0,
        ModifyIndex: 0,
      };
    });
  return {
    ExpandedPolicies: [...policies.map(policyView), ...synthetic],
    ExpandedRoles: roles.length === 0 ? null : roles.map((role) => roleView(acl, role)),
    NamespaceDefaultPolicyIDs: null,
    NamespaceDefaultRoleIDs: null,
    AgentACLDefaultPolicy: call.agent.options.config.acl?.default_policy ?? "allow",
    AgentACLDownPolicy: call.agent.options.config.acl?.down_policy ?? "extend-cache",
    ResolvedByAgent: call.agent.name,
  };
}

/** Consul appends the hash of nothing to the text, and prints both: FNV-1a over 128 bits, its offset basis. */
export const syntheticId = (rules: string): string =>
  `${Buffer.from(rules, "utf8").toString("hex")}6c62272e07bb014262b821756295c58d`;

function listTokens(call: ConsulCall): ReadResult {
  if ((call.query.get("authmethod-ns") ?? "") !== "")
    refuseBadRequest('Invalid query parameter: "authmethod-ns" - Namespaces are a Consul Enterprise feature');
  const datacenter = requireAclRight(call, "read");
  const { acl } = datacenter;
  const isManager = call.authorizer(datacenter).writes("acl");
  const rows = tokensWith(acl, {
    policy: call.query.get("policy") ?? "",
    role: call.query.get("role") ?? "",
    authMethod: call.query.get("authmethod") ?? "",
    service: call.query.get("servicename") ?? "",
  });
  return { index: acl.tokenIndex, value: rows.map((row) => tokenView(acl, row, isManager)) };
}

function removeToken(call: ConsulCall): HttpReply {
  if (call.rest === "") refuseBadRequest("Missing token AccessorID");
  const { acl } = requireAclRight(call, "write");
  if (!deleteToken(acl, call.rest, call.token)) refuseDeletion("token");
  return call.json(true);
}

function writePolicy(call: ConsulCall, id: string, isNew: boolean): HttpReply {
  const fields = decodeAclBody(call, POLICY, "Policy");
  const { ID: given = "" } = fields;
  if (isNew && given !== "") refuseBadRequest("Cannot specify the ID when creating a new policy");
  if (!isNew && given !== "" && given !== id) refuseBadRequest("Policy ID in URL and payload do not match");
  const { acl } = requireAclRight(call, "write");
  const row = savePolicy(acl, {
    id,
    name: fields.Name ?? "",
    description: fields.Description ?? "",
    rules: fields.Rules ?? "",
    datacenters: fields.Datacenters ?? null,
  });
  return call.json(policyView(row));
}

function listPolicies(call: ConsulCall): ReadResult {
  const { acl } = requireAclRight(call, "read");
  return { index: acl.policyIndex, value: acl.policies().map(policyStub) };
}

function readPolicy(call: ConsulCall): ReadResult {
  if (call.rest === "") refuseBadRequest("Missing policy ID");
  const { acl } = requireAclRight(call, "read");
  return { index: acl.policyIndex, value: policyView(acl.policy(call.rest) ?? refuseUnknown("policy")) };
}

function readPolicyNamed(call: ConsulCall): ReadResult {
  if (call.rest === "") refuseBadRequest("Missing policy Name");
  const { acl } = requireAclRight(call, "read");
  return { index: acl.policyIndex, value: policyView(acl.policyNamed(call.rest) ?? refuseUnknown("policy")) };
}

function removePolicy(call: ConsulCall): HttpReply {
  if (call.rest === "") refuseBadRequest("Missing policy ID");
  const { acl } = requireAclRight(call, "write");
  if (!deletePolicy(acl, call.rest)) refuseDeletion("policy");
  return call.json(true);
}

const REPLICATION = {
  Enabled: false,
  Running: false,
  SourceDatacenter: "",
  ReplicationType: "",
  ReplicatedIndex: 0,
  ReplicatedRoleIndex: 0,
  ReplicatedTokenIndex: 0,
  LastSuccess: "0001-01-01T00:00:00Z",
  LastError: "0001-01-01T00:00:00Z",
  LastErrorMessage: "",
};

function readReplication(call: ConsulCall): HttpReply {
  call.datacenter();
  return call.json(REPLICATION);
}

/** The answer of every endpoint while ACLs are off. */
export const whenEnabled = (route: Route<ConsulSim> & { readonly handler: ConsulHandler }): Route<ConsulSim> => ({
  ...route,
  handler: (sim, request) =>
    sim.agent.datacenter.acl.options.enabled ? route.handler(sim, request) : textReply(401, "ACL support disabled"),
});

/** `/v1/acl/…`: tokens and policies (Consul 1.22, "ACL HTTP API"). */
export const ACL_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "PUT", path: "/v1/acl/bootstrap", handler: answerAtOnce(bootstrap) },
  { method: "GET", path: "/v1/acl/replication", handler: answerAtOnce(readReplication) },
  { method: "PUT", path: "/v1/acl/token", handler: answerAtOnce(newToken) },
  { method: "GET", path: "/v1/acl/token/self", handler: answerRead("index", readOwnToken) },
  ...["/v1/acl/token/", "/v1/acl/token/*rest"].flatMap((path) => [
    { method: "GET", path, handler: answerRead("index", readToken) },
    { method: "PUT", path, handler: answerAtOnce(writeToken) },
    { method: "DELETE", path, handler: answerAtOnce(removeToken) },
  ]),
  { method: "GET", path: "/v1/acl/tokens", handler: answerRead("index", listTokens) },
  { method: "PUT", path: "/v1/acl/policy", handler: answerAtOnce((call) => writePolicy(call, "", true)) },
  ...["/v1/acl/policy/name/", "/v1/acl/policy/name/*rest"].map((path) => ({
    method: "GET",
    path,
    handler: answerRead("index", readPolicyNamed),
  })),
  ...["/v1/acl/policy/", "/v1/acl/policy/*rest"].flatMap((path) => [
    { method: "GET", path, handler: answerRead("index", readPolicy) },
    { method: "PUT", path, handler: answerAtOnce((call) => writePolicy(call, call.rest, false)) },
    { method: "DELETE", path, handler: answerAtOnce(removePolicy) },
  ]),
  { method: "GET", path: "/v1/acl/policies", handler: answerRead("index", listPolicies) },
].map(whenEnabled);
