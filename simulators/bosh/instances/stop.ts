import type { Body } from "../../kernel/index.ts";
import { stopJobs } from "../agent/behaviours.ts";
import { callAgent } from "../agent/calls.ts";
import { runScript } from "../agent/script.ts";
import { runScripts } from "../agent/scripts.ts";
import type { Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { StageStep } from "../tasks/stage.ts";

/** Runs pre-stop, drain, stop and post-stop. Shows nothing where no step is given. */
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

/** A drain script prints how many seconds to wait. */
function* drainJobs(director: Director, instance: Instance): Body {
  yield* callAgent(director, instance, "drain");
  const waits = (instance.vm?.jobs ?? []).map(({ scripts }) => {
    const { drain: script } = scripts;
    return script === undefined ? 0 : Number(runScript(script).stdout.trim()) * 1000 || 0;
  });
  yield director.kernel.work(Math.max(DRAIN_MS, ...waits));
}

const DRAIN_MS = 1_000;
