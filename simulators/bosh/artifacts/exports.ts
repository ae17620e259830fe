import type { TaskArguments } from "../tasks/jobs.ts";
import type { Body } from "../../kernel/index.ts";
import { compilePackages } from "../deploy/compile.ts";
import { DEPLOYMENT_LOCK_MS, deploymentLock } from "../deploy/deployment-lock.ts";
import { planDeployed } from "../deploy/plan-deployed.ts";
import type { DeployPlan } from "../deploy/adopt.ts";
import type { ReleaseJob, ReleaseVersion, Stemcell } from "../state/artifacts.ts";
import type { Deployment } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { withLock } from "../tasks/locks.ts";
import { Stage } from "../tasks/stage.ts";
import { isHash, requireField } from "../configs/fields.ts";
import { packagesOf } from "../deploy/plan-instance.ts";
import { rubyInstance } from "../templates/ruby.ts";
import { packCompiled } from "./compiled-release.ts";
import { requireReleaseVersion } from "./find-release.ts";
import { DirectorError, UNCLASSED } from "../wire/errors.ts";
import { storeBlob } from "./blobs.ts";
import { releaseLock } from "./release-lock.ts";

type ExportArgs = TaskArguments["export_release"];

const COPY_MS = 200;

/**
 * `export release`: compiles what is not compiled yet and packs a compiled release.
 * @throws DirectorError; 100 for jobs that are not a list
 */
export function* exportRelease(director: Director, task: Task, args: ExportArgs): Body<string> {
  const { deployment, ...sources } = findSources(director, args);
  const options = { waitMs: DEPLOYMENT_LOCK_MS, deployment: deployment.name };
  const work = withLock(
    director,
    task,
    releaseLock(sources.release.name),
    { waitMs: 300_000 },
    packRelease(director, task, deployment, sources),
  );
  yield* withLock(director, task, deploymentLock(deployment.name), options, work);
  return `Exported release: ${args.release}/${args.version} for ${String(args.os)}/${String(args.stemcell)}`;
}

interface Sources {
  readonly release: ReleaseVersion;
  readonly jobs: readonly ReleaseJob[];
  readonly stemcell: Stemcell;
  readonly plan: DeployPlan;
  readonly hasSha2: boolean;
}

function* packRelease(
  director: Director,
  task: Task,
  deployment: Deployment,
  { release, jobs, stemcell, plan, hasSha2 }: Sources,
): Body {
  const wishes = jobs.map(({ name }) => ({
    name,
    release: release.name,
    properties: {},
    consumes: {},
    provides: {},
    customProviders: [],
  }));
  const [first] = plan.groups;
  if (first !== undefined)
    yield* compilePackages(director, task, deployment, plan, [{ ...first, jobs: wishes, stemcell }]);
  const target = `${stemcell.operatingSystem}/${stemcell.version}`;
  const needed = new Set(wishes.flatMap((wish) => packagesOf([release], wish)));
  const packages = release.packages.filter(
    ({ fingerprint }) => needed.has(fingerprint) && release.compiled.has(`${fingerprint}:${target}`),
  );
  yield* copyParts(director, task, "copying packages", packages);
  yield* copyParts(director, task, "copying jobs", jobs);
  const blob = storeBlob(director, packCompiled(release, jobs, packages, target));
  director.slot.value.exportedReleases.push(blob.id);
  const digest = hasSha2 ? `sha256:${blob.sha256}` : blob.sha1;
  task.resultOutput = `${JSON.stringify({ blobstore_id: blob.id, sha1: digest })}\n`;
}

function* copyParts(
  director: Director,
  task: Task,
  name: string,
  parts: readonly { name: string; fingerprint: string }[],
): Body {
  const stage = new Stage(director, task, name, parts.length);
  for (const each of parts) {
    const step = stage.begin(`${each.name}/${each.fingerprint}`);
    yield director.kernel.work(COPY_MS);
    step.finish();
  }
}

/** @throws DirectorError 30005, 30006, 30011, 40000, 50003, 70000, or 100 for jobs that are not a list */
function findSources(director: Director, args: ExportArgs): Sources & { readonly deployment: Deployment } {
  const os = requireField({ os: args.os }, "os", "string");
  const wanted = requireField({ version: args.stemcell }, "version", "string");
  const state = director.slot.value;
  const deployment = state.deployments.get(args.deployment);
  if (deployment === undefined) throw new DirectorError(70000, `Deployment '${args.deployment}' doesn't exist`);
  const { release: name, version } = args;
  const release = requireReleaseVersion(state, name, version);
  if (!deployment.releases.some((each) => each.name === name && each.version === version))
    throw new DirectorError(
      30011,
      `Release version '${name}/${version}' not found in deployment '${deployment.name}' manifest`,
    );
  const plan = planDeployed(director, deployment);
  if (plan === undefined) throw new DirectorError(440001, "No successful BOSH deployment manifest available");
  const stemcell = state.stemcells.find((each) => each.operatingSystem === os && each.version === wanted);
  if (stemcell === undefined)
    throw new DirectorError(50003, `Stemcell version '${wanted}' for OS '${os}' doesn't exist`);
  return { deployment, release, jobs: chooseJobs(release, args.jobs), stemcell, plan, hasSha2: args.hasSha2 };
}

/** The jobs named, or all. @throws DirectorError 100 for anything but a list, in the words of Ruby */
function chooseJobs({ jobs }: ReleaseVersion, wanted: unknown): readonly ReleaseJob[] {
  const sorted = [...jobs].sort((a, b) => a.id - b.id);
  if (!Array.isArray(wanted)) {
    const missing = typeof wanted === "string" || isHash(wanted) ? "any?" : "empty?";
    if (wanted !== "" && !(isHash(wanted) && Object.keys(wanted).length === 0))
      throw new DirectorError(UNCLASSED, `undefined method '${missing}' for ${rubyInstance(wanted)}`);
    return sorted;
  }
  const names = new Set(wanted.map((each) => (isHash(each) ? each.name : undefined)));
  return wanted.length === 0 ? sorted : sorted.filter(({ name }) => names.has(name));
}
