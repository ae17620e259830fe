import { stringify } from "yaml";
import type { ServiceName } from "../config.ts";
import type { InstanceRow } from "../store/schema.ts";
import type { Plan, Service } from "./catalog.ts";

/** The passwords of one instance, known only to its platform. */
export interface InstanceSecrets {
  readonly adminPassword: string;
  readonly agentPassword: string;
}

/** What a manifest is made of. */
interface ManifestInput {
  readonly deployment: string;
  readonly service: Service;
  readonly plan: Plan;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly secrets: InstanceSecrets;
  readonly domain: string;
  /** What the broker knows of the instance besides: a record that is lost is made again from it. */
  readonly record: Pick<InstanceRow, "id" | "owner" | "context" | "created_ms">;
}

/** Port of the agent on each VM of an instance. */
export const AGENT_PORT = 3100;
/** The user name with which the broker logs in to the agent. */
export const AGENT_USER = "spi";

/** The node name in Consul that leads to the primary (docs/discoveries/data-services.md). */
export const aliasOf = (deployment: string, service: Service): string =>
  service.kind === "postgresql" ? `${deployment}-psql-master-alias` : `${deployment}-master`;

const MEBIBYTE = 1024 * 1024;

/** What an instance of a size may take, in the properties of its job. */
const LIMITS: Readonly<Partial<Record<ServiceName, Readonly<Record<Plan["size"], object>>>>> = {
  redis: { small: { maxmemory: "256mb", maxclients: 128 }, big: { maxmemory: "1gb", maxclients: 512 } },
  mongodb: {
    small: { maxIncomingConnections: 128, disk_bytes: 512 * MEBIBYTE },
    big: { maxIncomingConnections: 512, disk_bytes: 2048 * MEBIBYTE },
  },
};

/** The properties of the job of the data service. */
const propertiesOf = ({ deployment, service, plan, parameters, secrets, record }: ManifestInput): object => ({
  database: deployment,
  port: service.port,
  admin: { username: "admin", password: secrets.adminPassword },
  agent: { port: AGENT_PORT, username: AGENT_USER, password: secrets.agentPassword },
  ...LIMITS[service.kind]?.[plan.size],
  parameters,
  broker: {
    instance: record.id,
    plan: plan.id,
    owner: record.owner,
    context: record.context,
    created_ms: record.created_ms,
  },
});

/** Those of the agent that registers the nodes. */
const consulOf = ({ deployment, service, domain }: ManifestInput): object => ({
  domain,
  node: `${deployment}-${service.role}`,
  service: deployment,
  alias: aliasOf(deployment, service),
  port: service.port,
});

const RELEASE_OF_CONSUL = "consul-dns";

/** The manifest of an instance, as YAML: what a plan and its parameters mean for a director (bosh.io/docs/manifest-v2). */
export function manifestOf(input: ManifestInput): string {
  const { deployment, service, plan } = input;
  const release = `a9s-${service.kind}`;
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
    releases: [
      { name: release, version: "latest" },
      { name: RELEASE_OF_CONSUL, version: "latest" },
    ],
    stemcells: [{ alias: "default", os: "ubuntu-jammy", version: "latest" }],
    update: { canaries: 1, max_in_flight: 1, canary_watch_time: "1000-180000", update_watch_time: "1000-180000" },
    instance_groups: [group],
  };
  // The director reads YAML 1.1, in which the texts `on`, `y` and `1:30` need quotes.
  return stringify(manifest, { version: "1.1" });
}
