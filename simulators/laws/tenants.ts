import { AGENT_PORT } from "../addresses.ts";
import { isInRange, parseIpv4Range } from "../openstack/neutron/behaviour/ip.ts";
import type { LawfulWorld } from "./lookup.ts";

type Neutron = ReturnType<LawfulWorld["openstack"]["state"]>["neutron"];
type Group = Neutron["groups"] extends Map<string, infer G> ? G : never;
type Rule = Group["rules"][number];

/** A VM with a data service, and the groups of its port. */
interface Vm {
  readonly deployment: string;
  readonly groups: readonly Group[];
}

function vmsOf({ openstack, dataservices }: LawfulWorld): readonly Vm[] {
  const { ports, groups } = openstack.state().neutron;
  const deployments = new Map(dataservices.instances().map(({ address, deployment }) => [address, deployment]));
  return [...ports.values()].flatMap(({ fixedIps, groups: ids }) => {
    const deployment = fixedIps.map(({ ip }) => deployments.get(ip)).find((each) => each !== undefined);
    return deployment === undefined ? [] : [{ deployment, groups: ids.flatMap((id) => groups.get(id) ?? []) }];
  });
}

/** The deployments whose VMs carry a group, by group. */
function carriersOf(vms: readonly Vm[]): ReadonlyMap<string, ReadonlySet<string>> {
  const carriers = new Map<string, Set<string>>();
  for (const { deployment, groups } of vms) {
    for (const { id } of groups) carriers.set(id, (carriers.get(id) ?? new Set()).add(deployment));
  }
  return carriers;
}

const covers = ({ portMin, portMax, protocol }: Rule, port: number): boolean =>
  protocol === null || ((portMin === null || portMin <= port) && (portMax === null || port <= portMax));

/** Whether two prefixes share addresses: then one lies in the other. */
function overlap(a: string, b: string): boolean {
  const [x, y] = [parseIpv4Range(a), parseIpv4Range(b)];
  return x !== undefined && y !== undefined && x.first <= y.last && y.first <= x.last;
}

const isOneAddress = (prefix: string): boolean => parseIpv4Range(prefix)?.bits === 32;

function isInside(prefix: string, network: string): boolean {
  const [inner, outer] = [parseIpv4Range(prefix), parseIpv4Range(network)];
  const [address = ""] = prefix.split("/");
  return inner !== undefined && outer !== undefined && inner.bits >= outer.bits && isInRange(outer, address);
}

/** Whom a rule wrongly admits; undefined if nobody. */
function intruders({ plan }: LawfulWorld, rule: Rule, isOwn: (groupId: string) => boolean): string | undefined {
  const { remoteGroupId: group, remoteIpPrefix: prefix } = rule;
  if (group !== null) return isOwn(group) ? undefined : "VMs of other instances";
  if (prefix === null) return "everybody";
  if (overlap(prefix, plan.serviceInstances.cidr)) return `${prefix}, where instances are`;
  if (overlap(prefix, plan.management.cidr) && !isOneAddress(prefix)) return `${prefix}, a whole network`;
  return covers(rule, AGENT_PORT) && !isInside(prefix, plan.management.cidr) ? `${prefix} at its agent` : undefined;
}

/** No group of a VM with a data service lets in another instance, a network of the cloud, or anybody but the platform at its agent. */
export function tenantLaws(world: LawfulWorld): readonly string[] {
  const vms = vmsOf(world);
  const carriers = carriersOf(vms);
  const lines = vms.flatMap(({ deployment, groups }) => {
    const isOwn = (id: string): boolean => [...(carriers.get(id) ?? [])].every((each) => each === deployment);
    return groups.flatMap(({ name, rules }) =>
      rules
        .filter(({ direction }) => direction === "ingress")
        .flatMap((rule) => intruders(world, rule, isOwn) ?? [])
        .map((who) => `the security group ${name} of ${deployment} lets in ${who}`),
    );
  });
  return [...new Set(lines)];
}
