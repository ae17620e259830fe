import type { HttpReply, Route } from "../../kernel/index.ts";
import { AclError, checkLookup } from "../state/acl-reads.ts";
import type { AuthMethodRow } from "../state/acl-rows.ts";
import { type ConsulCall, type ConsulSim, decodeBody } from "../wire/call.ts";
import { durationText } from "../wire/duration.ts";
import { compileFilter } from "../wire/filter/filter.ts";
import { FAILED, FilterError } from "../wire/filter/parse.ts";
import type { FilterType } from "../wire/filter/types.ts";
import { answerAtOnce } from "../wire/handler.ts";
import { JsonError, parseJson } from "../wire/json/parse.ts";
import { ANY, DURATION, lax, listOf, mapOf, STRING, structOf } from "../wire/json/shape.ts";
import { answerRead, type ReadResult } from "../wire/read.ts";
import { deny, HttpError, refuseBadRequest, refuseInternally, refuseNotSimulated } from "../wire/refusal.ts";
import { decodeAclBody, missingDeletion, missingRead, requireAclRight, whenEnabled } from "./acl-base.ts";

const METHOD = structOf("structs.ACLAuthMethod", {
  Name: STRING,
  Type: STRING,
  DisplayName: STRING,
  Description: STRING,
  MaxTokenTTL: DURATION,
  TokenLocality: STRING,
  Config: mapOf(ANY),
  CreateIndex: ANY,
  ModifyIndex: ANY,
});

const RULE = structOf("structs.ACLBindingRule", {
  ID: STRING,
  Description: STRING,
  AuthMethod: STRING,
  Selector: STRING,
  BindType: STRING,
  BindName: STRING,
  BindVars: structOf("structs.ACLTemplatedPolicyVariables", { Name: STRING }),
  CreateIndex: ANY,
  ModifyIndex: ANY,
});

function writeMethod(call: ConsulCall, name: string): HttpReply {
  const fields = decodeAclBody(call, METHOD, "AuthMethod");
  if (name !== "" && fields.Name && fields.Name !== name)
    refuseBadRequest("AuthMethod Name in URL and payload do not match");
  const { authMethods } = requireAclRight(call, "write");
  const { DisplayName, Description, MaxTokenTTL, TokenLocality } = fields;
  const row = authMethods.saveMethod(
    {
      Name: fields.Name || name,
      Type: fields.Type ?? "",
      ...(DisplayName && { DisplayName }),
      ...(Description && { Description }),
      ...(MaxTokenTTL && { MaxTokenTTL: durationText(MaxTokenTTL) }),
      ...(TokenLocality && { TokenLocality }),
      Config: fields.Config ?? null,
    },
    MaxTokenTTL ?? 0,
  );
  return call.json(row);
}

function readMethod(call: ConsulCall): ReadResult {
  if (call.rest === "") refuseBadRequest("Missing auth method name");
  const { authMethods } = requireAclRight(call, "read");
  const value = authMethods.method(call.rest);
  if (value === undefined) return missingRead(call, "auth method", authMethods.methodIndex);
  return { index: authMethods.methodIndex, value };
}

/** A method in a list: without its configuration. */
function methodStub({ Config: _config, ...stub }: AuthMethodRow): unknown {
  return stub;
}

function listMethods(call: ConsulCall): ReadResult {
  const { authMethods } = requireAclRight(call, "read");
  return { index: authMethods.methodIndex, value: authMethods.methods().map(methodStub) };
}

function removeMethod(call: ConsulCall): HttpReply {
  if (call.rest === "") refuseBadRequest("Missing auth method name");
  const { authMethods } = requireAclRight(call, "write");
  const known = authMethods.method(call.rest);
  if (known === undefined) return missingDeletion(call, "auth method");
  authMethods.deleteMethod(known);
  return call.json(true);
}

/** @throws AclError for a selector that can't be compiled */
function checkSelector(selector: string, variables: readonly string[]): void {
  const fields = Object.fromEntries(variables.map((name): [string, FilterType] => [name, "string"]));
  try {
    compileFilter(selector, fields);
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    throw new AclError(`invalid Binding Rule: Selector is invalid: ${error.message.replace(FAILED, "")}`);
  }
}

function writeRule(call: ConsulCall, id: string): HttpReply {
  const fields = decodeAclBody(call, RULE, "BindingRule");
  if (fields.ID && fields.ID !== id) refuseBadRequest("BindingRule ID in URL and payload do not match");
  const { authMethods } = requireAclRight(call, "write");
  const row = authMethods.saveRule(
    {
      ID: id,
      Description: fields.Description ?? "",
      AuthMethod: fields.AuthMethod ?? "",
      Selector: fields.Selector ?? "",
      BindType: fields.BindType ?? "",
      BindName: fields.BindName ?? "",
      ...(fields.BindVars && { BindVars: { Name: fields.BindVars.Name ?? "" } }),
    },
    checkSelector,
  );
  return call.json(row);
}

function readRule(call: ConsulCall): ReadResult {
  if (call.rest === "") refuseBadRequest("Missing binding rule ID");
  const { authMethods } = requireAclRight(call, "read");
  checkLookup("acl binding rule", call.rest);
  const value = authMethods.rule(call.rest);
  if (value === undefined) return missingRead(call, "binding rule", authMethods.ruleIndex);
  return { index: authMethods.ruleIndex, value };
}

