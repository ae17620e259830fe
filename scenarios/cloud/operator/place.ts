import Type, { type Static } from "typebox";
import type { World } from "../../../simulators/world.ts";
import { openStackClient, type OpenStackClient } from "../../clients/openstack.ts";

/** A data service on a VM. */
type Instance = ReturnType<World["dataservices"]["instances"]>[number];

/** An OpenStack client of the platform's project, as its operator has one. */
export const operatorOfOpenStack = (world: World): Promise<OpenStackClient> =>
  openStackClient(world.environmentAt(world.plan.applications), {
    ...world.credentials.openstackAdmin,
    ...world.credentials.cpi,
  });

const Rule = Type.Object({
  direction: Type.String(),
  remote_ip_prefix: Type.Union([Type.String(), Type.Null()]),
  port_range_min: Type.Union([Type.Integer(), Type.Null()]),
  port_range_max: Type.Union([Type.Integer(), Type.Null()]),
});
const Group = Type.Object({ id: Type.String(), security_group_rules: Type.Array(Rule) });
const Groups = Type.Object({ security_groups: Type.Array(Group) });
const Ports = Type.Object({
  ports: Type.Array(Type.Object({ fixed_ips: Type.Array(Type.Object({ ip_address: Type.String() })) })),
});

/** The group that data guard made for an instance; it has the instance's name. Undefined before its first binding. */
export async function guardGroupOf(
  openstack: OpenStackClient,
  instance: string,
): Promise<Static<typeof Group> | undefined> {
  const name = encodeURIComponent(`guard_${instance}`);
  return (await openstack.callAs(Groups, "network", "GET", `/security-groups?name=${name}`)).security_groups[0];
}

/** The primary of a service instance, as an operator finds it, by the ports that are in its group; undefined if it has none. @param openstack whoever looks often brings it */
export async function findPrimary(
  world: World,
  instance: string,
  openstack?: OpenStackClient,
): Promise<Instance | undefined> {
  const client = openstack ?? (await operatorOfOpenStack(world));
  const group = await guardGroupOf(client, instance);
  if (group === undefined) return undefined;
  const { ports } = await client.callAs(Ports, "network", "GET", `/ports?security_groups=${group.id}`);
  const addresses = ports.flatMap(({ fixed_ips: ips }) => ips.map(({ ip_address: ip }) => ip));
  return addresses
    .map((ip) => world.dataservices.at(ip))
    .find((each) => each !== undefined && world.dataservices.primaryOf(each.deployment, each.kind) === each);
}

/** The same. @throws Error if it has none */
export async function requirePrimary(world: World, instance: string): Promise<Instance> {
  const primary = await findPrimary(world, instance);
  if (primary === undefined) throw new Error(`instance ${instance} has no primary at present`);
  return primary;
}

/** The director's name of an instance, `group/id`, and the CID of its VM. @throws Error if no VM has the address */
export function vmAt(world: World, address: string): { readonly name: string; readonly cid: string } {
  for (const { instances } of world.bosh.state().deployments.values())
    for (const { group, id, vm, ips } of instances)
      if (vm !== null && ips.some(({ ip }) => ip === address)) return { name: `${group}/${id}`, cid: vm.cid };
  throw new Error(`no VM has ${address}`);
}
