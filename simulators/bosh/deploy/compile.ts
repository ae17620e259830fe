import { all, type Body } from "../../kernel/index.ts";
import { actionFailure } from "../agent/calls.ts";
import { runScript } from "../agent/script.ts";
import type { ReleasePackage, ReleaseVersion, Stemcell } from "../state/artifacts.ts";
import type { Deployment } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { withLock } from "../tasks/locks.ts";
import { Stage } from "../tasks/stage.ts";
import { checkpoint } from "../tasks/transitions.ts";
import { withCompilationVm } from "./compile-vm.ts";
import { checkPackages, isCompiledFor } from "./package-validator.ts";
import { packagesOf } from "./plan-instance.ts";
import type { DeployPlan, PlannedGroup } from "./adopt.ts";

const COMPILE_MEDIAN_MS = 40_000;

const LOCK_MS = 900_000;

/** A package that must be compiled for a stemcell. `target` is `os/version`. */
export interface PendingPackage {
  readonly release: ReleaseVersion;
  readonly each: ReleasePackage;
  readonly stemcell: Stemcell;
  readonly target: string;
}

/** The packages of the groups that are not compiled for their stemcell yet, dependencies first. */
function findPackagesToCompile(plan: DeployPlan, groups: readonly PlannedGroup[]): readonly PendingPackage[] {
  const needs = new Map<string, PendingPackage>();
  for (const { jobs, stemcell } of groups) {
    const target = `${stemcell.operatingSystem}/${stemcell.version}`;
    for (const job of jobs) {
      const release = plan.releases.find(({ name }) => name === job.release);
      for (const fingerprint of packagesOf(plan.releases, job)) {
        const each = release?.packages.find((candidate) => candidate.fingerprint === fingerprint);
        const key = `${fingerprint}:${target}`;
        if (release === undefined || each === undefined || isCompiledFor(release, each, stemcell)) continue;
        needs.set(key, { release, each, stemcell, target });
      }
    }
  }
  return [...needs.values()];
}

/**
 * `Finding packages to compile` and `Compiling packages`: each package on its own VM, as many at once as the
 * cloud config has workers.
 */
export function* compilePackages(
  director: Director,
  task: Task,
  deployment: Deployment,
  plan: DeployPlan,
  groups: readonly PlannedGroup[],
): Body {
  checkPackages(plan, groups);
  const finding = new Stage(director, task, "Preparing package compilation", 1).begin("Finding packages to compile");
  yield director.kernel.work(200);
  const waiting = [...findPackagesToCompile(plan, groups)];
  finding.finish();
  if (waiting.length === 0) return;
  const stage = new Stage(director, task, "Compiling packages", waiting.length);
  const { workers } = plan.config.compilation;
  const isReady = ({ each, release, stemcell }: PendingPackage): boolean =>
    each.dependencies.every((name) => {
      const other = release.packages.find((candidate) => candidate.name === name);
      return other === undefined || isCompiledFor(release, other, stemcell);
    });
  while (waiting.length > 0) {
    checkpoint(task);
    const ready = waiting.filter(isReady);
    const batch = (ready.length > 0 ? ready : waiting).slice(0, Math.max(1, workers));
    for (const need of batch) waiting.splice(waiting.indexOf(need), 1);
    const work = batch.map((need) =>
      director.kernel.spawn(
        "compile",
        stage.step(
          `${need.each.name}/${need.each.fingerprint}`,
          compilePackage(director, task, deployment, plan, need),
        ),
      ),
    );
    yield* all(work);
  }
}

function* compilePackage(
  director: Director,
  task: Task,
  deployment: Deployment,
  plan: DeployPlan,
  need: PendingPackage,
): Body {
  const { each, target, release } = need;
  const lock = `lock:compile:${each.id}:${target}`;
  yield* withLock(
    director,
    task,
    lock,
    { waitMs: LOCK_MS, deployment: deployment.name },
    (function* (): Body {
      const key = `${each.fingerprint}:${target}`;
      if (release.compiled.has(key)) return;
      yield* withCompilationVm(director, task, deployment, plan, need, runPackaging(director, each));
      const random = director.kernel.random("bosh/blobs");
      const blob = { sha1: random.hex(40), blobId: random.uuid() };
      // The versions of a release share identical packages.
      for (const version of director.slot.value.releases.get(release.name) ?? [])
        if (version.packages.some(({ fingerprint }) => fingerprint === each.fingerprint))
          version.compiled.set(key, blob);
    })(),
  );
}

/** Has the agent run the packaging script. If it fails, the error shows the last lines of its trace. */
function* runPackaging(director: Director, each: ReleasePackage): Body {
  const { kernel } = director;
  yield kernel.work(kernel.random("bosh/compile").lognormal(COMPILE_MEDIAN_MS, 0.5));
  const ran = runScript(director.options, each.packaging ?? "", { isTraced: true, files: each.files });
  if (ran.exitCode === 0) return;
  const trace = `${ran.trace.trimEnd().split("\n").slice(-TRACE_LINES).join("\n")}\n`;
  throw actionFailure(
    director,
    `Compiling package ${each.name}: Running packaging script: Running packaging script: Command exited with ${ran.exitCode}; Stdout: , Stderr: ${trace}`,
  );
}

const TRACE_LINES = 3;
