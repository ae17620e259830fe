import { canonicalName } from "../deploy/canonical.ts";
import type { Instance } from "../state/deployments.ts";
import type { DirectorState } from "../state/index.ts";
import type { LinkProvider } from "../state/links.ts";
import { DOMAIN, groupKey } from "./content.ts";

/** The columns of the records, in order (dns/dns_records.rb in bosh-director). */
const RECORD_KEYS = [
  "id",
  "num_id",
  "instance_group",
  "group_ids",
  "az",
  "az_id",
  "network",
  "network_id",
  "deployment",
  "ip",
  "domain",
  "agent_id",
  "instance_index",
] as const;

/** The records of every instance that has a VM, as the director hands them to the agents: `records.json` of BOSH DNS. */
export function dnsRecords(state: DirectorState, version: number): string {
  const providers = state.links.providers.filter(({ kind }) => kind === "job");
  const instances = [...state.deployments.values()].flatMap((deployment) => deployment.instances);
  const rows = instances.flatMap((instance) => rowsOf(state, providers, instance));
  return JSON.stringify({
    records: rows.map(({ ip, name }) => [ip, name]),
    version,
    record_keys: RECORD_KEYS,
    record_infos: rows.map(({ info }) => info),
    aliases: aliasesOf(state, providers),
  });
}

const numberIn = (list: readonly string[], name: string): string => {
  const at = list.indexOf(name);
  return at < 0 ? "" : String(at + 1);
};

interface Row {
  readonly ip: string;
  readonly name: string;
  readonly info: readonly unknown[];
}

function rowsOf(state: DirectorState, providers: readonly LinkProvider[], instance: Instance): readonly Row[] {
  const { id, row, vm, az, index, ips } = instance;
  if (vm === null) return [];
  const [group, deployment] = [canonicalName(instance.group), canonicalName(instance.deployment)];
  const groups = [
    groupKey("instance-group", instance.group, instance.deployment),
    ...providers
      .filter((each) => each.deployment === instance.deployment && each.group === instance.group)
      .map((each) => groupKey("link", `${each.name}-${each.type}`, each.deployment)),
  ];
  const groupIds = [...new Set(groups.map((key) => numberIn(state.dnsGroups, key)))]
    .filter((each) => each !== "")
    .sort();
  return ips.map(({ network: named, ip }) => {
    const network = canonicalName(named);
    const azId = numberIn(state.zones, az);
    const networkId = numberIn(state.dnsNetworks, named);
    return {
      ip,
      name: [id, group, network, deployment, DOMAIN].join("."),
      info: [
        id,
        String(row),
        group,
        groupIds,
        az === "" ? null : az,
        azId === "" ? null : azId,
        network,
        networkId,
        deployment,
        ip,
        DOMAIN,
        vm.agentId,
        index,
      ],
    };
  });
}

function aliasesOf(state: DirectorState, providers: readonly LinkProvider[]): Readonly<Record<string, unknown[]>> {
  const aliases: Record<string, unknown[]> = {};
  for (const { aliases: given, name, type, deployment } of providers) {
    const groupId = numberIn(state.dnsGroups, groupKey("link", `${name}-${type}`, deployment));
    for (const { domain, ...rest } of given)
      (aliases[domain] ??= []).push({ group_id: groupId, root_domain: DOMAIN, ...rest });
  }
  return aliases;
}
