import type { Fields } from "../configs/fields.ts";
import { canonicalName } from "../deploy/canonical.ts";
import type { Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { LinkDns, LinkProvider } from "../state/links.ts";
import type { LinkSource } from "./resolve.ts";

/** The root domain of the director's DNS. */
export const DOMAIN = "bosh";

/** A link as a template sees it (deployment_plan/links/link.rb in bosh-director). */
export function linkContent(director: Director, source: LinkSource): Fields {
  if (source.kind === "manual") return source.content;
  const { provider, network, usesIps } = source;
  const { dns } = provider;
  const shown = network ?? dns.defaultNetwork;
  const names = usesIps === undefined ? dns.usesNames : !usesIps;
  const deployment = director.slot.value.deployments.get(provider.deployment);
  const instances = (deployment?.instances ?? []).filter(({ group }) => group === provider.group);
  return {
    deployment_name: provider.deployment,
    properties: provider.properties,
    ...(provider.kind === "disk"
      ? { instances: [] }
      : {
          domain: DOMAIN,
          default_network: shown,
          instance_group: provider.group,
          use_short_dns_addresses: dns.usesShortNames,
          use_link_dns_names: dns.usesLinkNames,
          group_name: `${provider.name}-${provider.type}`,
          instances: instances
            .toSorted((a, b) => a.index - b.index)
            .map((each) => instanceContent(director, each, provider, shown, names)),
        }),
  };
}

const instanceContent = (
  director: Director,
  instance: Instance,
  provider: LinkProvider,
  network: string,
  names: boolean,
): Fields => ({
  name: instance.group,
  id: instance.id,
  index: instance.index,
  bootstrap: instance.bootstrap,
  az: instance.az === "" ? null : instance.az,
  address: names
    ? instanceDnsName(director, instance, network, provider.dns, provider)
    : (instance.ips.find((each) => each.network === network)?.ip ?? addressOf(instance, network)),
});

/** The reserved address of an instance without an assigned one. */
const addressOf = (instance: Instance, _network: string): string => instance.pendingIps[0] ?? "";

/** The name of one instance in the director's DNS, in its long or its short form (dns/dns_encoder.rb in bosh-director). */
export function instanceDnsName(
  director: Director,
  instance: Instance,
  network: string,
  dns: Pick<LinkDns, "usesShortNames" | "usesLinkNames">,
  provider?: Pick<LinkProvider, "name" | "type">,
): string {
  const { dnsNetworks, dnsGroups } = director.slot.value;
  if (!dns.usesShortNames)
    return [instance.id, ...[instance.group, network, instance.deployment].map(canonicalName), DOMAIN].join(".");
  const group =
    dns.usesLinkNames && provider !== undefined
      ? groupKey("link", `${provider.name}-${provider.type}`, instance.deployment)
      : groupKey("instance-group", instance.group, instance.deployment);
  return `q-m${instance.row}n${dnsNetworks.indexOf(network) + 1}s0.q-g${dnsGroups.indexOf(group) + 1}.${DOMAIN}`;
}

/** The key by which a group of instances is numbered for short names. */
export const groupKey = (kind: "instance-group" | "link", name: string, deployment: string): string =>
  `${kind} ${name} ${deployment}`;

/** Numbers zones, networks and groups for short names, in the order in which the director learns of them (local_dns_encoder_manager.rb). */
export function numberForDns(
  director: Director,
  known: {
    readonly zones: Iterable<string>;
    readonly networks: Iterable<string>;
    readonly groups: Iterable<string>;
  },
): void {
  const { zones, dnsNetworks, dnsGroups } = director.slot.value;
  for (const [list, names] of [
    [zones, known.zones],
    [dnsNetworks, known.networks],
    [dnsGroups, known.groups],
  ] as const)
    for (const name of names) if (!list.includes(name)) list.push(name);
}

/** The numbers in short names, for templates. */
export function dnsNumbers({ slot }: Director): Fields {
  const { zones, dnsNetworks, dnsGroups } = slot.value;
  const numbersOf = (names: readonly string[]): Fields => Object.fromEntries(names.map((name, at) => [name, at + 1]));
  return { azs: numbersOf(zones), networks: numbersOf(dnsNetworks), groups: numbersOf(dnsGroups) };
}
