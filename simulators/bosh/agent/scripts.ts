import type { Body } from "../../kernel/index.ts";
import type { Instance, ScriptOutput } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import { actionFailure, callAgent, TIMEOUT_MS, TRIES } from "./calls.ts";
import { runScript } from "./script.ts";

/** Keeps what a script printed in the VM's logs. */
function keepOutput(instance: Instance, job: string, script: string, output: ScriptOutput): void {
  if (instance.vm !== null) instance.vm.outputs = { ...instance.vm.outputs, [`${job}/${script}`]: output };
}

/** Runs a script in all jobs that have it, in parallel. @throws DirectorError 450001 when one of them fails */
export function* runScripts(
  director: Director,
  instance: Instance,
  name: string,
  tries = TRIES,
  waitMs = TIMEOUT_MS,
): Body {
  yield* callAgent(director, instance, "run_script", tries, waitMs);
  const jobs = (instance.vm?.jobs ?? []).filter(({ scripts }) => scripts[name] !== undefined);
  const ran = jobs.map((job) => ({ job: job.name, ...runScript(director.options, job.scripts[name] ?? "") }));
  for (const { job, stdout, stderr } of ran) keepOutput(instance, job, name, { stdout, stderr });
  yield director.kernel.work(Math.max(0, ...ran.map(({ sleptMs }) => sleptMs)));
  const failed = ran.filter(({ exitCode }) => exitCode !== 0);
  if (failed.length === 0) return;
  throw scriptsFailure(
    director,
    name,
    ran.map(({ job }) => job),
    failed.map(({ job }) => job),
  );
}

/** The error for jobs whose scripts failed. */
export function scriptsFailure(
  director: Director,
  name: string,
  jobs: readonly string[],
  failed: readonly string[],
): ReturnType<typeof actionFailure> {
  const good = jobs.filter((job) => !failed.includes(job));
  const successes = good.length === 0 ? "" : ` Successful Jobs: ${good.join(", ")}.`;
  return actionFailure(
    director,
    `${failed.length} of ${jobs.length} ${name} scripts failed. Failed Jobs: ${failed.join(", ")}.${successes}`,
  );
}
