import type { Body } from "../../kernel/index.ts";
import { agentState } from "../agent/state.ts";
import type { WatchTime } from "../deploy/manifest.ts";
import { attributesOf, JOB_POINT } from "../faults.ts";
import type { Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { checkpoint } from "../tasks/transitions.ts";
import { DirectorError } from "../wire/errors.ts";
import { instanceTitle } from "./names.ts";

/** Sleeps for the minimum time, then asks up to nine more times until the agent reports `running`. @throws DirectorError 400007 */
export function* awaitRunning(director: Director, task: Task, instance: Instance, watch: WatchTime): Body {
  const { kernel } = director;
  const effect = kernel.faults.at(JOB_POINT, attributesOf(instance));
  yield kernel.work(watch.minMs);
  const { vm } = instance;
  if (vm === null) return;
  if (effect?.kind === "error") vm.jobState = "failing";
  const stepMs = Math.min(15_000, Math.max(1000, (watch.maxMs - watch.minMs) / WATCH_STEPS));
  for (let asked = 0; agentState(director, instance) !== "running"; asked++) {
    if (asked === WATCH_STEPS) throw notRunning(instance);
    checkpoint(task);
    yield kernel.work(stepMs);
  }
}

function notRunning(instance: Instance): DirectorError {
  const jobs = (instance.vm?.jobs ?? []).map(({ name }) => name).join(", ");
  return new DirectorError(
    400007,
    `'${instanceTitle(instance)}' is not running after update. Review logs for failed jobs: ${jobs}`,
  );
}

const WATCH_STEPS = 9;
