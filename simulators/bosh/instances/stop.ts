import type { Body } from "../../kernel/index.ts";
import { stopJobs } from "../agent/behaviours.ts";
import { callAgent } from "../agent/calls.ts";
import { runScript } from "../agent/script.ts";
import { runScripts, scriptsFailure } from "../agent/scripts.ts";
import type { Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { StageStep } from "../tasks/stage.ts";

/** Runs pre-stop, drain, stop and post-stop. Without a step, shows nothing. */
export function* stopInstance(
  director: Director,
  instance: Instance,
  step?: StageStep,
  skipDrain = false,
  tries?: number,
): Body {
  if (skipDrain) step?.progress(10, "skipped pre-stop & drain");
  else {
    step?.progress(5, "executing pre-stop");
    yield* runScripts(director, instance, "pre-stop", tries);
    step?.progress(10, "executing drain");
    yield* drainJobs(director, instance);
  }
  step?.progress(30, "stopping jobs");
  yield* callAgent(director, instance, "stop");
  stopJobs(director.behaviours, instance, false);
  if (instance.vm !== null) instance.vm.jobState = "stopped";
  step?.progress(40, "executing post-stop");
  yield* runScripts(director, instance, "post-stop");
}

/** Runs the drain scripts. @throws DirectorError 450001 if one of them prints no number */
function* drainJobs(director: Director, instance: Instance): Body {
  yield* callAgent(director, instance, "drain");
  const jobs = (instance.vm?.jobs ?? []).filter(({ scripts }) => scripts.drain !== undefined);
  const drained = jobs.map(({ name, scripts }) => ({ name, waitMs: drainWait(director, scripts.drain ?? "") }));
  yield director.kernel.work(Math.max(DRAIN_MS, ...drained.map(({ waitMs }) => waitMs ?? 0)));
  const failed = drained.filter(({ waitMs }) => waitMs === undefined).map(({ name }) => name);
  if (failed.length > 0)
    throw scriptsFailure(
      director,
      "drain",
      jobs.map(({ name }) => name),
      failed,
    );
}

/**
 * How long a drain script asks the agent to wait, in ms; undefined if it prints no number. After a
 * negative number the script is called again after that time. Its exit code is ignored.
 */
function drainWait(director: Director, script: string): number | undefined {
  let waitMs = 0;
  for (let asked = 0; asked < DRAIN_RUNS_MAX; asked++) {
    const { stdout, isRun, sleptMs, startError } = runScript(director.options, script, { args: DRAIN_ARGS });
    if (!isRun) return waitMs;
    const text = stdout.trim();
    if (startError !== undefined || !/^[-+]?\d+$/.test(text)) return undefined;
    waitMs += sleptMs + Math.abs(Number(text)) * 1000;
    if (Number(text) >= 0) break;
  }
  return waitMs;
}

/** The values by which an agent describes the change to a drain script. */
const DRAIN_ARGS = ["job_unchanged", "hash_unchanged"];

/** How many times a script may ask to be called again. */
const DRAIN_RUNS_MAX = 20;

const DRAIN_MS = 1_000;
