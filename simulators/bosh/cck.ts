import type { Body } from "../kernel/index.ts";
import { agentCall, agentState } from "./agent.ts";
import { deploymentLock } from "./deploy/deploy.ts";
import { attachDisk, deleteVm, forgetVm, nameOf, title } from "./deploy/instance.ts";
import type { Director } from "./director.ts";
import { DirectorError, messageOf, UNCLASSED } from "./errors.ts";
import { recreate } from "./resurrection.ts";
import type { Deployment, Instance, Problem, Task } from "./state.ts";
import { holding, Stage } from "./tasks.ts";

/** An agent is given this long by a scan, in true time. */
const SILENCE_MS = 10_000;

interface Resolution {
  readonly name: string;
  readonly plan: string;
}

const IGNORE: Resolution = { name: "ignore", plan: "Skip for now" };
const RECREATE: readonly Resolution[] = [
  { name: "recreate_vm_without_wait", plan: "Recreate VM without waiting for processes to start" },
  { name: "recreate_vm", plan: "Recreate VM and wait for processes to start" },
];

/** What may be done about each type of problem (docs/discoveries/bosh-director.md, "Cloud check"). */
export const RESOLUTIONS: Readonly<Record<Problem["type"], readonly Resolution[]>> = {
  unresponsive_agent: [
    IGNORE,
    { name: "reboot_vm", plan: "Reboot VM" },
    ...RECREATE,
    { name: "delete_vm", plan: "Delete VM" },
    {
      name: "delete_vm_reference",
      plan: "Delete VM reference (forceful; may need to manually delete VM from the Cloud to avoid IP conflicts)",
    },
  ],
  missing_vm: [IGNORE, ...RECREATE, { name: "delete_vm_reference", plan: "Delete VM reference" }],
  missing_disk: [IGNORE, { name: "delete_disk_reference", plan: "Delete disk reference (DANGEROUS!)" }],
  inactive_disk: [
    IGNORE,
    { name: "delete_disk", plan: "Delete disk" },
    { name: "activate_disk", plan: "Activate disk" },
  ],
  mount_info_mismatch: [
    IGNORE,
    { name: "reattach_disk", plan: "Reattach disk to instance" },
    { name: "reattach_disk_and_reboot", plan: "Reattach disk and reboot instance" },
  ],
};

const DEFAULTS: Readonly<Record<Problem["type"], string>> = {
  unresponsive_agent: "ignore",
  missing_vm: "recreate_vm_without_wait",
  missing_disk: "ignore",
  inactive_disk: "ignore",
  mount_info_mismatch: "ignore",
};

const HANDLERS: Readonly<Record<Problem["type"], string>> = {
  unresponsive_agent: "UnresponsiveAgent",
  missing_vm: "MissingVM",
  missing_disk: "MissingDisk",
  inactive_disk: "InactiveDisk",
  mount_info_mismatch: "MountInfoMismatch",
};

const instanceOf = (director: Director, { deployment, instanceId }: Problem): Instance | undefined =>
  director.slot.value.deployments.get(deployment)?.instances.find(({ id }) => id === instanceId);

export function describe(director: Director, problem: Problem): string {
  const instance = instanceOf(director, problem);
  if (instance === undefined) return `Instance ${problem.instanceId} is gone`;
  const size = `${instance.disk?.sizeMb ?? 0}M`;
  switch (problem.type) {
    case "unresponsive_agent":
      return `VM for '${title(instance)}' with cloud ID '${problem.resource}' is not responding.`;
    case "missing_vm":
      return `VM for '${title(instance)}' with cloud ID '${problem.resource}' missing.`;
    case "missing_disk":
      return `Disk '${problem.resource}' (${nameOf(instance)}, ${size}) is missing`;
    default:
      return `Disk '${problem.resource}' (${size}) for instance '${title(instance)}' is inactive`;
  }
}

export const openProblems = (director: Director, deployment: string): readonly Problem[] =>
  director.slot.value.problems.filter((each) => each.deployment === deployment && each.state === "open");

const REFUSAL = "Unable to get deployment lock, maybe a deployment is in progress. Try again later.";

/** `scan cloud`. Earlier open problems of the deployment are closed. */
export function* scan(director: Director, task: Task, args: Readonly<Record<string, unknown>>): Body<string> {
  const deployment = director.slot.value.deployments.get(String(args.deployment));
  if (deployment === undefined) throw new DirectorError(70000, `Deployment '${String(args.deployment)}' doesn't exist`);
  const options = { waitMs: 0, deployment: deployment.name, refusal: REFUSAL };
  yield* holding(director, task, deploymentLock(deployment.name), options, scanAll(director, task, deployment));
  return "scan complete";
}

function* scanAll(director: Director, task: Task, deployment: Deployment): Body {
  for (const each of openProblems(director, deployment.name)) each.state = "closed";
  const instances = deployment.instances.filter(({ vm }) => vm !== null);
  const vms = new Stage(director, task, `Scanning ${instances.length} VMs`, 2);
  const counts = yield* vms.step("Checking VM states", scanVms(director, deployment, instances));
  const ignored = instances.filter(({ ignore }) => ignore).length;
  const { ok, unresponsive, missing } = counts;
  const tail = ignored === 0 ? "" : `, ${ignored} ignored`;
  vms.begin(`${ok} OK, ${unresponsive} unresponsive, ${missing} missing, 0 unbound${tail}`).finish();
  const withDisk = deployment.instances.filter(({ disk }) => disk !== null);
  const disks = new Stage(director, task, `Scanning ${withDisk.length} persistent disks`, 2);
  const lost = yield* disks.step("Looking for inactive disks", scanDisks(director, deployment, withDisk));
  disks.begin(`${withDisk.length - lost} OK, ${lost} missing, 0 inactive, 0 mount-info mismatch`).finish();
}

