import type { HttpReply, Route } from "../../kernel/index.ts";
import {
  deletePolicy as dropPolicy,
  deleteToken as dropToken,
  savePolicy as storePolicy,
  saveToken as storeToken,
} from "../state/acl-1.8.ts";
import type { Datacenter } from "../behaviour/datacenter.ts";
import type { PolicyRow, TokenRow } from "../state/acl-rows.ts";
import { type ConsulCall, type ConsulSim, decodeBody } from "../wire/call.ts";
import { answerAtOnce, type ConsulHandler, textReply } from "../wire/handler.ts";
import { ANY, BOOL, lax, listOf, STRING, STRINGS, structOf } from "../wire/json/shape.ts";
import { answerRead, type ReadResult } from "../wire/read.ts";
import { deny, HttpError, refuseNotSimulated } from "../wire/refusal.ts";

const POLICY_LINK = lax(structOf("structs.ACLTokenPolicyLink", { ID: STRING, Name: STRING }));

const TOKEN = lax(
  structOf("structs.ACLToken", {
    AccessorID: STRING,
    SecretID: STRING,
    Description: STRING,
    Policies: listOf(POLICY_LINK, "[]structs.ACLTokenPolicyLink"),
    Roles: ANY,
    Local: BOOL,
  }),
);

const POLICY = lax(
  structOf("structs.ACLPolicy", { ID: STRING, Name: STRING, Description: STRING, Rules: STRING, Datacenters: STRINGS }),
);

const policyView = (row: PolicyRow): Readonly<Record<string, unknown>> => ({
  ID: row.id,
  Name: row.name,
  Description: row.description,
  Rules: row.rules,
  Hash: row.hash,
  CreateIndex: row.createIndex,
  ModifyIndex: row.modifyIndex,
});

function tokenView({ acl }: Datacenter, row: TokenRow, withSecret: boolean): Readonly<Record<string, unknown>> {
  const policies = row.policies.map((ID) => ({ ID, Name: acl.policy(ID)?.name ?? "" }));
  return {
    AccessorID: row.accessor,
    ...(withSecret && { SecretID: row.secret }),
    Description: row.description,
    ...(policies.length > 0 && { Policies: policies }),
    Local: row.local,
    CreateTime: new Date(row.createdMs).toISOString(),
    Hash: row.hash,
    CreateIndex: row.createIndex,
    ModifyIndex: row.modifyIndex,
  };
}

/** The datacenter, once the caller may read or write its ACLs. @throws HttpError 403 */
function requireAclRight(call: ConsulCall, access: "read" | "write"): Datacenter {
  const datacenter = call.datacenter();
  const authorizer = call.authorizer(datacenter);
  if (access === "write" ? !authorizer.writes("acl") : !authorizer.reads("acl")) deny();
  return datacenter;
}

function bootstrap(call: ConsulCall): HttpReply {
  const datacenter = call.datacenter();
  const at = datacenter.acl.bootstrappedAt;
  if (at > 0) deny(`: ACL bootstrap no longer allowed (reset index: ${at})`);
  return call.json(tokenView(datacenter, datacenter.acl.bootstrap(), true));
}

function saveToken(call: ConsulCall, accessor: string): HttpReply {
  const fields = decodeBody(call, TOKEN, "Bad request: Token decoding failed: ");
  if (fields.Roles !== undefined) refuseNotSimulated("ACL roles");
  const datacenter = requireAclRight(call, "write");
  const links = (fields.Policies ?? []).map(({ ID = "", Name = "" }) => ({ ID, Name }));
  const row = storeToken(datacenter.acl, {
    accessor: accessor || (fields.AccessorID ?? ""),
    secret: fields.SecretID ?? "",
    description: fields.Description ?? "",
    policies: links,
    local: fields.Local ?? false,
  });
  return call.json(tokenView(datacenter, row, true));
}

/** Reads of a token that doesn't exist are refused as if the caller's own were missing. */
function tokenResult(datacenter: Datacenter, row: TokenRow | undefined, withSecret: boolean): ReadResult {
  const index = datacenter.acl.tokenIndex;
  return row === undefined
    ? { index, reply: textReply(403, "ACL not found") }
    : { index, value: tokenView(datacenter, row, withSecret) };
}

function readOwnToken(call: ConsulCall): ReadResult {
  const datacenter = call.datacenter();
  // The anonymous token has no holder to ask for it.
  const row = call.token === "" ? undefined : datacenter.acl.tokenOf(call.token);
  return tokenResult(datacenter, row, true);
}

function readToken(call: ConsulCall): ReadResult {
  const datacenter = requireAclRight(call, "read");
  const isManager = call.authorizer(datacenter).writes("acl");
  return tokenResult(datacenter, datacenter.acl.token(call.rest), isManager);
}

function listTokens(call: ConsulCall): ReadResult {
  const datacenter = requireAclRight(call, "read");
  return {
    index: datacenter.acl.tokenIndex,
    value: datacenter.acl.tokens().map((row) => tokenView(datacenter, row, false)),
  };
}

