import type { TaskArguments } from "../tasks/jobs.ts";
import type { Body } from "../../kernel/index.ts";
import { compilePackages } from "../deploy/compile.ts";
import { DEPLOYMENT_LOCK_MS, deploymentLock } from "../deploy/deployment-lock.ts";
import { planDeployed } from "../deploy/plan-deployed.ts";
import type { DeployPlan } from "../deploy/adopt.ts";
import type { ReleaseVersion, Stemcell } from "../state/artifacts.ts";
import type { Deployment } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { withLock } from "../tasks/locks.ts";
import { Stage } from "../tasks/stage.ts";
import { dumpYaml } from "../templates/yaml-dump.ts";
import { DirectorError } from "../wire/errors.ts";
import { storeBlob } from "./blobs.ts";
import { releaseLock } from "./release-lock.ts";

type ExportArgs = TaskArguments["export_release"];

const COPY_MS = 200;

/** `export release`: compiles what is not compiled yet and packs a compiled release. */
export function* exportRelease(director: Director, task: Task, args: TaskArguments["export_release"]): Body<string> {
  const deployment = director.slot.value.deployments.get(args.deployment);
  if (deployment === undefined) throw new DirectorError(70000, `Deployment '${args.deployment}' doesn't exist`);
  const options = { waitMs: DEPLOYMENT_LOCK_MS, deployment: deployment.name };
  const work = withLock(
    director,
    task,
    releaseLock(args.release),
    { waitMs: 300_000 },
    packRelease(director, task, deployment, args),
  );
  yield* withLock(director, task, deploymentLock(deployment.name), options, work);
  return `Exported release: ${args.release}/${args.version} for ${args.os}/${args.stemcell}`;
}

function* packRelease(director: Director, task: Task, deployment: Deployment, args: ExportArgs): Body {
  const { release, stemcell, plan } = findSources(director, deployment, args);
  const jobs = release.jobs.filter(({ name }) => args.jobs.length === 0 || args.jobs.includes(name));
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
  const target = `${args.os}/${args.stemcell}`;
  const packages = release.packages.filter(({ fingerprint }) => release.compiled.has(`${fingerprint}:${target}`));
  yield* copyParts(director, task, "copying packages", packages);
  yield* copyParts(director, task, "copying jobs", jobs);
  const manifest = {
    compiled_packages: packages.map((each) => ({
      name: each.name,
      version: each.version,
      fingerprint: each.fingerprint,
      sha1: release.compiled.get(`${each.fingerprint}:${target}`)?.sha1 ?? "",
      stemcell: target,
      dependencies: each.dependencies,
    })),
    jobs: jobs.map(({ name, version, fingerprint, sha1 }) => ({ name, version, fingerprint, sha1 })),
    commit_hash: release.commitHash,
    uncommitted_changes: release.uncommittedChanges,
    name: release.name,
    version: release.version,
  };
  const blob = storeBlob(director, [
    { name: "./", text: null },
    { name: "./release.MF", text: dumpYaml(manifest) },
  ]);
  task.resultOutput = `${JSON.stringify({ blobstore_id: blob.id, sha1: blob.sha1 })}\n`;
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

/** @throws DirectorError 30006, 50003 */
function findSources(
  director: Director,
  deployment: Deployment,
  { release: name, version, os, stemcell: wanted }: ExportArgs,
): { release: ReleaseVersion; stemcell: Stemcell; plan: DeployPlan } {
  const release = director.slot.value.releases.get(name)?.find((each) => each.version === version);
  const isDeployed = deployment.releases.some((each) => each.name === name && each.version === version);
  if (release === undefined || !isDeployed)
    throw new DirectorError(
      30006,
      `Release version '${name}/${version}' not found in deployment '${deployment.name}' manifest`,
    );
  const stemcell = director.slot.value.stemcells.find((each) => each.operatingSystem === os && each.version === wanted);
  if (stemcell === undefined)
    throw new DirectorError(50003, `Stemcell version '${wanted}' for OS '${os}' doesn't exist`);
  const plan = planDeployed(director, deployment);
  if (plan === undefined) throw new DirectorError(440001, "No successful BOSH deployment manifest available");
  return { release, stemcell, plan };
}
