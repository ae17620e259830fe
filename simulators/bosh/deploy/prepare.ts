import type { Body } from "../../kernel/index.ts";
import { callAgent } from "../agent/calls.ts";
import { agentState } from "../agent/state.ts";
import { releaseLock } from "../artifacts/release-lock.ts";
import { parseCloudConfig } from "../configs/cloud-config.ts";
import { configsById } from "../configs/latest.ts";
import { withRuntime } from "../configs/runtime-config.ts";
import type { VmNetwork } from "../cpi/cpi.ts";
import { instanceName } from "../instances/names.ts";
import { withLock } from "../tasks/locks.ts";
import { Stage, logWarning } from "../tasks/stage.ts";
import { DirectorError } from "../wire/errors.ts";
import { reserveAddresses } from "./addresses.ts";
import type { Manifest } from "./manifest-types.ts";
import { parseManifest, readManifest } from "./manifest.ts";
import { planned } from "./plan-deployed.ts";
import { type DeployPlan, place } from "./plan.ts";
import { resolveManifest } from "./references.ts";
import { isChosen, type DeployRun, STATES } from "./run.ts";
import { generateVariables } from "./variables.ts";

/** Parses, checks, places and renders. Everything up to here changes nothing but records. */
export function* prepare(run: DeployRun): Body<DeployPlan> {
  const { director, task, args, deployment } = run;
  const { kernel } = director;
  const text = args.manifest ?? deployment.manifest;
  if (text === null) throw new DirectorError(440001, "No successful BOSH deployment manifest available");
  if (args.change !== null && !Object.hasOwn(STATES, args.change.state))
    throw new DirectorError(
      140008,
      `Invalid state '${args.change.state}' for '${args.change.group}', valid states are: started, stopped, detached, recreate, restart`,
    );
  const manifest = withRuntime(director, parseManifest(readManifest(text)), args.runtimeConfigIds);
  const config = parseCloudConfig(configsById(director, args.cloudConfigIds).map(({ content }) => content));
  const wanted = resolveManifest(director, deployment, manifest, config);
  yield* askAgents(run);
  for (const { name } of manifest.releases)
    yield* withLock(director, task, releaseLock(name), { waitMs: RELEASE_LOCK_MS }, pause(0));
  const size = manifest.groups.reduce((sum, { instances }) => sum + instances, 0);
  const stage = new Stage(director, task, "Preparing deployment", 1);
  const networks = new Map<string, readonly VmNetwork[]>();
  const plan = yield* stage.step(
    "Preparing deployment",
    (function* (): Body<DeployPlan> {
      yield kernel.work(PREPARE_MS + 100 * size);
      refuseIgnored(run, manifest);
      const placed = place(director, deployment, wanted);
      for (const group of placed.groups)
        for (const instance of group.instances)
          networks.set(instance.id, reserveAddresses(director, placed, group, instance));
      const made = generateVariables(director, task, deployment, manifest);
      deployment.variables = made.map(({ id, name }) => ({ id, name }));
      deployment.releases = wanted.releases.map(({ name, version }) => ({ name, version }));
      deployment.stemcells = placed.stemcells.map(({ name, version }) => ({ name, version }));
      return placed;
    })(),
  );
  if (deployment.instances.some(({ ignore }) => ignore))
    logWarning(director, task, "You have ignored instances. They will not be changed.");
  warnOfFuture(run);
  yield* stage.step(
    "Rendering templates",
    (function* (): Body {
      yield kernel.work(PREPARE_MS + 100 * size);
      for (const group of plan.groups)
        for (const instance of group.instances) planned(run, plan, group, instance, networks);
    })(),
  );
  return plan;
}

/** get_state of every VM; one that keeps silent ends the deploy unless it is to be fixed. @throws DirectorError 450002 */
function* askAgents({ director, args, deployment, agents }: DeployRun): Body {
  for (const instance of deployment.instances) {
    if (instance.ignore) continue;
    const said = agentState(director, instance);
    agents.set(instance.id, said);
    if (said === "silent" && !args.fix) yield* callAgent(director, instance, "get_state");
  }
}

/** @throws DirectorError 140021, 190021 */
function refuseIgnored({ args, deployment }: DeployRun, manifest: Manifest): void {
  const ignored = deployment.instances.filter(({ ignore }) => ignore);
  const changed = ignored.find((instance) => args.change !== null && isChosen(args.change, instance));
  if (changed !== undefined)
    throw new DirectorError(
      140021,
      `You are trying to change the state of the ignored instance '${instanceName(changed)}'. This operation is not allowed. You need to unignore it first.`,
    );
  for (const { group } of ignored) {
    const isKept = manifest.groups.some(({ name, migratedFrom }) => name === group || migratedFrom.includes(group));
    if (!isKept)
      throw new DirectorError(
        190021,
        `You are trying to delete instance group '${group}', which contains ignored instance(s). Operation not allowed.`,
      );
  }
}

function warnOfFuture({ director, task, args }: DeployRun): void {
  if (args.recreateBeforeMs === null || args.recreateBeforeMs <= director.kernel.nowMs) return;
  logWarning(
    director,
    task,
    `The recreate_vms_created_before timestamp '${args.recreateBefore}' is in the future. No VMs will be filtered by age - all VMs marked for recreation will be recreated.`,
  );
}

const PREPARE_MS = 1500;

const RELEASE_LOCK_MS = 300_000;

function* pause(ms: number): Body {
  yield ms;
}
