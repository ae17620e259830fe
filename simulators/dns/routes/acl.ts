import type { HttpReply, Route } from "../../kernel/index.ts";
import type { Acl } from "../state/acl.ts";
import { checkLookup } from "../state/acl-reads.ts";
import type { TokenRow } from "../state/acl-rows.ts";
import { identityRules } from "../state/acl-templates.ts";
import { cloneToken, createToken, deleteToken, type GivenToken, tokensWith, updateToken } from "../state/acl-writes.ts";
import { isUuid, uuidError } from "../state/acl-policy-writes.ts";
import { type ConsulCall, type ConsulSim, decodeBody } from "../wire/call.ts";
import { answerAtOnce, textReply } from "../wire/handler.ts";
import { lax, STRING, structOf } from "../wire/json/shape.ts";
import { answerRead, type ReadResult } from "../wire/read.ts";
import { deny, HttpError, refuseBadRequest, refuseInternally } from "../wire/refusal.ts";
import {
  identitiesIn,
  linksIn,
  policyView,
  roleView,
  TOKEN,
  TOKEN_1_8,
  type TokenFields,
  tokenView,
} from "./acl-shapes.ts";
import { requireAclRight, missingDeletion, decodeAclBody, syntheticId, whenEnabled } from "./acl-base.ts";
import { writePolicy, listPolicies, readPolicy, readPolicyNamed, removePolicy } from "./acl-policies.ts";

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

/** A token of either release. @throws HttpError */
function decodeToken(call: ConsulCall): TokenFields {
  if (call.style.isToday) return decodeAclBody(call, TOKEN, "Token");
  const { Rules = "", Type: _type, ...fields } = decodeAclBody(call, TOKEN_1_8, "Token");
  if (Rules !== "") refuseInternally("Rules cannot be specified for this token");
  return fields;
}

function newToken(call: ConsulCall): HttpReply {
  const fields = decodeToken(call);
  const { acl } = requireAclRight(call, "write");
  const row = createToken(acl, tokenIn(fields, fields.AccessorID ?? ""), call.agent.kernel.nowMs);
  return call.json(tokenView(acl, row, true));
}

function writeToken(call: ConsulCall): HttpReply {
  if (call.rest.endsWith("/clone")) return copyToken(call, call.rest.slice(0, -"/clone".length));
  const fields = decodeToken(call);
  const accessor = fields.AccessorID || call.rest;
  if (accessor !== call.rest) refuseBadRequest("Token Accessor ID in URL and payload do not match");
  const { acl } = requireAclRight(call, "write");
  const given = tokenIn(fields, accessor);
  const row = accessor === "" ? createToken(acl, given, call.agent.kernel.nowMs) : updateToken(acl, given);
  return call.json(tokenView(acl, row, true));
}

const NO_TOKEN = "token does not exist: ACL not found";

function copyToken(call: ConsulCall, accessor: string): HttpReply {
  const fields = call.request.body.length === 0 ? refuseBadRequest("Token decoding failed: EOF") : decodeToken(call);
  const { acl } = requireAclRight(call, "write");
  const token = acl.token(accessor);
  if (token === undefined) throw new HttpError(403, NO_TOKEN);
  return call.json(tokenView(acl, cloneToken(acl, token, fields.Description ?? ""), true));
}

function missingToken(call: ConsulCall, index: number): ReadResult {
  if (!call.style.isToday) return { index, reply: textReply(403, "ACL not found") };
  throw new HttpError(403, NO_TOKEN);
}

function readOwnToken(call: ConsulCall): ReadResult {
  const { acl } = call.datacenter();
  // The anonymous token has no holder to ask for it.
  const row = call.token === "" ? undefined : acl.tokenOf(call.token);
  return row === undefined
    ? missingToken(call, acl.tokenIndex)
    : { index: acl.tokenIndex, value: tokenView(acl, row, true) };
}

function readToken(call: ConsulCall): ReadResult {
  if (call.rest === "") refuseBadRequest("Missing token AccessorID");
  const datacenter = requireAclRight(call, "read");
  const { acl } = datacenter;
  checkLookup("acl token", call.rest);
  const row = acl.token(call.rest);
  if (row === undefined) return missingToken(call, acl.tokenIndex);
  const view = tokenView(acl, row, call.authorizer(datacenter).writes("acl"));
  return {
    index: acl.tokenIndex,
    value: call.query.has("expanded") ? { ...view, ...expansion(call, acl, row) } : view,
  };
}

/** The effective rights of a token on this agent. */
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
  const expanded = [...policies.map(policyView), ...synthetic];
  return {
    ExpandedPolicies: expanded.length === 0 ? null : expanded,
    ExpandedRoles: roles.length === 0 ? null : roles.map((role) => roleView(acl, role)),
    NamespaceDefaultPolicyIDs: null,
    NamespaceDefaultRoleIDs: null,
    ...(call.style.isToday && agentView(call)),
  };
}

/** What an agent adds to the rights of a token. */
const agentView = (call: ConsulCall): Readonly<Record<string, unknown>> => ({
  AgentACLDefaultPolicy: call.agent.options.config.acl?.default_policy ?? "allow",
  AgentACLDownPolicy: call.agent.options.config.acl?.down_policy ?? "extend-cache",
  ResolvedByAgent: call.agent.name,
});

/** Tokens as 1.8 lists them: without their secrets, and none for an id that is no UUID. */
function olderTokens(call: ConsulCall, acl: Acl): readonly unknown[] {
  const [policy, role] = ["policy", "role"].map((name) => call.query.get(name) ?? "");
  const [authMethod, service] = [call.query.get("authmethod") ?? "", ""];
  if ([policy, role].some((id) => id !== "" && id?.length !== 36)) return [];
  return tokensWith(acl, { policy: policy ?? "", role: role ?? "", authMethod, service }).map((row) => {
    const { SecretID: _secret, ...view } = tokenView(acl, row, false);
    return view;
  });
}

function listTokens(call: ConsulCall): ReadResult {
  if ((call.query.get("authmethod-ns") ?? "") !== "")
    refuseBadRequest('Invalid query parameter: "authmethod-ns" - Namespaces are a Consul Enterprise feature');
  const datacenter = requireAclRight(call, "read");
  const { acl } = datacenter;
  const isManager = call.authorizer(datacenter).writes("acl");
  if (!call.style.isToday) return { index: acl.tokenIndex, value: olderTokens(call, acl) };
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
  if (!deleteToken(acl, call.rest, call.token)) return missingDeletion(call, "token");
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
  const { LastErrorMessage, ...older } = REPLICATION;
  return call.json(call.style.isToday ? { ...older, LastErrorMessage } : older);
}

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
