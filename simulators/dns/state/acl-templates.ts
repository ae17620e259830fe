import type { Identities, TemplatedPolicy } from "./acl-rows.ts";
import { Refusal } from "../wire/refusal.ts";

/** A built-in policy whose rules have a variable (Consul, "Templated Policies"). */
export interface PolicyTemplate {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** JSON Schema of its variables; empty if it has none. */
  readonly schema: string;
  readonly template: string;
}

const block = (kind: string, name: string, policy: string, indent = "\t"): string =>
  `${kind} "${name}" {\n${indent}policy = "${policy}"\n}`;

const SCHEMA = `{\n\t"type": "object",\n\t"properties": {\n\t\t"name": { "type": "string", "$ref": "#/definitions/min-length-one" }\n\t},\n\t"required": ["name"],\n\t"definitions": {\n\t\t"min-length-one": {\n\t\t\t\t"type": "string",\n\t\t\t\t"minLength": 1\n\t\t}\n\t}\n}`;
const VARIABLE = "{{.Name}}";

/** The templates by name. */
export const POLICY_TEMPLATES: ReadonlyMap<string, PolicyTemplate> = new Map(
  [
    {
      id: "00000000-0000-0000-0000-000000000003",
      name: "builtin/service",
      description:
        "Gives the token or role permissions to register a service and discover services in the Consul catalog. It also gives the specified service's sidecar proxy the permission to discover and route traffic to other services.",
      schema: SCHEMA,
      template: [
        "",
        block("service", VARIABLE, "write"),
        block("service", `${VARIABLE}-sidecar-proxy`, "write"),
        block("service_prefix", "", "read"),
        block("node_prefix", "", "read"),
      ].join("\n"),
    },
    {
      id: "00000000-0000-0000-0000-000000000004",
      name: "builtin/node",
      description:
        "Gives the token or role permissions for a register an agent/node into the catalog. A node is typically a consul agent but can also be a physical server, cloud instance or a container.",
      schema: SCHEMA,
      template: ["", block("node", VARIABLE, "write"), block("service_prefix", "", "read")].join("\n"),
    },
    {
      id: "00000000-0000-0000-0000-000000000005",
      name: "builtin/dns",
      description: "Gives the token or role permissions for the Consul DNS to query services in the network.",
      schema: "",
      template: ["", ...["node", "service", "query"].map((kind) => block(`${kind}_prefix`, "", "read"))].join("\n"),
    },
    {
      id: "00000000-0000-0000-0000-000000000006",
      name: "builtin/nomad-server",
      description: "Gives the token or role permissions required for integration with a nomad server.",
      schema: "",
      template: [
        "",
        'acl = "write"',
        block("agent_prefix", "", "read", "  "),
        block("node_prefix", "", "read", "  "),
        block("service_prefix", "", "write", "  "),
      ].join("\n"),
    },
    {
      id: "00000000-0000-0000-0000-000000000008",
      name: "builtin/api-gateway",
      description: "Gives the token or role permissions for a Consul api gateway",
      schema: SCHEMA,
      template: [
        'mesh = "read"',
        block("node_prefix", "", "read"),
        block("service_prefix", "", "read"),
        block("service", VARIABLE, "write"),
      ].join("\n"),
    },
    {
      id: "00000000-0000-0000-0000-000000000009",
      name: "builtin/nomad-client",
      description: "Gives the token or role permissions required for integration with a nomad client.",
      schema: "",
      template: [
        block("agent_prefix", "", "read", "  "),
        block("node_prefix", "", "read", "  "),
        block("service_prefix", "", "write", "  "),
        block("key_prefix", "", "read", "  "),
      ].join("\n"),
    },
  ].map((template) => [template.name, template] as const),
);

/** The rules of a template with its variable filled in. */
export const renderTemplate = ({ template }: PolicyTemplate, name: string): string =>
  template.replaceAll(VARIABLE, () => name);

const IDENTITY_NAME = /^[a-z0-9](?:[a-z0-9\-_]*[a-z0-9])?$/;
const IDENTITY_CHARACTERS_MAX = 256;

/** Whether an identity may have this name. */
export const isIdentityName = (name: string): boolean =>
  name.length <= IDENTITY_CHARACTERS_MAX && IDENTITY_NAME.test(name);

const BAD_NAME = "Only lowercase alphanumeric characters, '-' and '_' are allowed";

/** Why the variables of a template are refused, in Consul's words. */
export function templateObjection(
  { name, schema }: PolicyTemplate,
  given: TemplatedPolicy["TemplateVariables"],
): string | undefined {
  if (schema === "") return undefined;
  const value = given?.name ?? "";
  if (given !== undefined && name === "builtin/service" && !isIdentityName(value))
    return `service identity "${value}" has an invalid name. ${BAD_NAME}`;
  if (given !== undefined && name === "builtin/node" && !isIdentityName(value))
    return `node identity "${value}"  has an invalid name. ${BAD_NAME}`;
  if (value !== "") return undefined;
  const why = given === undefined ? "Invalid type. Expected: object, given: null" : "name is required";
  return `1 error occurred:\n\t* ${why}\n\n`;
}

