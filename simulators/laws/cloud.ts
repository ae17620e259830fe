import type { LawfulWorld, Lookup } from "./lookup.ts";

const nameOf = ({ group, id }: { readonly group: string; readonly id: string }): string => `${group}/${id}`;

/** Each server belongs to an instance, is a VM that the director lists as an orphan, or is one of the founders of the platform. */
function servers({ openstack, bosh }: LawfulWorld, known: Lookup): readonly string[] {
  const { orphanVms } = bosh.state();
  return [...openstack.state().nova.servers.values()]
    .filter(
      ({ id, projectId, vm, task, createdMs }) =>
        projectId === known.project &&
        vm !== "deleted" &&
        task !== "deleting" &&
        !known.byVm.has(id) &&
        !orphanVms.has(id) &&
        !known.founders.has(id) &&
        !known.inFlight(createdMs),
    )
    .map(({ id, name }) => `server ${id} (${name}) has no owner`);
}

/** The VM and the disk of each instance exist; a VM that vanished from a deployment that never succeeded can't be repaired, only deleted with it. */
function instances({ openstack, bosh }: LawfulWorld, known: Lookup): readonly string[] {
  const { nova, cinder } = openstack.state();
  const { deployments } = bosh.state();
  const isRepaired = (deployment: string): boolean => deployments.get(deployment)?.manifest !== null;
  return known.instances
    .filter(({ deployment }) => !known.busy.has(deployment))
    .flatMap((instance) => {
      const { vm, disk, deployment } = instance;
      const what = `${deployment} ${nameOf(instance)}`;
      return [
        ...(vm !== null && isRepaired(deployment) && !nova.servers.has(vm.cid)
          ? [`the VM ${vm.cid} of ${what} does not exist`]
          : []),
        ...(disk !== null && !cinder.volumes.has(disk.cid) ? [`the disk ${disk.cid} of ${what} does not exist`] : []),
      ];
    });
}

/** Each port belongs to a live server, a router or a floating address. */
function ports({ openstack }: LawfulWorld, known: Lookup): readonly string[] {
  const { nova, neutron } = openstack.state();
  const floating = new Set([...neutron.floatingIps.values()].map(({ ownPortId }) => ownPortId));
  return [...neutron.ports.values()]
    .filter(
      ({ id, projectId, deviceId, createdMs }) =>
        projectId === known.project &&
        !nova.servers.has(deviceId) &&
        !neutron.routers.has(deviceId) &&
        !floating.has(id) &&
        !known.inFlight(createdMs),
    )
    .map(({ id, fixedIps }) => `port ${id} (${fixedIps.map(({ ip }) => ip).join(", ")}) belongs to nothing`);
}

/** Each volume is the disk of an instance, a disk that the director lists as an orphan, or attached to a founder. */
function volumes({ openstack, bosh }: LawfulWorld, known: Lookup): readonly string[] {
  const { orphanDisks } = bosh.state();
  return [...openstack.state().cinder.volumes.values()]
    .filter(
      ({ id, projectId, status, attachments, createdMs }) =>
        projectId === known.project &&
        status !== "deleting" &&
        !known.byDisk.has(id) &&
        !orphanDisks.has(id) &&
        !attachments.some(({ serverId }) => known.founders.has(serverId)) &&
        !known.inFlight(createdMs),
    )
    .map(({ id, status }) => `volume ${id} (${status}) is nobody's disk`);
}

/** Each disk that the director lists as an orphan exists, so that the list does not grow forever. */
function orphans({ openstack, bosh }: LawfulWorld, known: Lookup): readonly string[] {
  if (known.project === "") return [];
  const { volumes: disks } = openstack.state().cinder;
  return [...bosh.state().orphanDisks.values()]
    .filter(({ cid, deployment }) => !disks.has(cid) && !known.busy.has(deployment))
    .map(({ cid, deployment }) => `the orphaned disk ${cid} of ${deployment} does not exist`);
}

/** Each address that the director has assigned is that of an instance, or of a VM that it lists as an orphan. */
function addresses({ bosh }: LawfulWorld, known: Lookup): readonly string[] {
  const { addresses: given, orphanVms } = bosh.state();
  const orphaned = new Set([...orphanVms.values()].flatMap(({ ips }) => ips));
  const pending = new Set(known.instances.flatMap(({ pendingIps }) => pendingIps));
  return [...given]
    .filter(
      ([ip, { deployment }]) =>
        !known.byAddress.has(ip) && !pending.has(ip) && !orphaned.has(ip) && !known.busy.has(deployment),
    )
    .map(([ip, { deployment }]) => `the director keeps address ${ip} for ${deployment}, which has no such instance`);
}

/** The laws of servers, instances, ports, volumes, orphans and addresses: a line for each violation. */
export const cloudLaws = (world: LawfulWorld, known: Lookup): readonly string[] =>
  [servers, instances, ports, volumes, orphans, addresses].flatMap((law) => law(world, known));
