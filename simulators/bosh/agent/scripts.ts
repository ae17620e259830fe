import type { Body } from "../../kernel/index.ts";
import type { Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import { actionFailure, callAgent, TIMEOUT_MS, TRIES } from "./calls.ts";
import { runScript } from "./script.ts";

/** Runs a script of each job that has it, all at once. @throws DirectorError 450001 when one of them fails */
export function* runScripts(
  director: Director,
  instance: Instance,
  name: string,
  tries = TRIES,
  waitMs = TIMEOUT_MS,
): Body {
  yield* callAgent(director, instance, "run_script", tries, waitMs);
  const jobs = (instance.vm?.jobs ?? []).filter(({ scripts }) => scripts[name] !== undefined);
  const ran = jobs.map((job) => ({ job: job.name, ...runScript(job.scripts[name] ?? "") }));
  yield director.kernel.work(Math.max(0, ...ran.map(({ sleptMs }) => sleptMs)));
  const failed = ran.filter(({ exitCode }) => exitCode !== 0);
  if (failed.length === 0) return;
  const good = ran.filter(({ exitCode }) => exitCode === 0).map(({ job }) => job);
  const successes = good.length === 0 ? "" : ` Successful Jobs: ${good.join(", ")}.`;
  throw actionFailure(
    director,
    `${failed.length} of ${ran.length} ${name} scripts failed. Failed Jobs: ${failed.map(({ job }) => job).join(", ")}.${successes}`,
  );
}