/** The rules that identities stand for, with where they hold. */
export function* identityRules({ services, nodes, templates }: Identities): Generator<{
  readonly rules: string;
  readonly template: string;
  readonly datacenters: readonly string[] | undefined;
}> {
  const render = (name: string, variable: string): string => {
    const template = POLICY_TEMPLATES.get(name);
    return template === undefined ? "" : renderTemplate(template, variable);
  };
  for (const { ServiceName, Datacenters } of services)
    yield { rules: render("builtin/service", ServiceName), template: "builtin/service", datacenters: Datacenters };
  for (const { NodeName, Datacenter } of nodes)
    yield { rules: render("builtin/node", NodeName), template: "builtin/node", datacenters: [Datacenter] };
  for (const { TemplateName, TemplateVariables, Datacenters } of templates)
    yield {
      rules: render(TemplateName, TemplateVariables?.name ?? ""),
      template: TemplateName,
      datacenters: Datacenters,
    };
}

/** The identities of a token or a role. */
export interface GivenIdentities {
  readonly services: readonly {
    readonly ServiceName?: string | undefined;
    readonly Datacenters?: readonly string[] | undefined;
  }[];
  readonly nodes: readonly { readonly NodeName?: string | undefined; readonly Datacenter?: string | undefined }[];
  readonly templates: readonly {
    readonly TemplateName?: string | undefined;
    readonly TemplateVariables?: { readonly name?: string | undefined } | undefined;
    readonly Datacenters?: readonly string[] | undefined;
  }[];
}

class IdentityError extends Refusal {}

const unique = <T>(list: readonly T[]): readonly T[] => [
  ...new Map(list.map((each) => [JSON.stringify(each), each] as const)).values(),
];

/** Identities as they are stored. `owner` is what has them. @throws IdentityError in Consul's words */
export function readIdentities(given: GivenIdentities, owner: "token" | "role", isLocal: boolean): Identities {
  return {
    services: mergeServices(given.services.map((each) => readService(each, owner, isLocal))),
    nodes: unique(given.nodes.map((each) => readNode(each, owner))),
    templates: unique(given.templates.map((each) => readTemplate(each, owner))),
  };
}

/** One identity for each service, valid in the datacenters of all that name it. */
function mergeServices(services: Identities["services"]): Identities["services"] {
  const merged = new Map<string, ReadonlySet<string>>();
  for (const { ServiceName, Datacenters = [] } of services)
    merged.set(ServiceName, new Set([...(merged.get(ServiceName) ?? []), ...Datacenters]));
  return [...merged].map(([ServiceName, datacenters]) => ({
    ServiceName,
    ...(datacenters.size > 0 && { Datacenters: [...datacenters].sort() }),
  }));
}

function readService(
  { ServiceName = "", Datacenters = [] }: GivenIdentities["services"][number],
  owner: string,
  isLocal: boolean,
): Identities["services"][number] {
  if (ServiceName === "")
    throw new IdentityError(`Service identity is missing the service name field on this ${owner}`);
  if (isLocal && Datacenters.length > 0)
    throw new IdentityError(`Service identity "${ServiceName}" cannot specify a list of datacenters on a local token`);
  if (!isIdentityName(ServiceName))
    throw new IdentityError(`Service identity "${ServiceName}" has an invalid name. ${BAD_NAME}`);
  return { ServiceName, ...(Datacenters.length > 0 && { Datacenters }) };
}

function readNode(
  { NodeName = "", Datacenter = "" }: GivenIdentities["nodes"][number],
  owner: string,
): Identities["nodes"][number] {
  if (NodeName === "") throw new IdentityError(`Node identity is missing the node name field on this ${owner}`);
  if (Datacenter === "") throw new IdentityError(`Node identity is missing the datacenter field on this ${owner}`);
  if (!isIdentityName(NodeName)) throw new IdentityError(`Node identity has an invalid name. ${BAD_NAME}`);
  return { NodeName, Datacenter };
}

function readTemplate(
  { TemplateName = "", TemplateVariables, Datacenters = [] }: GivenIdentities["templates"][number],
  owner: string,
): Identities["templates"][number] {
  if (TemplateName === "")
    throw new IdentityError(`templated policy is missing the template name field on this ${owner}`);
  const template = POLICY_TEMPLATES.get(TemplateName);
  if (template === undefined)
    throw new IdentityError(
      owner === "token"
        ? `no such ACL templated policy with Name "${TemplateName}"`
        : `templated policy with an invalid templated name: ${TemplateName} for this role`,
    );
  const variables = TemplateVariables && {
    ...(TemplateVariables.name !== undefined && { name: TemplateVariables.name }),
  };
  const why = templateObjection(template, variables);
  if (why !== undefined)
    throw new IdentityError(
      owner === "token"
        ? `validation error for templated policy "${TemplateName}": ${why}`
        : `encountered role with invalid templated policy: ${why}`,
    );
  return {
    TemplateID: template.id,
    TemplateName,
    ...(variables && { TemplateVariables: variables }),
    ...(Datacenters.length > 0 && { Datacenters }),
  };
}
