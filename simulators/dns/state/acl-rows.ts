/** A link to services or nodes whose holders get the rights that these need. In Consul's own shape. */
interface ServiceIdentity {
  readonly ServiceName: string;
  readonly Datacenters?: readonly string[];
}

/** As above, for a node. */
interface NodeIdentity {
  readonly NodeName: string;
  readonly Datacenter: string;
}

/** A built-in policy with its variables filled in. In Consul's own shape. */
export interface TemplatedPolicy {
  readonly TemplateID: string;
  readonly TemplateName: string;
  readonly TemplateVariables?: { readonly name?: string };
  readonly Datacenters?: readonly string[];
}

/** Rights that are not those of a named policy. */
export interface Identities {
  readonly services: readonly ServiceIdentity[];
  readonly nodes: readonly NodeIdentity[];
  readonly templates: readonly TemplatedPolicy[];
}

/** No identities. */
export const NO_IDENTITIES: Identities = { services: [], nodes: [], templates: [] };

/** A policy as stored. */
export interface PolicyRow {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly rules: string;
  /** The datacenters in which it applies; null: everywhere. */
  readonly datacenters: readonly string[] | null;
  readonly hash: string;
  readonly createIndex: number;
  readonly modifyIndex: number;
}

/** Policies and identities under a name, which tokens link to. */
export interface RoleRow {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** Ids of policies. */
  readonly policies: readonly string[];
  readonly identities: Identities;
  readonly hash: string;
  readonly createIndex: number;
  readonly modifyIndex: number;
}

/** A token as stored. */
export interface TokenRow {
  readonly accessor: string;
  readonly secret: string;
  readonly description: string;
  /** Ids of policies. */
  readonly policies: readonly string[];
  /** Ids of roles. */
  readonly roles: readonly string[];
  readonly identities: Identities;
  readonly local: boolean;
  /** How its holder logged in; empty for a token that was written. */
  readonly authMethod: string;
  readonly createdMs: number;
  /** When it expires, in ms since the Unix epoch; undefined: never. */
  readonly expiresMs: number | undefined;
  readonly hash: string;
  readonly createIndex: number;
  readonly modifyIndex: number;
}

/** A way to log in, in Consul's own shape. */
export interface AuthMethodRow {
  readonly Name: string;
  readonly Type: string;
  readonly DisplayName?: string;
  readonly Description?: string;
  readonly MaxTokenTTL?: string;
  readonly TokenLocality?: string;
  readonly Config: Readonly<Record<string, unknown>> | null;
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
}

/** The grants of a login, in Consul's own shape. */
export interface BindingRuleRow {
  readonly ID: string;
  readonly Description: string;
  readonly AuthMethod: string;
  readonly Selector: string;
  readonly BindType: string;
  readonly BindName: string;
  readonly BindVars?: { readonly Name?: string };
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
}

/** The token of requests that carry none. */
export const ANONYMOUS = {
  accessor: "00000000-0000-0000-0000-000000000002",
  secret: "anonymous",
  description: "Anonymous Token",
  policies: [],
  roles: [],
  identities: NO_IDENTITIES,
  local: false,
} as const;

/** The policy that grants everything; it can't be deleted. */
export const MANAGEMENT = {
  id: "00000000-0000-0000-0000-000000000001",
  name: "global-management",
  description: "Builtin Policy that grants unlimited access",
  datacenters: null,
  rules: `acl = "write" agent_prefix "" { policy = "write" } event_prefix "" { policy = "write" } key_prefix "" { policy = "write" }
keyring = "write" node_prefix "" { policy = "write" } operator = "write" query_prefix "" { policy = "write" }
service_prefix "" { policy = "write" } session_prefix "" { policy = "write" }`,
} as const;

const globalRules = (access: string): string =>
  [
    "",
    `acl = "${access}"`,
    ...["agent", "event", "key"].map((name) => `${name}_prefix "" {\n\tpolicy = "${access}"\n}`),
    `keyring = "${access}"`,
    `node_prefix "" {\n\tpolicy = "${access}"\n}`,
    ...["operator", "mesh", "peering"].map((name) => `${name} = "${access}"`),
    `query_prefix "" {\n\tpolicy = "${access}"\n}`,
    `service_prefix "" {\n\tpolicy = "${access}"\n\tintentions = "${access}"\n}`,
    `session_prefix "" {\n\tpolicy = "${access}"\n}`,
  ].join("\n");

/** The policies that are always there today, and can be neither changed nor deleted. */
export const BUILTIN_POLICIES = [
  {
    id: MANAGEMENT.id,
    name: MANAGEMENT.name,
    description: "A built-in policy that grants read and write access to all Consul features",
    datacenters: null,
    rules: globalRules("write"),
  },
  {
    id: "00000000-0000-0000-0000-000000000002",
    name: "builtin/global-read-only",
    description: "A built-in policy that grants read-only access to all Consul features",
    datacenters: null,
    rules: globalRules("read"),
  },
] as const;
