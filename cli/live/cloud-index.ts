import type { World } from "../../simulators/world.ts";

type OpenStackState = ReturnType<World["openstack"]["state"]>;
type PortRow = OpenStackState["neutron"]["ports"] extends Map<string, infer P> ? P : never;

/** Indexes that lead from one thing to another, made once for all rows. */
export interface CloudIndex {
  /** The first port of each server. */
  readonly portOf: ReadonlyMap<string, PortRow>;
  /** DNS names, by address. */
  readonly namesAt: ReadonlyMap<string, readonly string[]>;
  /** Deployments that a task is working on. */
  readonly busy: ReadonlySet<string>;
  /** Ids of the servers, ports and volumes that VMs of the director use. */
  readonly owned: Set<string>;
}

/** Indexes a cloud. */
export function indexCloud({ openstack, bosh, dns }: World): CloudIndex {
  const portOf = new Map<string, PortRow>();
  for (const port of openstack.state().neutron.ports.values())
    if (!portOf.has(port.deviceId)) portOf.set(port.deviceId, port);
  const namesAt = new Map<string, string[]>();
  for (const { name, address } of dns.catalog.nodes()) {
    const names = namesAt.get(address) ?? [];
    namesAt.set(address, names);
    names.push(name);
  }
  const { tasks } = bosh.state();
  const busy = new Set<string>();
  for (const { state, deployment } of tasks.values())
    if ((state === "processing" || state === "cancelling") && deployment !== null) busy.add(deployment);
  return { portOf, namesAt, busy, owned: new Set() };
}
