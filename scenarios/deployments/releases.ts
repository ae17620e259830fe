import type { JobSpec, ReleaseSpec } from "./artifacts.ts";

const job = (name: string, ...properties: string[]): JobSpec => ({
  name,
  properties: Object.fromEntries(properties.map((property) => [property, { description: `${property} of ${name}` }])),
});

const dataService = (name: string, ...custom: string[]): ReleaseSpec => ({
  name: `a9s-${name}`,
  version: "1",
  jobs: [
    job(
      name,
      "database",
      "port",
      "agent.port",
      "agent.username",
      "agent.password_sha256",
      "engine_version",
      "tls.ca",
      "tls.certificate",
      "tls.private_key",
      "tls.names",
      "disk_mb",
      ...custom,
    ),
  ],
});

const controlPlane = (name: string): ReleaseSpec => ({
  name: `${name}-service`,
  version: "1",
  jobs: [job("service-broker", "service", "port", "name")],
});

/** The releases that the platform uploads to its director, in this order. */
export const RELEASES: readonly ReleaseSpec[] = [
  {
    name: "consul-dns",
    version: "1",
    jobs: [job("consul-server", "domain"), job("consul-agent", "domain", "node", "service", "alias", "port")],
  },
  { name: "a9s-pg", version: "1", jobs: [job("platform-postgresql", "port")] },
  { name: "backup-service", version: "1", jobs: [job("backup-manager", "container")] },
  { name: "service-guard", version: "1", jobs: [job("service-guard", "prefix")] },
  dataService("postgresql", "parameters", "max_connections", "memory_mb"),
  dataService("redis", "parameters", "maxmemory", "maxclients"),
  dataService("mongodb", "parameters"),
  controlPlane("postgresql"),
  controlPlane("redis"),
  controlPlane("mongodb"),
];
