import { vmProperties } from "../configs/cloud-config.ts";
import { orphanVm } from "../instances/destroy-vm.ts";
import type { Instance, Standby } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { reserveAddresses } from "./addresses.ts";
import type { DeployPlan, PlannedGroup } from "./adopt.ts";
import { updateRequestOf } from "./changes.ts";
import { scopeIn } from "./fill-variables.ts";
import { vmParts } from "./plan-instance.ts";
import type { DeployRun } from "./run.ts";

/*
 * create-swap-delete: the new VM of an instance is created beside the old one and takes its place; the old
 * one is left to the sweep of orphans (recreate_handler.rb and reservation_reconciler.rb in bosh-director).
 */

/** Whether instances of a group get their new VM beside the old one: never if an address is static. */
const swapsVms = ({ group }: Pick<PlannedGroup, "group">): boolean =>
  group.update.vmStrategy === "create-swap-delete" && group.networks.every(({ staticIps }) => staticIps === undefined);

/** Decides which instances of a group get a second VM. Second VMs that an earlier deploy left and that no longer fit become orphans. */
export function planSwaps(run: DeployRun, plan: DeployPlan, planned: PlannedGroup): void {
  const { director, task } = run;
  for (const instance of planned.instances.filter(({ ignore }) => !ignore)) {
    const properties = vmProperties(plan.config, instance.az, planned.group, director.cpi);
    const parts = vmParts(director, planned, properties, scopeIn(director, instance.deployment, plan.variableSet));
    if (instance.standby !== null && !fits(instance.standby, parts)) orphanStandby(director, task, instance);
    if (!swapsVms(planned) || instance.vm === null || instance.state === "detached") continue;
    const request = updateRequestOf(run, instance);
    if (request.agent === "silent") continue;
    const isRenewed = request.recreate || !fits({ applied: instance.applied ?? {} }, parts);
    if (isRenewed || needsOtherAddress(director, plan, planned, instance)) planned.doubled.add(instance.id);
  }
}

const fits = ({ applied }: Pick<Standby, "applied">, parts: ReturnType<typeof vmParts>): boolean =>
  applied.stemcell === parts.stemcell &&
  applied.env === parts.env &&
  applied.cloud_properties === parts.cloud_properties;

/** Whether the plan gives the instance a different address on any network. */
function needsOtherAddress(director: Director, plan: DeployPlan, planned: PlannedGroup, instance: Instance): boolean {
  const networks = reserveAddresses(director, plan, planned, instance);
  const before = new Set(instance.ips.map(({ network, ip }) => `${network} ${ip}`));
  return networks.length !== before.size || networks.some(({ name, ip }) => !before.has(`${name} ${ip}`));
}

/** Gives up the second VM of an instance. */
function orphanStandby(director: Director, task: Task, instance: Instance): void {
  const { standby } = instance;
  if (standby === null) return;
  instance.standby = null;
  orphanVm(
    director,
    task,
    instance,
    standby.vm.cid,
    standby.networks.map(({ ip }) => ip),
  );
}
