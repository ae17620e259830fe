import type { TaskArguments } from "../tasks/jobs.ts";
import { isoSeconds, type Body } from "../../kernel/index.ts";
import { shownIps } from "./addresses.ts";
import { agentState } from "../agent/state.ts";
import type { Instance, Vm } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";

/** Three tries of five seconds. */
const SILENCE_MS = 15_000;

const ANSWER_MS = 300;

/** `retrieve vm-stats`: one line of JSON per VM or instance (docs/discoveries/bosh-director.md, "Result output"). */
export function* retrieveVmStats(director: Director, task: Task, args: TaskArguments["vms"]): Body<string> {
  const deployment = director.slot.value.deployments.get(args.deployment);
  const chosen = (deployment?.instances ?? []).filter(({ vm }) => args.kind === "instances" || vm !== null);
  const said = new Map(chosen.map((instance) => [instance.id, agentState(director, instance)]));
  const isAnySilent = [...said.values()].includes("silent");
  yield isAnySilent ? SILENCE_MS : director.kernel.work(ANSWER_MS);
  task.resultOutput = chosen
    .map((instance) => `${JSON.stringify(statsLine(director, instance, said.get(instance.id) ?? "none"))}\n`)
    .join("");
  return "";
}

function statsLine(
  director: Director,
  instance: Instance,
  said: ReturnType<typeof agentState>,
): Record<string, unknown> {
  const { vm } = instance;
  const isReachable = vm !== null && said !== "silent";
  return {
    vm_cid: vm?.cid ?? null,
    active: vm === null ? null : true,
    vm_created_at: vm === null ? null : isoSeconds(vm.createdMs),
    cloud_properties: instance.applied === null ? null : instance.cloudProperties,
    disk_cid: instance.disk?.cid ?? null,
    disk_cids: [...(instance.disk === null ? [] : [instance.disk]), ...instance.namedDisks].map(({ cid }) => cid),
    ips: vm === null ? [] : shownIps(instance),
    agent_id: vm?.agentId ?? null,
    job_name: instance.group,
    index: instance.index,
    job_state: vm === null ? null : isReachable ? said : "unresponsive agent",
    state: instance.state,
    vm_type: instance.applied === null || instance.vmType === "" ? null : instance.vmType,
    vitals: isReachable ? vitalsOf(director, instance, vm.createdMs) : null,
    processes: isReachable ? processesOf(director, vm, said) : [],
    az: instance.az === "" ? null : instance.az,
    id: instance.id,
    bootstrap: instance.bootstrap,
    ignore: instance.ignore,
    stemcell: {
      name: vm?.stemcell.name ?? null,
      version: vm?.stemcell.version ?? null,
      api_version: vm?.stemcell.apiVersion ?? null,
    },
  };
}

const uptimeS = (director: Director, sinceMs: number): number => Math.floor((director.kernel.nowMs - sinceMs) / 1000);

/** Figures of an idle machine; only the uptime is simulated. */
function vitalsOf(director: Director, { disk }: Instance, sinceMs: number): object {
  const use = { inode_percent: "3", percent: "12" };
  return {
    cpu: { sys: "0.4", user: "1.1", wait: "0.0" },
    disk: { ephemeral: use, ...(disk && { persistent: use }), system: use },
    load: ["0.02", "0.04", "0.01"],
    mem: { kb: "412672", percent: "20" },
    swap: { kb: "0", percent: "0" },
    uptime: { secs: uptimeS(director, sinceMs) },
  };
}

function processesOf(director: Director, vm: Vm, state: string): readonly object[] {
  if (!vm.isSupervised) return [];
  const isUp = state !== "stopped";
  const secs = director.options.processUptimeS ?? uptimeS(director, vm.createdMs);
  return vm.jobs.map(({ name }) => ({
    name,
    state: isUp ? state : "unknown",
    uptime: isUp ? { secs } : {},
    mem: isUp ? { kb: 2048, percent: 0.1 } : { percent: 0 },
    cpu: { total: isUp ? 0.2 : 0 },
  }));
}
