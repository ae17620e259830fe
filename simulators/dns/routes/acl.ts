import type { HttpReply, Route } from "../../kernel/index.ts";
import { str } from "../behaviour/definitions.ts";
import type { Datacenter } from "../behaviour/datacenter.ts";
import { ANY, BOOL, type Fields, STRING, STRINGS, type Struct } from "../wire/json/decode.ts";
import type { PolicyRow, TokenRow } from "../state/acl.ts";
import {
  type Call,
  decoded,
  denied,
  type Found,
  type Handler,
  HttpError,
  notSimulated,
  plain,
  reading,
  type Sim,
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

function own(call: Call, access: "read" | "write"): Datacenter {
  const datacenter = call.datacenter();
  const authorizer = call.authorizer(datacenter);
  if (access === "write" ? !authorizer.writes("acl") : !authorizer.reads("acl")) denied();
  return datacenter;
}

function bootstrap(call: Call): HttpReply {
  const datacenter = call.datacenter();
  const at = datacenter.acl.bootstrappedAt;
  if (at > 0) denied(`: ACL bootstrap no longer allowed (reset index: ${at})`);
  return call.json(tokenView(datacenter, datacenter.acl.bootstrap(), true));
}

function saveToken(call: Call, accessor: string): HttpReply {
  const fields = decoded(call, TOKEN, "Bad request: Token decoding failed: ");
  if (fields.Roles !== undefined) notSimulated("ACL roles");
  const datacenter = own(call, "write");
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
function tokenFound(datacenter: Datacenter, row: TokenRow | undefined, withSecret: boolean): Found {
  const index = datacenter.acl.tokenIndex;
  if (row !== undefined) return { index, value: tokenView(datacenter, row, withSecret) };
  const headers = { "Content-Type": "text/plain; charset=utf-8" };
  return { index, reply: { status: 403, headers, body: "ACL not found" } };
}

function self(call: Call): Found {
  const datacenter = call.datacenter();
  // The anonymous token has no holder who could ask for itself.
  const row = call.token === "" ? undefined : datacenter.acl.tokenOf(call.token);
  return tokenFound(datacenter, row, true);
}

function token(call: Call): Found {
  const datacenter = own(call, "read");
  const isManager = call.authorizer(datacenter).writes("acl");
  return tokenFound(datacenter, datacenter.acl.token(call.rest), isManager);
}

function tokens(call: Call): Found {
  const datacenter = own(call, "read");
  return {
    index: datacenter.acl.tokenIndex,
    value: datacenter.acl.tokens().map((row) => tokenView(datacenter, row, false)),
  };
}

function deleteToken(call: Call): HttpReply {
  own(call, "write").acl.deleteToken(call.rest);
  return call.json(true);
}

function savePolicy(call: Call, id: string): HttpReply {
  const fields = decoded(call, POLICY, "Bad request: Policy decoding failed: ");
  const { acl } = own(call, "write");
  const row = acl.savePolicy({
    id: id || str(fields, "ID"),
    name: str(fields, "Name"),
    description: str(fields, "Description"),
    rules: str(fields, "Rules"),
  });
  return call.json(policyView(row));
}

function policies(call: Call): Found {
  const { acl } = own(call, "read");
  const value = acl.policies().map((row) => {
    const { Rules: _rules, ...rest } = policyView(row);
    return rest;
  });
  return { index: acl.policyIndex, value };
}

const policyBy =
  (find: (datacenter: Datacenter, call: Call) => PolicyRow | undefined) =>
  (call: Call): Found => {
    const datacenter = own(call, "read");
    const row = find(datacenter, call);
    if (row === undefined) throw new HttpError(403, "ACL not found");
    return { index: datacenter.acl.policyIndex, value: policyView(row) };
  };

function deletePolicy(call: Call): HttpReply {
  own(call, "write").acl.deletePolicy(call.rest);
  return call.json(true);
}

/** Every endpoint says so while ACLs are off. */
const enabled =
  (handler: Handler): Handler =>
  (sim, request) => {
    if (sim.agent.datacenter.acl.options.enabled) return handler(sim, request);
    return { status: 401, headers: { "Content-Type": "text/plain; charset=utf-8" }, body: "ACL support disabled" };
  };

const refused = (what: string): Handler => plain(() => notSimulated(what));

const ROUTES: readonly Route<Sim>[] = [
  { method: "PUT", path: "/v1/acl/bootstrap", handler: plain(bootstrap) },
  { method: "PUT", path: "/v1/acl/token", handler: plain((call) => saveToken(call, "")) },
  { method: "GET", path: "/v1/acl/token/self", handler: reading("index", self) },
  { method: "GET", path: "/v1/acl/token/*rest", handler: reading("index", token) },
  { method: "PUT", path: "/v1/acl/token/*rest", handler: plain((call) => saveToken(call, call.rest)) },
  { method: "DELETE", path: "/v1/acl/token/*rest", handler: plain(deleteToken) },
  { method: "GET", path: "/v1/acl/tokens", handler: reading("index", tokens) },
  { method: "PUT", path: "/v1/acl/policy", handler: plain((call) => savePolicy(call, "")) },
  {
    method: "GET",
    path: "/v1/acl/policy/name/*rest",
    handler: reading(
      "index",
      policyBy(({ acl }, call) => acl.policyNamed(call.rest)),
    ),
  },
  {
    method: "GET",
    path: "/v1/acl/policy/*rest",
    handler: reading(
      "index",
      policyBy(({ acl }, call) => acl.policy(call.rest)),
    ),
  },
  { method: "PUT", path: "/v1/acl/policy/*rest", handler: plain((call) => savePolicy(call, call.rest)) },
  { method: "DELETE", path: "/v1/acl/policy/*rest", handler: plain(deletePolicy) },
  { method: "GET", path: "/v1/acl/policies", handler: reading("index", policies) },
  { method: "PUT", path: "/v1/acl/create", handler: refused("legacy ACLs") },
  { method: "GET", path: "/v1/acl/list", handler: refused("legacy ACLs") },
  { method: "GET", path: "/v1/acl/info/*rest", handler: refused("legacy ACLs") },
  { method: "GET", path: "/v1/acl/rules/translate/*rest", handler: refused("legacy ACLs") },
  { method: "GET", path: "/v1/acl/replication", handler: refused("ACL replication") },
  { method: "GET", path: "/v1/acl/roles", handler: refused("ACL roles") },
  { method: "GET", path: "/v1/acl/auth-methods", handler: refused("ACL auth methods") },
  { method: "GET", path: "/v1/acl/binding-rules", handler: refused("ACL binding rules") },
  { method: "POST", path: "/v1/acl/login", handler: refused("ACL login") },
  { method: "POST", path: "/v1/acl/logout", handler: refused("ACL logout") },
];

export const ACL_ROUTES: readonly Route<Sim>[] = ROUTES.map((route) => ({
  ...route,
  handler: enabled(route.handler as Handler),
}));
