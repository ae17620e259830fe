import type { DeploymentRow, Health, VmRow } from "../../reports/live/feed.ts";
import { KINDS } from "../../simulators/dataservices/state.ts";
import { statusOf } from "../../simulators/openstack/nova/wire/server-status.ts";
import type { World } from "../../simulators/world.ts";
import type { CloudIndex } from "./cloud-index.ts";

type Deployment = ReturnType<World["bosh"]["state"]>["deployments"] extends Map<string, infer D> ? D : never;
type Instance = Deployment["instances"][number];

function healthOf({ state, vm, deployment }: Instance, busy: ReadonlySet<string>): Health {
  if (busy.has(deployment)) return "busy";
  if (state !== "started") return "off";
  return vm !== null && vm.jobState === "running" ? "ok" : "broken";
}

/** The Nova server of a VM, with its status as Nova calls it. */
function serverOf({ openstack }: World, cid: string): VmRow["server"] {
  const server = openstack.state().nova.servers.get(cid);
  return server === undefined ? undefined : { id: cid, status: statusOf(server) };
}

function vmRow(world: World, instance: Instance, index: CloudIndex): VmRow {
  const { deployment, group, id, az, vm, disk, ips } = instance;
  const [address] = ips;
  const server = vm === null ? undefined : serverOf(world, vm.cid);
  const port = vm === null ? undefined : index.portOf.get(vm.cid);
  const volume = disk === null ? undefined : world.openstack.state().cinder.volumes.get(disk.cid);
  for (const each of [vm?.cid, port?.id, disk?.cid]) if (each !== undefined) index.owned.add(each);
  const service = address === undefined ? undefined : world.dataservices.at(address.ip);
  return {
    kind: "vm",
    id: `vm/${deployment}/${group}/${id}`,
    name: `${group}/${instance.index}`,
    health: healthOf(instance, index.busy),
    state: vm === null ? "no VM" : vm.jobState,
    deployment,
    az: az ?? "",
    ip: address?.ip ?? "",
    ...(server && { server }),
    ...(port && { port: { id: port.id, status: port.status, network: port.networkId } }),
    groups: (port?.groups ?? []).map((each) => `group/${each}`),
    ...(volume && { volume: { id: volume.id, status: volume.status, sizeGb: volume.sizeGb } }),
    names: index.namesAt.get(address?.ip ?? "") ?? [],
    ...(service && { service: `${service.kind}, ${service.role}` }),
  };
}

/** The worst state of its VMs. */
function worstOf(healths: readonly Health[]): Health {
  return (["busy", "broken", "off"] as const).find((each) => healths.includes(each)) ?? "ok";
}

/** The purpose of a deployment: the data service of its VMs' job, otherwise a part of the platform. */
const familyOf = ({ instances }: Deployment): string =>
  KINDS.find((kind) => instances.some(({ vm }) => vm?.jobs.some(({ name }) => name === kind))) ?? "platform";

/** The deployments of the director and their VMs. */
export function boshRows(world: World, index: CloudIndex): readonly (DeploymentRow | VmRow)[] {
  return [...world.bosh.state().deployments.values()].flatMap((deployment) => {
    const vms = deployment.instances.map((instance) => vmRow(world, instance, index));
    const health = index.busy.has(deployment.name) ? "busy" : worstOf(vms.map((vm) => vm.health));
    const row: DeploymentRow = {
      kind: "deployment",
      id: `deployment/${deployment.name}`,
      name: deployment.name,
      health,
      state: health === "busy" ? "a task is working on it" : vms.length === 1 ? "1 VM" : `${vms.length} VMs`,
      family: familyOf(deployment),
      vms: vms.length,
    };
    return [row, ...vms];
  });
}