function open(director: Director, instance: Instance, type: Problem["type"], resource: string): void {
  const state = director.slot.value;
  state.problems.push({
    id: ++state.problemIds,
    deployment: instance.deployment,
    type,
    instanceId: instance.id,
    resource,
    state: "open",
  });
}

function* scanVms(
  director: Director,
  _deployment: Deployment,
  instances: readonly Instance[],
): Body<{ ok: number; unresponsive: number; missing: number }> {
  const counts = { ok: 0, unresponsive: 0, missing: 0 };
  const silent = instances.filter((each) => !each.ignore && agentState(director, each) === "silent");
  counts.ok = instances.filter(({ ignore }) => !ignore).length - silent.length;
  if (silent.length > 0) yield SILENCE_MS;
  for (const instance of silent) {
    const cid = instance.vm?.cid ?? "";
    const exists = yield* director.cpi.hasVm(cid);
    counts[exists ? "unresponsive" : "missing"]++;
    open(director, instance, exists ? "unresponsive_agent" : "missing_vm", cid);
  }
  return counts;
}

function* scanDisks(director: Director, _deployment: Deployment, instances: readonly Instance[]): Body<number> {
  let lost = 0;
  for (const instance of instances) {
    const cid = instance.disk?.cid ?? "";
    if (yield* director.cpi.hasDisk(cid)) continue;
    lost++;
    open(director, instance, "missing_disk", cid);
  }
  return lost;
}

/** `apply resolutions`: `<id>` → name of a resolution, or null for the default of the type. */
export function* applyResolutions(
  director: Director,
  task: Task,
  args: Readonly<Record<string, unknown>>,
): Body<string> {
  const { deployment: name, resolutions } = args as {
    deployment: string;
    resolutions: Readonly<Record<string, string | null>>;
  };
  const deployment = director.slot.value.deployments.get(name);
  if (deployment === undefined) throw new DirectorError(70000, `Deployment '${name}' doesn't exist`);
  const options = { waitMs: 0, deployment: name, refusal: REFUSAL };
  return yield* holding(
    director,
    task,
    deploymentLock(name),
    options,
    applyAll(director, task, deployment, resolutions),
  );
}

function* applyAll(
  director: Director,
  task: Task,
  deployment: Deployment,
  resolutions: Readonly<Record<string, string | null>>,
): Body<string> {
  const known = director.slot.value.problems.filter(
    (each) => each.deployment === deployment.name && String(each.id) in resolutions,
  );
  const stage = new Stage(director, task, "Applying problem resolutions", known.length);
  let resolved = 0;
  for (const problem of known) {
    if (problem.state !== "open") {
      stage.begin(`Ignoring problem ${problem.id} (state is '${problem.state}')`).finish();
      continue;
    }
    yield* applyOne(
      director,
      task,
      deployment,
      problem,
      resolutions[String(problem.id)] ?? DEFAULTS[problem.type],
      stage,
    );
    resolved++;
  }
  // DNS records are broadcast to all agents at the end; a silent one holds this up.
  if (deployment.instances.some((each) => each.vm !== null && agentState(director, each) === "silent"))
    yield SILENCE_MS;
  return `${resolved} resolved`;
}

function* applyOne(
  director: Director,
  task: Task,
  deployment: Deployment,
  problem: Problem,
  name: string,
  stage: Stage,
): Body {
  const resolution = RESOLUTIONS[problem.type].find((each) => each.name === name);
  const instance = instanceOf(director, problem);
  const order = instance?.row ?? problem.id;
  const label = `${describe(director, problem)} (${problem.type} ${order}): ${resolution?.plan ?? "no resolution"}`;
  // The director takes a problem for resolved as soon as somebody has tried.
  problem.state = "resolved";
  try {
    yield* stage.step(label, resolveWith(director, task, deployment, problem, name, resolution));
  } catch (error) {
    throw new DirectorError(UNCLASSED, `Error resolving problem '${problem.id}': ${messageOf(error)}`);
  }
}

function* resolveWith(
  director: Director,
  task: Task,
  deployment: Deployment,
  problem: Problem,
  name: string,
  resolution: Resolution | undefined,
): Body {
  const instance = instanceOf(director, problem);
  if (resolution === undefined)
    throw new Error(
      `Cannot find '${name}' resolution for 'Bosh::Director::ProblemHandlers::${HANDLERS[problem.type]}'`,
    );
  if (instance === undefined) return;
  switch (name) {
    case "reboot_vm":
      if (instance.vm !== null) yield* director.cpi.rebootVm(instance.vm.cid);
      return yield* agentCall(director, instance, "ping");
    case "recreate_vm":
    case "recreate_vm_without_wait":
      return yield* recreate(director, task, deployment, instance, name === "recreate_vm");
    case "delete_vm":
      return yield* deleteVm(director, task, instance);
    case "delete_vm_reference":
      return forgetVm(instance);
    case "delete_disk_reference":
      instance.disk = null;
      return;
    case "reattach_disk":
      if (instance.disk !== null) yield* attachDisk(director, task, instance, instance.disk.cid);
      return;
    default:
  }
}
