import type { DeployPlan, PlannedGroup } from "../deploy/adopt.ts";
import { compilePackages } from "../deploy/compile.ts";
import { planDeployed } from "../deploy/plan-deployed.ts";
import type { Body } from "../../kernel/index.ts";
import type { ReleaseVersion } from "../state/artifacts.ts";
import type { Deployment, Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import { hasIndexOrId } from "../state/lookup.ts";
import type { Task } from "../state/tasks.ts";
import type { TaskArguments } from "../tasks/jobs.ts";
import { logWarning, Stage } from "../tasks/stage.ts";
import { checkpoint } from "../tasks/transitions.ts";
import { rubyInstance, toRubyText } from "../templates/ruby.ts";
import { isHash } from "../configs/fields.ts";
import { DirectorError, UNCLASSED } from "../wire/errors.ts";
import { instanceName, instanceTitle } from "./names.ts";

/*
 * Finds the instances on which an errand runs: for the name of a job, all instances that have it; for the
 * name of an errand group, its first instance (errand_provider.rb and instance_matcher.rb in bosh-director).
 */

type ErrandArgs = TaskArguments["errand"];

/** An instance on which the errand will run. */
export interface ErrandTarget {
  readonly group: PlannedGroup;
  readonly instance: Instance;
  /** The job that has the errand as its `bin/run`. */
  readonly job: string;
}

const hasRun = (
  releases: readonly ReleaseVersion[],
  job: { readonly name: string; readonly release: string },
): boolean =>
  releases
    .find(({ name }) => name === job.release)
    ?.jobs.find(({ name }) => name === job.name)
    ?.templates.some(({ target }) => target === "bin/run") ?? false;

/** Groups with the lifecycle `errand`, then every job that can run as an errand. */
export function errandNames(plan: DeployPlan): readonly string[] {
  const groups = plan.groups.filter(({ group }) => group.errand).map(({ group }) => group.name);
  const jobs = plan.groups.flatMap((each) =>
    each.jobs.filter((job) => hasRun(plan.releases, job)).map(({ name }) => name),
  );
  return [...new Set([...groups, ...jobs])];
}

/**
 * The plan of what is deployed, and the instances for the errand. Begins and ends the stage.
 *
 * @throws DirectorError 510000, 70000, 70001, 70009, or 100 for a filter that matches nothing
 */
export function* prepareErrand(
  director: Director,
  task: Task,
  deployment: Deployment,
  args: ErrandArgs,
): Body<{ plan: DeployPlan; targets: readonly ErrandTarget[] }> {
  const chosen = matchInstances(deployment.instances, readFilters(args.instances));
  const stopped = chosen.instances.filter(({ state }) => state === "stopped").map((each) => `'${instanceName(each)}'`);
  if (stopped.length > 0)
    throw new DirectorError(
      510000,
      `Instance(s) ${stopped.join(",")} is stopped, unable to run errand. Maybe start vm?`,
    );
  const stage = new Stage(director, task, "Preparing deployment", 1);
  return yield* stage.step("Preparing deployment", chooseTargets(director, task, deployment, args, chosen));
}

/** A filter by which the caller of an errand chooses instances. */
interface InstanceFilter {
  /** Without a group it matches no instance. */
  readonly group: unknown;
  /** Id or index. Default: all instances of the group. */
  readonly id: string;
  /** The filter as received. */
  readonly original: unknown;
}

/** @throws DirectorError 100 in Ruby's words */
function readFilters(value: unknown): readonly InstanceFilter[] {
  if (isHash(value) && Object.keys(value).length === 0) return [];
  if (!Array.isArray(value)) throw new DirectorError(UNCLASSED, `undefined method 'map' for ${rubyInstance(value)}`);
  return value.map((original: unknown) => {
    if (!isHash(original)) return { group: undefined, id: "", original };
    const { group, id = null } = original;
    if (id !== null && typeof id !== "string" && typeof id !== "object")
      throw new DirectorError(UNCLASSED, `undefined method 'empty?' for ${rubyInstance(id)}`);
    return { group, id: toRubyText(id), original };
  });
}

interface Chosen {
  readonly instances: readonly Instance[];
  readonly unmatched: readonly InstanceFilter[];
  readonly isFiltered: boolean;
}

/** The instances that filters match, and the filters that match none; without filters, all instances. */
function matchInstances(all: readonly Instance[], filters: readonly InstanceFilter[]): Chosen {
  if (filters.length === 0 || all.length === 0)
    return { instances: all, unmatched: [], isFiltered: filters.length > 0 };
  const matches = (filter: InstanceFilter): readonly Instance[] => {
    const own = all.filter(({ group }) => group === filter.group);
    if (filter.id === "") return own;
    const first = own.map(({ id }) => id).toSorted()[0];
    return own.filter((each) => (filter.id === "first" ? each.id === first : hasIndexOrId(each, filter.id)));
  };
  return {
    instances: [...new Set(filters.flatMap(matches))],
    unmatched: filters.filter((each) => matches(each).length === 0),
    isFiltered: true,
  };
}

/** How long it takes to read the manifest and to look at the instances. */
const PREPARE_MS = 600;

const PARALLEL =
  "Executing errand on multiple instances in parallel. Use the `--instance` flag to run the errand on a single instance.";

function* chooseTargets(
  director: Director,
  task: Task,
  deployment: Deployment,
  args: ErrandArgs,
  chosen: Chosen,
): Body<{ plan: DeployPlan; targets: readonly ErrandTarget[] }> {
  const plan = planDeployed(director, deployment);
  if (plan === undefined) throw new DirectorError(70000, "- Deployment '' doesn't exist");
  yield director.kernel.work(PREPARE_MS);
  checkpoint(task);
  const targets: ErrandTarget[] = [];
  for (const { group, job } of groupsOf(director, task, plan, { ...args, isFiltered: chosen.isFiltered })) {
    const own = group.instances.filter((each) => chosen.instances.includes(each));
    if (own.length > 1) logWarning(director, task, PARALLEL);
    if (!group.group.errand) {
      targets.push(...withVms(director, task, own).map((instance) => ({ group, instance, job })));
      continue;
    }
    yield* compilePackages(director, task, deployment, plan, [group]);
    const [first] = group.instances;
    if (first !== undefined && own.includes(first)) targets.push({ group, instance: first, job });
  }
  if (chosen.unmatched.length > 0)
    throw new DirectorError(
      UNCLASSED,
      `No instances match selection criteria: [${chosen.unmatched.map(({ original }) => toRubyText(original)).join(", ")}]`,
    );
  return { plan, targets };
}

/** The groups with a job of the name; else the errand group of that name. @throws DirectorError 70001, 70009, 510000 */
function groupsOf(
  director: Director,
  task: Task,
  plan: DeployPlan,
  { errand, deployment, isFiltered }: ErrandArgs & Pick<Chosen, "isFiltered">,
): readonly { readonly group: PlannedGroup; readonly job: string }[] {
  const named = plan.groups.find(({ group }) => group.name === errand);
  const withJob = plan.groups.filter(({ jobs }) => jobs.some(({ name }) => name === errand));
  if (withJob.length > 0) {
    if (named !== undefined)
      logWarning(
        director,
        task,
        `Ambiguous request: the requested errand name '${errand}' matches both a job name and an errand instance group name. Executing errand on all relevant instances with job '${errand}'.`,
      );
    return withJob.map((group) => ({ group, job: errand }));
  }
  if (named === undefined) throw new DirectorError(70009, `Errand '${errand}' doesn't exist`);
  if (!named.group.errand)
    throw new DirectorError(
      510000,
      `Instance group '${errand}' is not an errand. To mark an instance group as an errand set its lifecycle to 'errand' in the deployment manifest.`,
    );
  if (named.instances.length === 0)
    throw new DirectorError(70001, `Instance '${deployment}/${errand}/0' doesn't exist`);
  if (isFiltered)
    throw new DirectorError(
      510000,
      "Filtering by instances is not supported when running errand by instance group name",
    );
  return [{ group: named, job: named.jobs[0]?.name ?? "" }];
}

function withVms(director: Director, task: Task, instances: readonly Instance[]): readonly Instance[] {
  return instances.filter((instance) => {
    if (instance.vm !== null) return true;
    logWarning(director, task, `Skipping instance: ${instanceTitle(instance)} no matching VM reference was found`);
    return false;
  });
}
