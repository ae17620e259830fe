import type { Stemcell } from "../state/artifacts.ts";
import type { Deployment, Instance, VariableSet } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { InstanceGroup, JobSpec } from "./manifest.ts";
import type { AddedInstance, GroupPlan, Plan } from "./plan.ts";
import type { ResolvedManifest } from "./references.ts";
import { DirectorError, UNCLASSED } from "../wire/errors.ts";
import type { StaticIps } from "./spread.ts";
import { runningSet } from "./variable-sets.ts";

/** A group of a plan, with its instances. */
export interface PlannedGroup {
  readonly group: InstanceGroup;
  readonly jobs: readonly JobSpec[];
  readonly stemcell: Stemcell;
  /** In the order of updates: by zone, then by index. */
  readonly instances: readonly Instance[];
  /** The static addresses of its instances, by instance id. */
  readonly statics: ReadonlyMap<string, StaticIps>;
  /** Ids of instances that had nothing applied when the plan was made. */
  readonly fresh: ReadonlySet<string>;
  /**
   * Ids of instances that get a second VM, with its own addresses, before the first one is deleted
   * (create-swap-delete).
   */
  readonly doubled: Set<string>;
  readonly unneeded: readonly Instance[];
}

/** A plan whose instances exist: the phases of a deploy work on it. */
export interface DeployPlan extends ResolvedManifest {
  readonly stemcells: readonly Stemcell[];
  readonly groups: readonly PlannedGroup[];
  /** Instances of groups that the manifest no longer has. */
  readonly removed: readonly Instance[];
  /** The id of the variable set for its instances. */
  readonly variableSet: number;
}

/**
 * Adopts a plan: new instances get their ids and rows, migrated ones their group, each group its bootstrap
 * instance.
 */
export function adoptPlan(
  director: Director,
  deployment: Deployment,
  plan: Plan,
  variableSet: VariableSet | undefined,
): DeployPlan {
  const { zones } = director.slot.value;
  for (const az of plan.config.azs.keys()) if (!zones.includes(az)) zones.push(az);
  return {
    ...plan,
    groups: plan.groups.map((group) => adoptGroup(director, deployment, group)),
    variableSet: variableSet?.id ?? 0,
  };
}

function adoptGroup(director: Director, deployment: Deployment, plan: GroupPlan): PlannedGroup {
  const { group, kept, added, bootstrapIndex } = plan;
  for (const { instance, index, az } of kept)
    Object.assign(instance, { group: group.name, index, az, errand: group.errand });
  const made = added.map((each) => createInstance(director, deployment, group, each));
  deployment.instances.push(...made);
  const instances = [...kept.map(({ instance }) => instance), ...made];
  for (const instance of instances) instance.bootstrap = instance.index === bootstrapIndex;
  const ips = [...kept, ...added].map((each) => each.ips);
  return withInstances(plan, instances, new Map(instances.map(({ id }, at) => [id, ips[at] ?? new Map()])));
}

/** The part of a plan that already exists, without the instances that it would add. Changes nothing. */
export const withExistingOnly = (plan: Plan, deployment: Deployment): DeployPlan => ({
  ...plan,
  variableSet: runningSet(deployment)?.id ?? 0,
  groups: plan.groups.map((group) =>
    withInstances(
      group,
      group.kept.map(({ instance }) => instance),
      new Map(group.kept.map(({ instance, ips }) => [instance.id, ips])),
    ),
  ),
});

function withInstances(
  { group, jobs, stemcell, unneeded }: GroupPlan,
  members: readonly Instance[],
  statics: PlannedGroup["statics"],
): PlannedGroup {
  const zone = ({ az }: Instance): number => group.azs.indexOf(az);
  const instances = [...members].sort((a, b) => zone(a) - zone(b) || a.index - b.index);
  const fresh = new Set(instances.filter(({ applied }) => applied === null).map(({ id }) => id));
  return { group, jobs, stemcell, instances, statics, fresh, doubled: new Set(), unneeded };
}

function createInstance(
  director: Director,
  deployment: Deployment,
  group: InstanceGroup,
  { index, az }: AddedInstance,
): Instance {
  // An instance's record must name its group.
  if (group.name === "") throw new DirectorError(UNCLASSED, "job presence");
  return {
    id: director.kernel.random("bosh/instances").uuid(),
    row: ++director.slot.value.instanceRows,
    deployment: deployment.name,
    group: group.name,
    index,
    az,
    bootstrap: false,
    state: "started",
    ignore: false,
    errand: group.errand,
    clean: false,
    vm: null,
    disk: null,
    namedDisks: [],
    inactiveDisks: [],
    applied: null,
    vmType: "",
    cloudProperties: {},
    variableSet: deployment.variableSets.at(-1)?.id ?? 0,
    ips: [],
    pendingIps: [],
    standby: null,
  };
}
