import type { Body } from "../../kernel/index.ts";
import { stopJobs } from "../agent/behaviours.ts";
import { callAgent } from "../agent/calls.ts";
import type { PlannedInstance } from "../deploy/plan-instance.ts";
import type { Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { attachDisks, detachDisks } from "./disk.ts";
import { bootPlanned } from "./create-vm.ts";
import { orphanVm } from "./destroy-vm.ts";

/** Creates the VM that will replace that of an instance. It gets no disk yet. */
export function* createStandby(director: Director, task: Task, planned: PlannedInstance): Body {
  const { instance, group, networks, cloudProperties, parts } = planned;
  const vm = yield* bootPlanned(director, task, planned);
  const { stemcell, env, cloud_properties, network } = parts;
  instance.pendingIps = [];
  instance.standby = {
    vm,
    vmType: group.vmType ?? "",
    cloudProperties,
    networks,
    applied: {
      ...(stemcell === undefined ? {} : { stemcell }),
      ...(env === undefined ? {} : { env }),
      ...(cloud_properties === undefined ? {} : { cloud_properties }),
      ...(network === undefined ? {} : { network }),
    },
  };
  yield* callStandby(director, instance, "update_settings");
  yield* callStandby(director, instance, "apply");
}

/** Has the agent of the second VM download what the instance will run. */
export const prepareStandby = (director: Director, instance: Instance): Body =>
  callStandby(director, instance, "prepare");

function* callStandby(director: Director, instance: Instance, method: Parameters<typeof callAgent>[2]): Body {
  if (instance.standby !== null) yield* callAgent(director, { ...instance, vm: instance.standby.vm }, method);
}

/**
 * Replaces the first VM by the second: the disk moves over, and the old VM becomes an orphan that keeps its
 * addresses.
 */
export function* swapVm(director: Director, task: Task, instance: Instance): Body {
  const { standby, vm: old } = instance;
  if (standby === null) return;
  yield* detachDisks(director, instance);
  if (old !== null) {
    yield* callAgent(director, instance, "shutdown");
    stopJobs(director.behaviours, instance, true);
    orphanVm(
      director,
      task,
      instance,
      old.cid,
      instance.ips.map(({ ip }) => ip),
    );
  }
  instance.vm = standby.vm;
  instance.vmType = standby.vmType;
  instance.cloudProperties = standby.cloudProperties;
  instance.ips = standby.networks.map(({ name, ip }) => ({ network: name, ip }));
  instance.applied = { ...instance.applied, ...standby.applied };
  instance.standby = null;
  yield* attachDisks(director, task, instance);
  yield* callAgent(director, instance, "update_settings");
}
