import type { InstanceRow } from "../store/schema.ts";
import type { Service } from "./services/service.ts";

/** Where an instance is found by name. */
interface InstanceLocation {
  readonly service: Service;
  readonly domain: string;
  readonly instance: Pick<InstanceRow, "deployment" | "plan_id">;
}

const primaryOf = ({ service, domain, instance }: InstanceLocation): string =>
  `${service.aliasOf(instance.deployment)}.node.${domain}`;

function hostsOf({ service, domain, instance }: InstanceLocation): readonly string[] {
  const nodes = service.plans.find(({ id }) => id === instance.plan_id)?.nodes ?? 1;
  return Array.from({ length: nodes }, (_, at) => `${instance.deployment}-${service.role}-${at}.node.${domain}`);
}

/**
 * What an application gets (docs/discoveries/data-services.md, "Bindings").
 *
 * @param cacrt PEM of the authority of an instance that speaks TLS
 */
export function credentialsOf(
  location: InstanceLocation,
  login: { readonly username: string; readonly password: string; readonly cacrt?: string },
): object {
  const { service, instance } = location;
  const hosts = { host: primaryOf(location), hosts: hostsOf(location), port: service.port };
  return service.credentials({ deployment: instance.deployment, ...hosts, ...login });
}

/** The names of all nodes that an instance of a service may have, whatever its plan becomes. */
export const nodeNamesOf = (service: Service, deployment: string, domain: string): readonly string[] =>
  Array.from({ length: NODES_MAX }, (_, at) => `${deployment}-${service.role}-${at}.node.${domain}`);

/** Every name at which an instance of a service may be reached, whatever its plan becomes: the names of its certificate. */
export const namesOf = (service: Service, deployment: string, domain: string): readonly string[] => [
  `${service.aliasOf(deployment)}.node.${domain}`,
  ...nodeNamesOf(service, deployment, domain),
  `${deployment}.service.${domain}`,
];

const NODES_MAX = 3;

/** The addresses to which an application connects, for platforms that open their own firewalls. */
export function endpointsOf(location: InstanceLocation): readonly object[] {
  const ports = [String(location.service.port)];
  return [primaryOf(location), ...hostsOf(location)].map((host) => ({ host, ports, protocol: "tcp" }));
}
