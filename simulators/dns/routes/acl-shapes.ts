import type { Acl } from "../state/acl.ts";
import type { Identities, PolicyRow, RoleRow, TokenRow } from "../state/acl-rows.ts";
import type { GivenIdentities } from "../state/acl-templates.ts";
import { ANY, anonymous, BOOL, type Decoded, DURATION, listOf, STRING, STRINGS, structOf } from "../wire/json/shape.ts";

const LINK = structOf("structs.ACLTokenPolicyLink", { ID: STRING, Name: STRING });

/** Links to policies. */
export const POLICY_LINKS = listOf(LINK, "[]structs.ACLTokenPolicyLink");
/** Links to roles. */
const ROLE_LINKS = listOf(
  structOf("structs.ACLTokenRoleLink", { ID: STRING, Name: STRING }),
  "[]structs.ACLTokenRoleLink",
);

const VARIABLES = structOf("structs.ACLTemplatedPolicyVariables", { name: STRING });

/** Variables of a templated policy. */
export const TEMPLATE_VARIABLES = VARIABLES;

/** Members of anything with identities. */
export const IDENTITY_FIELDS = {
  ServiceIdentities: listOf(
    structOf("structs.ACLServiceIdentity", { ServiceName: STRING, Datacenters: STRINGS }),
    "structs.ACLServiceIdentities",
  ),
  NodeIdentities: listOf(
    structOf("structs.ACLNodeIdentity", { NodeName: STRING, Datacenter: STRING }),
    "structs.ACLNodeIdentities",
  ),
  TemplatedPolicies: listOf(
    structOf("structs.ACLTemplatedPolicy", {
      TemplateID: STRING,
      TemplateName: STRING,
      TemplateVariables: VARIABLES,
      Datacenters: STRINGS,
    }),
    "structs.ACLTemplatedPolicies",
  ),
} as const;

/** A token in a request. */
export const TOKEN = anonymous(
  structOf("struct { ExpirationTTL interface {}; Hash string; *structs.Alias }", {
    AccessorID: STRING,
    SecretID: STRING,
    Description: STRING,
    Policies: POLICY_LINKS,
    Roles: ROLE_LINKS,
    ...IDENTITY_FIELDS,
    Local: BOOL,
    AuthMethod: STRING,
    ExpirationTime: STRING,
    ExpirationTTL: DURATION,
    CreateTime: ANY,
    Hash: ANY,
    CreateIndex: ANY,
    ModifyIndex: ANY,
  }),
);
const { TemplatedPolicies: _templated, ...OLDER_FIELDS } = TOKEN.fields;

/** A token in a request to 1.8, which knew rules of their own. */
export const TOKEN_1_8 = anonymous(structOf(TOKEN.go, { ...OLDER_FIELDS, Type: STRING, Rules: STRING }));

/** A decoded token. */
export type TokenFields = Decoded<typeof TOKEN>;

type IdentityFields = Pick<TokenFields, "ServiceIdentities" | "NodeIdentities" | "TemplatedPolicies">;

/** The identities in a request. */
export const identitiesIn = (fields: IdentityFields): GivenIdentities => ({
  services: fields.ServiceIdentities ?? [],
  nodes: fields.NodeIdentities ?? [],
  templates: fields.TemplatedPolicies ?? [],
});

/** Links without what is left out. */
export const linksIn = (
  links: TokenFields["Policies"] = [],
): readonly { readonly ID: string; readonly Name: string }[] => links.map(({ ID = "", Name = "" }) => ({ ID, Name }));

/** A policy as the API shows it. */
export const policyView = (row: PolicyRow): Readonly<Record<string, unknown>> => ({
  ID: row.id,
  Name: row.name,
  Description: row.description,
  Rules: row.rules,
  ...(row.datacenters !== null && { Datacenters: row.datacenters }),
  Hash: row.hash,
  CreateIndex: row.createIndex,
  ModifyIndex: row.modifyIndex,
});

/** A policy in a list: without its rules. */
export const policyStub = (row: PolicyRow): Readonly<Record<string, unknown>> => ({
  ID: row.id,
  Name: row.name,
  Description: row.description,
  Datacenters: row.datacenters,
  Hash: row.hash,
  CreateIndex: row.createIndex,
  ModifyIndex: row.modifyIndex,
});

const identitiesView = ({ services, nodes, templates }: Identities): Readonly<Record<string, unknown>> => ({
  ...(services.length > 0 && { ServiceIdentities: services }),
  ...(nodes.length > 0 && { NodeIdentities: nodes }),
  ...(templates.length > 0 && { TemplatedPolicies: templates }),
});

/** Links to what still exists, by its current name. */
const policyLinks = (acl: Acl, ids: readonly string[]): Readonly<Record<string, unknown>> => {
  const links = ids.flatMap((id) => acl.policy(id) ?? []).map(({ id, name }) => ({ ID: id, Name: name }));
  return links.length > 0 ? { Policies: links } : {};
};

/** A role as the API shows it. */
export const roleView = (acl: Acl, row: RoleRow): Readonly<Record<string, unknown>> => ({
  ID: row.id,
  Name: row.name,
  Description: row.description,
  ...policyLinks(acl, row.policies),
  ...identitiesView(row.identities),
  Hash: row.hash,
  CreateIndex: row.createIndex,
  ModifyIndex: row.modifyIndex,
});

/** A time as Go writes it. */
const timeView = (ms: number): string => new Date(ms).toISOString();

/** A token as the API shows it; its secret only to those who may see it. */
export function tokenView(acl: Acl, row: TokenRow, showsSecret: boolean): Readonly<Record<string, unknown>> {
  const roles = row.roles.flatMap((id) => acl.role(id) ?? []).map(({ id, name }) => ({ ID: id, Name: name }));
  return {
    AccessorID: row.accessor,
    SecretID: showsSecret ? row.secret : "<hidden>",
    Description: row.description,
    ...policyLinks(acl, row.policies),
    ...(roles.length > 0 && { Roles: roles }),
    ...identitiesView(row.identities),
    Local: row.local,
    ...(row.authMethod !== "" && { AuthMethod: row.authMethod }),
    ...(row.expiresMs !== undefined && { ExpirationTime: timeView(row.expiresMs) }),
    CreateTime: timeView(row.createdMs),
    Hash: row.hash,
    CreateIndex: row.createIndex,
    ModifyIndex: row.modifyIndex,
  };
}
