import { isoSeconds, type Body } from "../../kernel/index.ts";
import { callAgent } from "../agent/calls.ts";
import { stemcellInZone } from "../configs/cpi-config.ts";
import { releaseAddress } from "../deploy/addresses.ts";
import type { PlannedInstance } from "../deploy/plan-instance.ts";
import type { Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { checkpoint } from "../tasks/transitions.ts";
import { bootVm } from "./boot.ts";
import { attachDisk } from "./disk.ts";
import { instanceName, ownerOf } from "./names.ts";

/** Makes the VM of an instance; a disk that the instance already has is attached and mounted. */
export function* createVm(director: Director, task: Task, planned: PlannedInstance): Body {
  const { instance, group, stemcell } = planned;
  checkpoint(task);
  const request = {
    agentId: director.kernel.random("bosh/instances").uuid(),
    stemcellCid: stemcellInZone(director, stemcell, instance.az, planned.zoneCpi).cid,
    cloudProperties: planned.cloudProperties,
    networks: planned.networks,
    env: { ...group.env, bosh: { group: `${director.name}-${instance.deployment}-${group.name}` } },
  };
  const { name, version, apiVersion } = stemcell;
  instance.vm = yield* bootVm(
    director,
    task,
    ownerOf(instance),
    request,
    { name, version, apiVersion },
    metadataOf(director, instance),
  );
  instance.vmType = group.vmType ?? "";
  instance.cloudProperties = planned.cloudProperties;
  takeAddresses(director, instance, planned.networks);
  const { stemcell: image, env, cloud_properties, network } = planned.parts;
  instance.applied = {
    ...instance.applied,
    ...(image === undefined ? {} : { stemcell: image }),
    ...(env === undefined ? {} : { env }),
    ...(cloud_properties === undefined ? {} : { cloud_properties }),
    ...(network === undefined ? {} : { network }),
  };
  if (instance.disk !== null) yield* attachDisk(director, task, instance, instance.disk.cid);
  yield* callAgent(director, instance, "update_settings");
  yield* callAgent(director, instance, "apply");
}

/** Gives the instance the addresses of the plan, and frees those that it no longer has. */
function takeAddresses(director: Director, instance: Instance, networks: PlannedInstance["networks"]): void {
  const old = instance.ips.filter(({ ip }) => !networks.some((network) => network.ip === ip));
  instance.ips = networks.map(({ name, ip }) => ({ network: name, ip }));
  instance.pendingIps = [];
  for (const { ip } of old) releaseAddress(director, ip);
}

/** The metadata with which the IaaS marks the VM of an instance. */
export const metadataOf = (director: Director, instance: Instance): Record<string, string> => ({
  director: director.name,
  deployment: instance.deployment,
  id: instance.id,
  job: instance.group,
  instance_group: instance.group,
  index: String(instance.index),
  name: instanceName(instance),
  created_at: isoSeconds(director.kernel.nowMs),
});
