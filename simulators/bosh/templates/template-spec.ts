import type { Fields } from "../configs/fields.ts";
import { isHash } from "../configs/fields.ts";
import type { VmNetwork } from "../cpi/cpi.ts";
import type { InstanceGroup } from "../deploy/manifest.ts";
import { DOMAIN, instanceDnsName } from "../links/content.ts";
import { setAt, valueAt } from "../links/providers.ts";
import type { ReleaseJob } from "../state/artifacts.ts";
import type { Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { LinkDns } from "../state/links.ts";
import { DirectorError, UNCLASSED } from "../wire/errors.ts";
import { rubyClass } from "./ruby.ts";

/*
 * The part of an instance that its templates can read (`TemplateSpec` in bosh-director's instance_spec.rb).
 */

/**
 * The properties that a job declares, nested, with the given values or its defaults (`bind_properties` in job.rb).
 *
 * @throws DirectorError 100 for a value where there should be a mapping
 */
export function boundProperties(job: ReleaseJob, given: Fields): Fields {
  const bound: Record<string, unknown> = {};
  for (const [name, fallback] of Object.entries(job.properties)) {
    checkPath(given, name);
    const value = valueAt(given, name);
    setAt(bound, name, sortKeys(value === undefined || value === null ? (fallback ?? null) : value));
  }
  return bound;
}

/** @throws DirectorError 100 */
function checkPath(given: Fields, name: string): void {
  let value: unknown = given;
  for (const key of name.split(".")) {
    if (!isHash(value))
      throw new DirectorError(UNCLASSED, `Property '${name}' expects a hash, but received '${rubyClass(value)}'`);
    value = Object.hasOwn(value, key) ? value[key] : undefined;
    if (value === undefined || value === null) return;
  }
}

/** Nested mappings, sorted by name: the order of properties must not make a difference. */
function sortKeys(value: unknown): unknown {
  if (!isHash(value)) return value;
  const names = Object.keys(value).toSorted();
  return Object.fromEntries(names.map((name) => [name, sortKeys(value[name])]));
}

/** The place and role in which an instance runs. */
interface Place {
  readonly director: Director;
  readonly group: InstanceGroup;
  readonly instance: Instance;
  readonly networks: readonly VmNetwork[];
  readonly dns: LinkDns;
  readonly diskMb: number;
}

/** The part of the spec that all jobs of an instance share. @throws DirectorError 130007 */
export function instanceSpec({ director, group, instance, networks, dns, diskMb }: Place): Fields {
  const settings = networks.map((network) => {
    const defaults = group.networks.find(({ name }) => name === network.name)?.defaults ?? [];
    if (network.type === "vip" && defaults.length > 0)
      throw new DirectorError(130007, "Can't provide any defaults since this is a VIP network");
    return { network, defaults };
  });
  const main = networks.find(({ name }) => name === dns.defaultNetwork);
  return {
    deployment: instance.deployment,
    job: { name: group.name },
    index: instance.index,
    bootstrap: instance.bootstrap,
    name: group.name,
    id: instance.id,
    az: instance.az === "" ? null : instance.az,
    networks: Object.fromEntries(
      settings.map(({ network, defaults }) => [network.name, networkSpec(network, defaults, instance)]),
    ),
    properties_need_filtering: true,
    dns_domain_name: DOMAIN,
    persistent_disk: diskMb,
    address: dns.usesNames ? instanceDnsName(director, instance, dns.defaultNetwork, dns) : (main?.ip ?? null),
    ip: main?.ip === "" ? null : (main?.ip ?? null),
  };
}

/** The stand-in for an address that only the IaaS knows. */
const UNKNOWN_IP = "127.0.0.1";

function networkSpec(network: VmNetwork, defaults: readonly string[], { index, group, deployment }: Instance): Fields {
  const isDynamic = network.type === "dynamic";
  return {
    type: network.type,
    ip: network.ip === "" && isDynamic ? UNKNOWN_IP : network.ip,
    ...(network.type !== "vip" && {
      netmask: isDynamic ? UNKNOWN_IP : network.netmask,
      gateway: isDynamic ? UNKNOWN_IP : network.gateway,
      dns: network.dns,
      default: defaults.toSorted(),
    }),
    prefix: network.ip.includes(":") ? "128" : "32",
    cloud_properties: network.cloudProperties,
    dns_record_name: [index, group, network.name, deployment, DOMAIN].join("."),
  };
}