function listRules(call: ConsulCall): ReadResult {
  const { authMethods } = requireAclRight(call, "read");
  const method = call.query.get("authmethod") ?? "";
  const rows = authMethods.rules().filter(({ AuthMethod }) => method === "" || AuthMethod === method);
  return { index: authMethods.ruleIndex, value: rows };
}

function removeRule(call: ConsulCall): HttpReply {
  if (call.rest === "") refuseBadRequest("Missing binding rule ID");
  const { authMethods } = requireAclRight(call, "write");
  checkLookup("acl binding rule", call.rest);
  const known = authMethods.rule(call.rest);
  if (known === undefined) return missingDeletion(call, "binding rule");
  authMethods.deleteRule(known);
  return call.json(true);
}

const LOGIN = lax(structOf("structs.ACLLoginParams", { AuthMethod: STRING, BearerToken: STRING, Meta: mapOf(STRING) }));

function login(call: ConsulCall): HttpReply {
  const { AuthMethod = "", BearerToken = "" } = decodeLogin(call);
  const method = call.datacenter().authMethods.method(AuthMethod);
  if (method === undefined) throw new HttpError(403, `ACL not found: auth method "${AuthMethod}" not found`);
  if (method.Type === "aws-iam") checkAwsToken(BearerToken);
  return refuseNotSimulated(`login by ${method.Type}`);
}

const decodeLogin = (
  call: ConsulCall,
): { readonly AuthMethod?: string | undefined; readonly BearerToken?: string | undefined } =>
  decodeBody(call, LOGIN, "Failed to decode request body: ");

/** A token of AWS is JSON. @throws HttpError 500 */
function checkAwsToken(token: string): void {
  try {
    parseJson(token);
  } catch (error) {
    if (error instanceof JsonError) refuseInternally(`invalid token: ${error.message}`);
    throw error;
  }
}

function logout(call: ConsulCall): HttpReply {
  if (call.token === "") throw new HttpError(401, "Supplied token does not exist");
  const { acl } = call.datacenter();
  const row = acl.tokenOf(call.token);
  if (row === undefined) throw new HttpError(403, "ACL not found");
  if (row.authMethod === "") deny(": token wasn't created via login");
  acl.dropToken(row);
  return call.json(true);
}

const REQUESTS = listOf(
  structOf("structs.ACLAuthorizationRequest", { Resource: STRING, Segment: STRING, Access: STRING }),
  "[]structs.ACLAuthorizationRequest",
);
const RESOURCES = [
  "acl",
  "agent",
  "event",
  "intention",
  "key",
  "keyring",
  "mesh",
  "node",
  "operator",
  "peering",
  "query",
  "service",
  "session",
];
const REQUESTS_MAX = 64;

/** Says which of several rights the caller has. */
export function authorize(call: ConsulCall): HttpReply {
  const authorizer = call.authorizer(call.datacenter());
  const asked = call.decode(REQUESTS, "Failed to decode request body: ") ?? [];
  if (asked.length > REQUESTS_MAX)
    refuseBadRequest(`Refusing to process more than ${REQUESTS_MAX} authorizations at once`);
  const views = asked.map(({ Resource = "", Segment = "", Access = "" }) => {
    if (!RESOURCES.includes(Resource)) refuseBadRequest(`Invalid ACL resource requested: "${Resource}"`);
    const Allow = Access === "write" ? authorizer.writes(Resource, Segment) : authorizer.reads(Resource, Segment);
    return { Resource, ...(Segment !== "" && { Segment }), Access, Allow };
  });
  return call.json(views);
}

/** `/v1/acl/auth-method…`, `/v1/acl/binding-rule…`, login and logout (Consul 1.22, "ACL Auth Methods", "ACL Binding Rules"). */
export const ACL_AUTH_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "PUT", path: "/v1/acl/auth-method", handler: answerAtOnce((call) => writeMethod(call, "")) },
  { method: "GET", path: "/v1/acl/auth-methods", handler: answerRead("index", listMethods) },
  ...["/v1/acl/auth-method/", "/v1/acl/auth-method/*rest"].flatMap((path) => [
    { method: "GET", path, handler: answerRead("index", readMethod) },
    { method: "PUT", path, handler: answerAtOnce((call) => writeMethod(call, call.rest)) },
    { method: "DELETE", path, handler: answerAtOnce(removeMethod) },
  ]),
  { method: "PUT", path: "/v1/acl/binding-rule", handler: answerAtOnce((call) => writeRule(call, "")) },
  { method: "GET", path: "/v1/acl/binding-rules", handler: answerRead("index", listRules) },
  ...["/v1/acl/binding-rule/", "/v1/acl/binding-rule/*rest"].flatMap((path) => [
    { method: "GET", path, handler: answerRead("index", readRule) },
    { method: "PUT", path, handler: answerAtOnce((call) => writeRule(call, call.rest)) },
    { method: "DELETE", path, handler: answerAtOnce(removeRule) },
  ]),
  { method: "POST", path: "/v1/acl/login", handler: answerAtOnce(login) },
  { method: "POST", path: "/v1/acl/logout", handler: answerAtOnce(logout) },
].map(whenEnabled);
