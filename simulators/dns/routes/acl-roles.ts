import type { HttpReply, Route } from "../../kernel/index.ts";
import { POLICY_TEMPLATES, type PolicyTemplate, renderTemplate, templateObjection } from "../state/acl-templates.ts";
import { checkLookup } from "../state/acl-reads.ts";
import { saveRole } from "../state/acl-writes.ts";
import { type ConsulCall, type ConsulSim, decodeBody } from "../wire/call.ts";
import { answerAtOnce } from "../wire/handler.ts";
import { ANY, STRING, structOf } from "../wire/json/shape.ts";
import { answerRead, type ReadResult } from "../wire/read.ts";
import { refuseBadRequest } from "../wire/refusal.ts";
import { decodeAclBody, missingDeletion, missingRead, requireAclRight, syntheticId, whenEnabled } from "./acl-base.ts";
import { IDENTITY_FIELDS, identitiesIn, linksIn, POLICY_LINKS, roleView, TEMPLATE_VARIABLES } from "./acl-shapes.ts";

const ROLE = structOf("structs.ACLRole", {
  ID: STRING,
  Name: STRING,
  Description: STRING,
  Policies: POLICY_LINKS,
  ...IDENTITY_FIELDS,
  Hash: ANY,
  CreateIndex: ANY,
  ModifyIndex: ANY,
});

function writeRole(call: ConsulCall, id: string): HttpReply {
  const fields = decodeAclBody(call, ROLE, "Role");
  if (fields.ID !== undefined && fields.ID !== "" && fields.ID !== id)
    refuseBadRequest("Role ID in URL and payload do not match");
  const { acl } = requireAclRight(call, "write");
  const row = saveRole(acl, {
    id,
    name: fields.Name ?? "",
    description: fields.Description ?? "",
    policies: linksIn(fields.Policies),
    identities: identitiesIn(fields),
  });
  return call.json(roleView(acl, row));
}

function readRole(call: ConsulCall): ReadResult {
  if (call.rest === "") refuseBadRequest("Missing role ID");
  const { acl } = requireAclRight(call, "read");
  checkLookup("acl role", call.rest);
  const row = acl.role(call.rest);
  if (row === undefined) return missingRead(call, "role", acl.roleIndex);
  return { index: acl.roleIndex, value: roleView(acl, row) };
}

function readRoleNamed(call: ConsulCall): ReadResult {
  if (call.rest === "") refuseBadRequest("Missing role Name");
  const { acl } = requireAclRight(call, "read");
  const row = acl.roleNamed(call.rest);
  if (row === undefined) return missingRead(call, "role", acl.roleIndex);
  return { index: acl.roleIndex, value: roleView(acl, row) };
}

function listRoles(call: ConsulCall): ReadResult {
  const { acl } = requireAclRight(call, "read");
  const policy = call.query.get("policy") ?? "";
  if (policy !== "") checkLookup("acl role", policy);
  const rows = acl.roles().filter((row) => policy === "" || row.policies.includes(policy));
  return { index: acl.roleIndex, value: rows.map((row) => roleView(acl, row)) };
}

function removeRole(call: ConsulCall): HttpReply {
  if (call.rest === "") refuseBadRequest("Missing role ID");
  const { acl } = requireAclRight(call, "write");
  checkLookup("acl role", call.rest);
  const row = acl.role(call.rest);
  if (row === undefined) return missingDeletion(call, "role");
  acl.dropRole(row);
  return call.json(true);
}

const templateView = ({ name, schema, template, description }: PolicyTemplate) => ({
  TemplateName: name,
  Schema: schema,
  Template: template,
  Description: description,
});

function listTemplates(call: ConsulCall): HttpReply {
  requireAclRight(call, "read");
  const views = [...POLICY_TEMPLATES.values()].map((template) => [template.name, templateView(template)] as const);
  return call.json(Object.fromEntries(views.sort(([a], [b]) => (a < b ? -1 : 1))));
}

function readTemplate(call: ConsulCall): HttpReply {
  if (call.rest === "") refuseBadRequest("Missing templated policy Name");
  requireAclRight(call, "read");
  const template = POLICY_TEMPLATES.get(call.rest);
  return call.json(
    template === undefined ? refuseBadRequest(`Invalid templated policy Name: ${call.rest}`) : templateView(template),
  );
}

function previewTemplate(call: ConsulCall): HttpReply {
  if (call.rest === "") refuseBadRequest("Missing templated policy Name");
  requireAclRight(call, "read");
  const template =
    POLICY_TEMPLATES.get(call.rest) ?? refuseBadRequest(`templated policy "${call.rest}" does not exist`);
  const { name = "" } = decodeBody(call, TEMPLATE_VARIABLES, "Failed to decode request body: ");
  const why = templateObjection(template, { name });
  if (why !== undefined) refuseBadRequest(`validation error for templated policy: "${template.name}": ${why}`);
  const rules = renderTemplate(template, name);
  const id = syntheticId(rules);
  return call.json({
    ID: id,
    Name: `synthetic-policy-${id}`,
    Description: `synthetic policy generated from templated policy: ${template.name}`,
    Rules: rules,
    Hash: "",
    CreateIndex: 0,
    ModifyIndex: 0,
  });
}

/** `/v1/acl/role…` and `/v1/acl/templated-polic…` (Consul 1.22, "ACL Roles", "ACL Templated Policies"). */
export const ACL_ROLE_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "PUT", path: "/v1/acl/role", handler: answerAtOnce((call) => writeRole(call, "")) },
  ...["/v1/acl/role/name/", "/v1/acl/role/name/*rest"].map((path) => ({
    method: "GET",
    path,
    handler: answerRead("index", readRoleNamed),
  })),
  ...["/v1/acl/role/", "/v1/acl/role/*rest"].flatMap((path) => [
    { method: "GET", path, handler: answerRead("index", readRole) },
    { method: "PUT", path, handler: answerAtOnce((call) => writeRole(call, call.rest)) },
    { method: "DELETE", path, handler: answerAtOnce(removeRole) },
  ]),
  { method: "GET", path: "/v1/acl/roles", handler: answerRead("index", listRoles) },
].map(whenEnabled);

/** `/v1/acl/templated-polic…`, which 1.8 has not. */
export const ACL_TEMPLATE_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "GET", path: "/v1/acl/templated-policies", handler: answerAtOnce(listTemplates) },
  ...["", "*rest"].flatMap((rest) => [
    { method: "GET", path: `/v1/acl/templated-policy/name/${rest}`, handler: answerAtOnce(readTemplate) },
    { method: "POST", path: `/v1/acl/templated-policy/preview/${rest}`, handler: answerAtOnce(previewTemplate) },
  ]),
].map(whenEnabled);
