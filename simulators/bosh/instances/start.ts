import type { Body } from "../../kernel/index.ts";
import { startJobs } from "../agent/behaviours.ts";
import { callAgent } from "../agent/calls.ts";
import { runScripts } from "../agent/scripts.ts";
import type { WatchTime } from "../deploy/manifest.ts";
import type { PlannedInstance } from "../deploy/plan-instance.ts";
import type { Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import type { StageStep } from "../tasks/stage.ts";
import { updateDisk } from "./disk.ts";
import { updateNamedDisks } from "./named-disks.ts";
import { awaitRunning } from "./watch.ts";

interface StartOptions {
  /** Null: does not wait for the jobs, and runs no post-start script. */
  readonly watch: WatchTime | null;
  /** The progress made before this part. */
  readonly base: number;
  /** Whether to create a new disk even if the old one would do. */
  readonly renewsDisk?: boolean;
}

/** The part of an update that follows the stop: disk, packages, jobs, start, watch. */
export function* startInstance(
  director: Director,
  task: Task,
  planned: PlannedInstance,
  options: StartOptions,
  step?: StageStep,
): Body {
  yield* updateNamedDisks(director, task, planned, options.renewsDisk ?? false);
  yield* updateDisk(director, task, planned, options.renewsDisk ?? false);
  yield* configureJobs(director, planned, options.base, step);
  yield* launchJobs(director, task, planned.instance, options, step);
  planned.instance.clean = true;
}

/** Hands the agent its packages and jobs, without starting any. */
export function* configureJobs(director: Director, planned: PlannedInstance, base: number, step?: StageStep): Body {
  const { instance } = planned;
  step?.progress(base + 10, "installing packages");
  yield* callAgent(director, instance, "update_settings");
  step?.progress(base + 20, "configuring jobs");
  yield* callAgent(director, instance, "apply");
  if (instance.vm !== null)
    instance.vm.jobs = planned.jobs.map(({ texts: _texts, fingerprint: _print, ...job }) => job);
  instance.applied = { ...instance.applied, ...planned.parts };
}

/** Starts the jobs of an agent, and watches them. */
export function* launchJobs(
  director: Director,
  task: Task,
  instance: Instance,
  { watch, base }: Pick<StartOptions, "watch" | "base">,
  step?: StageStep,
): Body {
  const { kernel } = director;
  step?.progress(base + 30, "executing pre-start");
  yield* runScripts(director, instance, "pre-start");
  step?.progress(base + 50, "starting jobs");
  yield* callAgent(director, instance, "start");
  startJobs(director.behaviours, instance);
  if (instance.vm !== null) Object.assign(instance.vm, { jobState: "running", isSupervised: true });
  if (watch === null) return;
  yield kernel.work(kernel.random("bosh/agent").lognormal(UPDATE_MEDIAN_MS, 0.3));
  yield* awaitRunning(director, task, instance, watch);
  step?.progress(base + 60, "executing post-start");
  yield* runScripts(director, instance, "post-start");
}

/*
 * Starts one instance with the calls of a real director, in its order (docs/discoveries/bosh-director.md,
 * "CPI and agent calls"). Durations are those observed in the wild (docs/discoveries/bosh-director.md,
 * "Durations"), drawn from the seed and scaled by the pace.
 */
const UPDATE_MEDIAN_MS = 8_000;
