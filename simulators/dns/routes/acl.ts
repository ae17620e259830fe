import type { HttpReply, Route } from "../../kernel/index.ts";
import { str } from "../behaviour/definitions.ts";
import type { Datacenter } from "../behaviour/datacenter.ts";
import { ANY, BOOL, type Fields, STRING, STRINGS, type Struct } from "../wire/json/decode.ts";
import type { PolicyRow, TokenRow } from "../state/acl.ts";
import {
  type ConsulCall,
  decodeBody,
  deny,
  type ReadResult,
  type ConsulHandler,
  HttpError,
  refuseNotSimulated,
  answerAtOnce,
  answerRead,
  type ConsulSim,
} from "../wire/frame.ts";

const LINK: Struct = {
  kind: "struct",
  name: "ACLTokenPolicyLink",
  go: "structs.ACLTokenPolicyLink",
  fields: { ID: STRING, Name: STRING },
  lax: true,
};

const TOKEN: Struct = {
  kind: "struct",
  name: "ACLToken",
  go: "structs.ACLToken",
  lax: true,
  fields: {
    AccessorID: STRING,
    SecretID: STRING,
    Description: STRING,
    Policies: { kind: "list", of: LINK, go: "[]structs.ACLTokenPolicyLink" },
    Roles: ANY,
    Local: BOOL,
  },
};

const POLICY: Struct = {
  kind: "struct",
  name: "ACLPolicy",
  go: "structs.ACLPolicy",
  lax: true,
  fields: { ID: STRING, Name: STRING, Description: STRING, Rules: STRING, Datacenters: STRINGS },
};

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
  const links = ((fields.Policies as readonly Fields[] | undefined) ?? []).map((link) => ({
    ID: str(link, "ID"),
    Name: str(link, "Name"),
  }));
  const row = datacenter.acl.saveToken({
    accessor: accessor || str(fields, "AccessorID"),
    secret: str(fields, "SecretID"),
    description: str(fields, "Description"),
    policies: links,
    local: fields.Local === true,
  });
  return call.json(tokenView(datacenter, row, true));
}

/** Reads of a token that is not there are refused as if the caller's own were missing. */
function tokenFound(datacenter: Datacenter, row: TokenRow | undefined, withSecret: boolean): ReadResult {
  const index = datacenter.acl.tokenIndex;
  if (row !== undefined) return { index, value: tokenView(datacenter, row, withSecret) };
  const headers = { "Content-Type": "text/plain; charset=utf-8" };
  return { index, reply: { status: 403, headers, body: "ACL not found" } };
}

function self(call: ConsulCall): ReadResult {
  const datacenter = call.datacenter();
  // The anonymous token has no holder who could ask for itself.
  const row = call.token === "" ? undefined : datacenter.acl.tokenOf(call.token);
  return tokenFound(datacenter, row, true);
}

function token(call: ConsulCall): ReadResult {
  const datacenter = requireAclRight(call, "read");
  const isManager = call.authorizer(datacenter).writes("acl");
  return tokenFound(datacenter, datacenter.acl.token(call.rest), isManager);
}

function tokens(call: ConsulCall): ReadResult {
  const datacenter = requireAclRight(call, "read");
  return {
    index: datacenter.acl.tokenIndex,
    value: datacenter.acl.tokens().map((row) => tokenView(datacenter, row, false)),
  };
}

function deleteToken(call: ConsulCall): HttpReply {
  requireAclRight(call, "write").acl.deleteToken(call.rest);
  return call.json(true);
}

function savePolicy(call: ConsulCall, id: string): HttpReply {
  const fields = decodeBody(call, POLICY, "Bad request: Policy decoding failed: ");
  const { acl } = requireAclRight(call, "write");
  const row = acl.savePolicy({
    id: id || str(fields, "ID"),
    name: str(fields, "Name"),
    description: str(fields, "Description"),
    rules: str(fields, "Rules"),
  });
  return call.json(policyView(row));
}

function policies(call: ConsulCall): ReadResult {
  const { acl } = requireAclRight(call, "read");
  const value = acl.policies().map((row) => {
    const { Rules: _rules, ...rest } = policyView(row);
    return rest;
  });
  return { index: acl.policyIndex, value };
}

const policyBy =
  (find: (datacenter: Datacenter, call: ConsulCall) => PolicyRow | undefined) =>
  (call: ConsulCall): ReadResult => {
    const datacenter = requireAclRight(call, "read");
    const row = find(datacenter, call);
    if (row === undefined) throw new HttpError(403, "ACL not found");
    return { index: datacenter.acl.policyIndex, value: policyView(row) };
  };

function deletePolicy(call: ConsulCall): HttpReply {
  requireAclRight(call, "write").acl.deletePolicy(call.rest);
  return call.json(true);
}

/** Every endpoint says so while ACLs are off. */
const whenEnabled =
  (handler: ConsulHandler): ConsulHandler =>
  (sim, request) => {
    if (sim.agent.datacenter.acl.options.enabled) return handler(sim, request);
    return { status: 401, headers: { "Content-Type": "text/plain; charset=utf-8" }, body: "ACL support disabled" };
  };

const refuseUnsimulated = (what: string): ConsulHandler => answerAtOnce(() => refuseNotSimulated(what));

const ROUTES: readonly Route<ConsulSim>[] = [
  { method: "PUT", path: "/v1/acl/bootstrap", handler: answerAtOnce(bootstrap) },
  { method: "PUT", path: "/v1/acl/token", handler: answerAtOnce((call) => saveToken(call, "")) },
  { method: "GET", path: "/v1/acl/token/self", handler: answerRead("index", self) },
  { method: "GET", path: "/v1/acl/token/*rest", handler: answerRead("index", token) },
  { method: "PUT", path: "/v1/acl/token/*rest", handler: answerAtOnce((call) => saveToken(call, call.rest)) },
  { method: "DELETE", path: "/v1/acl/token/*rest", handler: answerAtOnce(deleteToken) },
  { method: "GET", path: "/v1/acl/tokens", handler: answerRead("index", tokens) },
  { method: "PUT", path: "/v1/acl/policy", handler: answerAtOnce((call) => savePolicy(call, "")) },
  {
    method: "GET",
    path: "/v1/acl/policy/name/*rest",
    handler: answerRead(
      "index",
      policyBy(({ acl }, call) => acl.policyNamed(call.rest)),
    ),
  },
  {
    method: "GET",
    path: "/v1/acl/policy/*rest",
    handler: answerRead(
      "index",
      policyBy(({ acl }, call) => acl.policy(call.rest)),
    ),
  },
  { method: "PUT", path: "/v1/acl/policy/*rest", handler: answerAtOnce((call) => savePolicy(call, call.rest)) },
  { method: "DELETE", path: "/v1/acl/policy/*rest", handler: answerAtOnce(deletePolicy) },
  { method: "GET", path: "/v1/acl/policies", handler: answerRead("index", policies) },
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

export const ACL_ROUTES: readonly Route<ConsulSim>[] = ROUTES.map((route) => ({
  ...route,
  handler: whenEnabled(route.handler as ConsulHandler),
}));
