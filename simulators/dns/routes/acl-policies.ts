import type { HttpReply } from "../../kernel/index.ts";
import { deletePolicy, savePolicy } from "../state/acl-policy-writes.ts";
import { checkLookup } from "../state/acl-reads.ts";
import { type ConsulCall } from "../wire/call.ts";
import { ANY, anonymous, STRING, STRINGS, structOf } from "../wire/json/shape.ts";
import { type ReadResult } from "../wire/read.ts";
import { refuseBadRequest } from "../wire/refusal.ts";
import { policyStub, policyView } from "./acl-shapes.ts";
import { requireAclRight, missingRead, missingDeletion, decodeAclBody } from "./acl-base.ts";

const POLICY = anonymous(
  structOf("struct { Hash string; *structs.Alias }", {
    ID: STRING,
    Name: STRING,
    Description: STRING,
    Rules: STRING,
    Datacenters: STRINGS,
    Hash: ANY,
    CreateIndex: ANY,
    ModifyIndex: ANY,
  }),
);

/** Creates or updates a policy. @throws HttpError */
export function writePolicy(call: ConsulCall, id: string, isNew: boolean): HttpReply {
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

/** All policies. */
export function listPolicies(call: ConsulCall): ReadResult {
  const { acl } = requireAclRight(call, "read");
  return { index: acl.policyIndex, value: acl.policies().map(policyStub) };
}

/** A policy by its id. @throws HttpError */
export function readPolicy(call: ConsulCall): ReadResult {
  if (call.rest === "") refuseBadRequest("Missing policy ID");
  const { acl } = requireAclRight(call, "read");
  checkLookup("acl policy", call.rest);
  const row = acl.policy(call.rest);
  if (row === undefined) return missingRead(call, "policy", acl.policyIndex);
  return { index: acl.policyIndex, value: policyView(row) };
}

/** A policy by its name. @throws HttpError */
export function readPolicyNamed(call: ConsulCall): ReadResult {
  if (call.rest === "") refuseBadRequest("Missing policy Name");
  const { acl } = requireAclRight(call, "read");
  const row = acl.policyNamed(call.rest);
  if (row === undefined) return missingRead(call, "policy", acl.policyIndex);
  return { index: acl.policyIndex, value: policyView(row) };
}

/** Deletes a policy. @throws HttpError */
export function removePolicy(call: ConsulCall): HttpReply {
  if (call.rest === "") refuseBadRequest("Missing policy ID");
  const { acl } = requireAclRight(call, "write");
  checkLookup("acl policy", call.rest);
  if (!deletePolicy(acl, call.rest)) return missingDeletion(call, "policy");
  return call.json(true);
}