function deleteToken(call: ConsulCall): HttpReply {
  dropToken(requireAclRight(call, "write").acl, call.rest);
  return call.json(true);
}

function savePolicy(call: ConsulCall, id: string): HttpReply {
  const fields = decodeBody(call, POLICY, "Bad request: Policy decoding failed: ");
  const { acl } = requireAclRight(call, "write");
  const row = storePolicy(acl, {
    id: id || (fields.ID ?? ""),
    name: fields.Name ?? "",
    description: fields.Description ?? "",
    rules: fields.Rules ?? "",
  });
  return call.json(policyView(row));
}

function listPolicies(call: ConsulCall): ReadResult {
  const { acl } = requireAclRight(call, "read");
  const value = acl.policies().map((row) => {
    const { Rules: _rules, ...rest } = policyView(row);
    return rest;
  });
  return { index: acl.policyIndex, value };
}

const readPolicyBy =
  (find: (datacenter: Datacenter, call: ConsulCall) => PolicyRow | undefined) =>
  (call: ConsulCall): ReadResult => {
    const datacenter = requireAclRight(call, "read");
    const row = find(datacenter, call);
    if (row === undefined) throw new HttpError(403, "ACL not found");
    return { index: datacenter.acl.policyIndex, value: policyView(row) };
  };

function deletePolicy(call: ConsulCall): HttpReply {
  dropPolicy(requireAclRight(call, "write").acl, call.rest);
  return call.json(true);
}

/** The answer of every endpoint while ACLs are off. */
const whenEnabled =
  (handler: ConsulHandler): ConsulHandler =>
  (sim, request) =>
    sim.agent.datacenter.acl.options.enabled ? handler(sim, request) : textReply(401, "ACL support disabled");

const refuseUnsimulated = (what: string): ConsulHandler => answerAtOnce(() => refuseNotSimulated(what));

const ROUTES: readonly (Route<ConsulSim> & { readonly handler: ConsulHandler })[] = [
  { method: "PUT", path: "/v1/acl/bootstrap", handler: answerAtOnce(bootstrap) },
  { method: "PUT", path: "/v1/acl/token", handler: answerAtOnce((call) => saveToken(call, "")) },
  { method: "GET", path: "/v1/acl/token/self", handler: answerRead("index", readOwnToken) },
  { method: "GET", path: "/v1/acl/token/*rest", handler: answerRead("index", readToken) },
  { method: "PUT", path: "/v1/acl/token/*rest", handler: answerAtOnce((call) => saveToken(call, call.rest)) },
  { method: "DELETE", path: "/v1/acl/token/*rest", handler: answerAtOnce(deleteToken) },
  { method: "GET", path: "/v1/acl/tokens", handler: answerRead("index", listTokens) },
  { method: "PUT", path: "/v1/acl/policy", handler: answerAtOnce((call) => savePolicy(call, "")) },
  {
    method: "GET",
    path: "/v1/acl/policy/name/*rest",
    handler: answerRead(
      "index",
      readPolicyBy(({ acl }, call) => acl.policyNamed(call.rest)),
    ),
  },
  {
    method: "GET",
    path: "/v1/acl/policy/*rest",
    handler: answerRead(
      "index",
      readPolicyBy(({ acl }, call) => acl.policy(call.rest)),
    ),
  },
  { method: "PUT", path: "/v1/acl/policy/*rest", handler: answerAtOnce((call) => savePolicy(call, call.rest)) },
  { method: "DELETE", path: "/v1/acl/policy/*rest", handler: answerAtOnce(deletePolicy) },
  { method: "GET", path: "/v1/acl/policies", handler: answerRead("index", listPolicies) },
  { method: "PUT", path: "/v1/acl/create", handler: refuseUnsimulated("legacy ACLs") },
  { method: "GET", path: "/v1/acl/list", handler: refuseUnsimulated("legacy ACLs") },
  { method: "GET", path: "/v1/acl/info/*rest", handler: refuseUnsimulated("legacy ACLs") },
  { method: "GET", path: "/v1/acl/rules/translate/*rest", handler: refuseUnsimulated("legacy ACLs") },
  { method: "GET", path: "/v1/acl/replication", handler: refuseUnsimulated("ACL replication") },
  { method: "GET", path: "/v1/acl/roles", handler: refuseUnsimulated("ACL roles") },
  { method: "GET", path: "/v1/acl/auth-methods", handler: refuseUnsimulated("ACL auth methods") },
  { method: "GET", path: "/v1/acl/binding-rules", handler: refuseUnsimulated("ACL binding rules") },
  { method: "POST", path: "/v1/acl/login", handler: refuseUnsimulated("ACL login") },
  { method: "POST", path: "/v1/acl/logout", handler: refuseUnsimulated("ACL logout") },
];

/** `/v1/acl/…` (Consul 1.8, "ACL HTTP API"). */
export const ACL_1_8_ROUTES: readonly Route<ConsulSim>[] = ROUTES.map((route) => ({
  ...route,
  handler: whenEnabled(route.handler),
}));
