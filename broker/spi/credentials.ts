import type { ServiceName } from "../config.ts";
import type { InstanceRow } from "../store/schema.ts";
import type { Service } from "./catalog.ts";
import { aliasOf } from "./manifest.ts";

/** Where an instance is found by name. */
interface InstanceLocation {
  readonly service: Service;
  readonly domain: string;
  readonly instance: Pick<InstanceRow, "deployment" | "plan_id">;
}

const primaryOf = ({ service, domain, instance }: InstanceLocation): string =>
  `${aliasOf(instance.deployment, service)}.node.${domain}`;

function hostsOf({ service, domain, instance }: InstanceLocation): readonly string[] {
  const nodes = service.plans.find(({ id }) => id === instance.plan_id)?.nodes ?? 1;
  return Array.from({ length: nodes }, (_, at) => `${instance.deployment}-${service.role}-${at}.node.${domain}`);
}

/** What the keys of credentials are made of. */
interface Login {
  readonly deployment: string;
  /** The alias of the primary. */
  readonly host: string;
  readonly hosts: readonly string[];
  readonly port: number;
  readonly username: string;
  readonly password: string;
}

const uriOf = (scheme: string, { username, password, host, port }: Login, path: string): string =>
  `${scheme}://${username}:${password}@${host}:${port}/${path}`;

/** The keys per kind (docs/discoveries/data-services.md, "Bindings"): those of a9s PostgreSQL, of a9s KeyValue with those of the older a9s Redis beside them, and of a9s MongoDB. */
const SHAPES: Readonly<Record<ServiceName, (login: Login) => object>> = {
  postgresql: (login) => {
    const { deployment: name, host, hosts, port, username, password } = login;
    return { host, hosts, port, name, username, password, uri: uriOf("postgres", login, name) };
  },
  // The path of a Redis uri is the number of a database.
  redis: (login) => {
    const { host, hosts, port, username, password } = login;
    const valkey = { username, password, port };
    return { host, hosts, port, username, password, valkey, uri: uriOf("redis", login, "0") };
  },
  mongodb: (login) => {
    const { deployment: name, host, hosts, port, username, password } = login;
    // Its drivers take a list of members with their ports.
    const members = hosts.map((each) => `${each}:${port}`);
    const keys = { host, hosts: members, port, name, default_database: name, username, password };
    return { ...keys, uri: uriOf("mongodb", login, name) };
  },
};

/** What an application gets. */
export function credentialsOf(location: InstanceLocation, username: string, password: string): object {
  const { service, instance } = location;
  const { deployment } = instance;
  const hosts = { host: primaryOf(location), hosts: hostsOf(location), port: service.port };
  return SHAPES[service.kind]({ deployment, ...hosts, username, password });
}

/** What an application connects to, for platforms that open their own firewalls. */
export function endpointsOf(location: InstanceLocation): readonly object[] {
  const ports = [String(location.service.port)];
  return [primaryOf(location), ...hostsOf(location)].map((host) => ({ host, ports, protocol: "tcp" }));
}
