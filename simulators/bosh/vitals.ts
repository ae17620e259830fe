import type { Body } from "../kernel/index.ts";
import { isoTime } from "./api/deployments.ts";
import type { Director } from "./director.ts";
import type { Deployment, Instance, Task } from "./state.ts";

/** Three tries of five seconds. */
const SILENCE_MS = 15_000;
const ANSWER_MS = 300;

/** `retrieve vm-stats`: one line of JSON per VM or instance (contract §6). */
export function* vmStats(director: Director, task: Task, args: Readonly<Record<string, unknown>>): Body<string> {
  const deployment = director.slot.value.deployments.get(String(args.deployment)) as Deployment;
  const chosen = deployment.instances.filter(({ vm }) => args.kind === "instances" || vm !== null);
  const silent = chosen.some((instance) => instance.vm !== null && !isReachable(director, instance));
  yield director.kernel.work(silent ? SILENCE_MS : ANSWER_MS);
  task.resultOutput = chosen.map((instance) => `${JSON.stringify(line(director, instance))}\n`).join("");
  return "";
}

export const isReachable = (director: Director, { vm }: Instance): boolean =>
  vm !== null && director.cpi.isAlive(vm.cid);

function line(director: Director, instance: Instance): Record<string, unknown> {
  const { vm } = instance;
  const reachable = isReachable(director, instance);
  const jobState = vm === null ? null : reachable ? vm.jobState : "unresponsive agent";
  return {
    vm_cid: vm?.cid ?? null,
    active: vm === null ? null : true,
    vm_created_at: vm === null ? null : isoTime(vm.createdMs),
    cloud_properties: vm?.cloudProperties ?? null,
    disk_cid: instance.disk?.cid ?? null,
    disk_cids: instance.disk === null ? [] : [instance.disk.cid],
    ips: vm === null ? [] : instance.ips.map(({ ip }) => ip),
    agent_id: vm?.agentId ?? null,
    job_name: instance.group,
    index: instance.index,
    job_state: jobState,
    state: instance.state,
    vm_type: vm?.vmType ?? null,
    vitals: vm !== null && reachable ? vitals(director, vm.createdMs) : null,
    processes: reachable ? processes(director, instance) : [],
    az: instance.az === "" ? null : instance.az,
    id: instance.id,
    bootstrap: instance.bootstrap,
    ignore: instance.ignore,
    stemcell:
      vm === null
        ? null
        : { name: vm.stemcell.name, version: vm.stemcell.version, api_version: vm.stemcell.apiVersion },
  };
}

const uptime = (director: Director, sinceMs: number): number => Math.floor((director.kernel.nowMs - sinceMs) / 1000);

/** Figures of an idle machine; only the uptime is simulated. */
function vitals(director: Director, sinceMs: number): object {
  const disk = { inode_percent: "3", percent: "12" };
  return {
    cpu: { sys: "0.4", user: "1.1", wait: "0.0" },
    disk: { ephemeral: disk, persistent: disk, system: disk },
    load: ["0.02", "0.04", "0.01"],
    mem: { kb: "412672", percent: "20" },
    swap: { kb: "0", percent: "0" },
    uptime: { secs: uptime(director, sinceMs) },
  };
}

function processes(director: Director, { vm }: Instance): readonly object[] {
  if (vm === null) return [];
  const state = vm.jobState;
  return vm.jobs.map(({ name }) => ({
    name,
    state,
    uptime: { secs: uptime(director, vm.createdMs) },
    mem: { kb: 2048, percent: 0.1 },
    cpu: { total: 0.2 },
  }));
}
