import type { InstanceRow } from "../store/schema.ts";
import type { Service } from "./catalog.ts";
import { aliasOf } from "./manifest.ts";

/** Where an instance is found by name. */
interface InstanceLocation {
  readonly service: Service;
  readonly domain: string;
  readonly instance: Pick<InstanceRow, "deployment" | "plan_id">;
}

const SCHEMES = { postgresql: "postgres", redis: "redis", mongodb: "mongodb" } as const;

const primaryOf = ({ service, domain, instance }: InstanceLocation): string =>
  `${aliasOf(instance.deployment, service)}.node.${domain}`;

function hostsOf({ service, domain, instance }: InstanceLocation): readonly string[] {
  const nodes = service.plans.find(({ id }) => id === instance.plan_id)?.nodes ?? 1;
  return Array.from({ length: nodes }, (_, at) => `${instance.deployment}-${service.role}-${at}.node.${domain}`);
}

/** What an application gets: the keys of a9s PostgreSQL; Redis and MongoDB differ in the scheme of the uri, and MongoDB says which database is the default. */
export function credentialsOf(location: InstanceLocation, username: string, password: string): object {
  const { service, instance } = location;
  const host = primaryOf(location);
  return {
    host,
    hosts: hostsOf(location),
    port: service.port,
    name: instance.deployment,
    ...(service.kind === "mongodb" && { default_database: instance.deployment }),
    username,
    password,
    uri: `${SCHEMES[service.kind]}://${username}:${password}@${host}:${service.port}/${instance.deployment}`,
  };
}

/** What an application connects to, for platforms that open their own firewalls. */
export function endpointsOf(location: InstanceLocation): readonly object[] {
  const ports = [String(location.service.port)];
  return [primaryOf(location), ...hostsOf(location)].map((host) => ({ host, ports, protocol: "tcp" }));
}
