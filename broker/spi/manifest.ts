import { hash } from "node:crypto";
import { stringify } from "yaml";
import type { InstanceRow } from "../store/schema.ts";
import { namesOf, nodeNamesOf } from "./credentials.ts";
import { type Maintenance, RELEASE_OF_CONSUL, releaseOf } from "./maintenance.ts";
import type { Plan, Service } from "./services/service.ts";

/** The secrets of one instance, known only to its platform. */
export interface InstanceSecrets {
  readonly agentPassword: string;
  /**
   * PEM of the authority of an instance that speaks TLS, once its agent has named it. Clients need it; it is
   * not secret.
   */
  readonly ca?: string;
}

/** The input of a manifest. */
interface ManifestInput {
  readonly deployment: string;
  readonly service: Service;
  readonly plan: Plan;
  readonly maintenance: Maintenance;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly secrets: InstanceSecrets;
  readonly domain: string;
  /** Further facts about the instance, from which a lost record can be recreated. */
  readonly record: Pick<InstanceRow, "id" | "owner" | "context" | "created_ms" | "secrets">;
}

/** Port of the agent on each VM of an instance. */
export const AGENT_PORT = 3100;
/** The user name with which the broker logs in to the agent. */
export const AGENT_USER = "spi";

/** The engine version of a plan. */
const versionOf = ({ offerings }: Service, { offeringId }: Plan): string =>
  offerings.find(({ id }) => id === offeringId)?.version ?? "";

/** Names of variables; the director's config server knows them below the deployment's name. */
const CA = "instance_ca";
const TLS = "instance_tls";

/** With the names of all nodes that there may be: members of a cluster find each other, and clients find them, by the names in the certificate. */
const tlsOf = ({ deployment, service, domain }: ManifestInput): object => ({
  ca: `((${TLS}.ca))`,
  certificate: `((${TLS}.certificate))`,
  private_key: `((${TLS}.private_key))`,
  names: nodeNamesOf(service, deployment, domain),
});

/** As long as CredHub allows, in days. */
const VALID_DAYS = 3650;
/** RFC 5280, ub-common-name. */
const COMMON_NAME_CHARS_MAX = 64;
const commonName = (text: string): string => text.slice(0, COMMON_NAME_CHARS_MAX);

/**
 * The variables that the director has its config server generate: a separate authority for each instance, so
 * that no instance can pass for another, and its certificate.
 */
function variablesOf({ deployment, service, domain }: ManifestInput): readonly object[] {
  const names = namesOf(service, deployment, domain);
  const common = { type: "certificate", update_mode: "converge" };
  return [
    {
      name: CA,
      ...common,
      options: { is_ca: true, common_name: commonName(`CA of ${deployment}`), duration: VALID_DAYS },
    },
    {
      name: TLS,
      ...common,
      options: {
        ca: CA,
        common_name: commonName(names[0] ?? deployment),
        alternative_names: names,
        extended_key_usage: ["server_auth"],
        duration: VALID_DAYS,
      },
    },
  ];
}

/** The properties of the job of the data service. */
const propertiesOf = (input: ManifestInput): object => {
  const { deployment, service, plan, maintenance, parameters, secrets, record } = input;
  return {
    database: deployment,
    engine_version: versionOf(service, plan),
    port: service.port,
    // The agent needs to know the password again, and nobody who reads a manifest needs to know it.
    agent: { port: AGENT_PORT, username: AGENT_USER, password_sha256: hash("sha256", secrets.agentPassword) },
    ...(plan.isTls && { tls: tlsOf(input) }),
    ...service.limits[plan.size],
    parameters,
    broker: {
      instance: record.id,
      plan: plan.id,
      owner: record.owner,
      context: record.context,
      created_ms: record.created_ms,
      // Under the broker's own key: only a broker that has it gets anything from this.
      sealed_secrets: record.secrets,
      maintenance,
    },
  };
};

/** Those of the agent that registers the nodes. */
const consulOf = ({ deployment, service, domain }: ManifestInput): object => ({
  domain,
  node: `${deployment}-${service.role}`,
  service: deployment,
  alias: service.aliasOf(deployment),
  port: service.port,
});

/** The manifest of an instance, as YAML: what a plan and its parameters mean for a director (bosh.io/docs/manifest-v2). */
export function manifestOf(input: ManifestInput): string {
  const { deployment, service, plan, maintenance } = input;
  const release = releaseOf(service.kind);
  const group = {
    name: service.role,
    instances: plan.nodes,
    azs: ["z1", "z2", "z3"],
    jobs: [
      { name: service.kind, release, properties: propertiesOf(input) },
      { name: "consul-agent", release: RELEASE_OF_CONSUL, properties: consulOf(input) },
    ],
    vm_type: plan.size,
    persistent_disk_type: plan.size,
    stemcell: "default",
    networks: [{ name: "service-instances" }],
  };
  const manifest = {
    name: deployment,
    releases: [release, RELEASE_OF_CONSUL].map((name) => ({ name, version: maintenance.releases[name] })),
    stemcells: [{ alias: "default", ...maintenance.stemcell }],
    update: { canaries: 1, max_in_flight: 1, canary_watch_time: "1000-180000", update_watch_time: "1000-180000" },
    instance_groups: [group],
    ...(plan.isTls && { variables: variablesOf(input) }),
  };
  // The director reads YAML 1.1, in which the texts `on`, `y` and `1:30` need quotes.
  return stringify(manifest, { version: "1.1" });
}
