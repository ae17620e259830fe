import { isoSeconds, type Body } from "../../kernel/index.ts";
import { callAgent } from "../agent/calls.ts";
import { asFields, type Fields, isHash } from "../configs/fields.ts";
import { stemcellInZone } from "../configs/cpi-config.ts";
import { releaseAddress } from "../deploy/addresses.ts";
import type { VmRequest } from "../cpi/cpi.ts";
import { canonicalName } from "../deploy/canonical.ts";
import { fillVariables } from "../deploy/fill-variables.ts";
import type { PlannedInstance } from "../deploy/plan-instance.ts";
import type { Instance, Vm } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { isTruthy, rubyNoun } from "../templates/ruby.ts";
import { checkpoint } from "../tasks/transitions.ts";
import { DirectorError, UNCLASSED } from "../wire/errors.ts";
import { bootVm } from "./boot.ts";
import { attachDisks } from "./disk.ts";
import { instanceName, ownerOf } from "./names.ts";

/** Calls create_vm and pings the agent for a planned instance. @throws CpiError, DirectorError 450002 */
export function* bootPlanned(director: Director, task: Task, planned: PlannedInstance): Body<Vm> {
  const { instance, group, stemcell } = planned;
  checkpoint(task);
  const { networks, scope } = planned;
  const agentId = director.kernel.random("bosh/instances").uuid();
  const makeRequest = (): VmRequest => ({
    agentId,
    stemcellCid: stemcellInZone(director, stemcell, instance.az, planned.zoneCpi).cid,
    env: envOf(director, instance, fillVariables(director, scope, group.env)),
    cloudProperties: fillVariables(director, scope, planned.cloudProperties),
    networks: networks.map((each) => ({
      ...each,
      cloudProperties: fillVariables(director, scope, each.cloudProperties),
    })),
  });
  const { name, version, apiVersion } = stemcell;
  const image = { name, version, apiVersion };
  return yield* bootVm(
    director,
    task,
    ownerOf(instance),
    { agentId, networks, makeRequest },
    image,
    metadataOf(director, instance, planned.tags),
  );
}

/** Creates the VM of an instance; attaches and mounts a disk that the instance already has. */
export function* createVm(director: Director, task: Task, planned: PlannedInstance): Body {
  const { instance, group } = planned;
  instance.vm = yield* bootPlanned(director, task, planned);
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
  yield* attachDisks(director, task, instance);
  yield* callAgent(director, instance, "update_settings");
  yield* callAgent(director, instance, "apply");
}

/**
 * The environment of a VM: that of the group, with the names by which agents are grouped.
 *
 * @throws DirectorError 420001 for a name that yields no label; 100 in Ruby's words if the group's own part
 * is not a mapping
 */
function envOf({ name }: Director, { deployment, group }: Instance, env: Fields): Fields {
  if (isTruthy(env.bosh) && !isHash(env.bosh))
    throw new DirectorError(UNCLASSED, `no implicit conversion of ${rubyNoun(env.bosh)} into Hash`);
  const names = [
    name,
    deployment,
    group,
    `${name}-${deployment}`,
    `${deployment}-${group}`,
    `${name}-${deployment}-${group}`,
  ];
  const own = canonicalName(`${name}-${deployment}-${group}`);
  return { ...env, bosh: { ...asFields(env.bosh), group: own, groups: names.map(canonicalName) } };
}

/** Gives the instance the plan's addresses, and frees those that it no longer has. */
function takeAddresses(director: Director, instance: Instance, networks: PlannedInstance["networks"]): void {
  const old = instance.ips.filter(({ ip }) => !networks.some((network) => network.ip === ip));
  instance.ips = networks.map(({ name, ip }) => ({ network: name, ip }));
  instance.pendingIps = [];
  for (const { ip } of old) releaseAddress(director, ip);
}

/** The metadata with which the IaaS marks the VM of an instance. */
export const metadataOf = (
  director: Director,
  instance: Instance,
  tags: Readonly<Record<string, string>>,
): Record<string, string> => ({
  ...tags,
  director: director.name,
  deployment: instance.deployment,
  id: instance.id,
  job: instance.group,
  instance_group: instance.group,
  index: String(instance.index),
  name: instanceName(instance),
  created_at: isoSeconds(director.kernel.nowMs),
});
