import type { Stemcell } from "../state/artifacts.ts";
import type { Deployment, Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import { jobsWithAddons } from "./addons.ts";
import type { InstanceGroup, JobSpec } from "./manifest-types.ts";
import type { ResolvedManifest } from "./references.ts";
import { electBootstrap, spreadOverZones } from "./spread.ts";
import { resolveStemcell } from "./stemcells.ts";

export interface PlannedGroup {
  readonly group: InstanceGroup;
  readonly jobs: readonly JobSpec[];
  readonly stemcell: Stemcell;
  /** In the order of their zones, then of their indexes: the order of updates. */
  readonly instances: readonly Instance[];
  readonly fresh: ReadonlySet<string>;
  readonly unneeded: readonly Instance[];
}

export interface DeployPlan extends ResolvedManifest {
  readonly stemcells: readonly Stemcell[];
  readonly groups: readonly PlannedGroup[];
  /** Instances of groups that the manifest no longer has. */
  readonly removed: readonly Instance[];
}

/** Chooses for each group which instances stay, come and go; new ones become part of the deployment. @throws DirectorError 50003 */
export function place(director: Director, deployment: Deployment, wanted: ResolvedManifest): DeployPlan {
  const { manifest } = wanted;
  const stemcells = new Map(manifest.stemcells.map((each) => [each.alias, resolveStemcell(director, each)]));
  const { zones } = director.slot.value;
  for (const az of wanted.config.azs.keys()) if (!zones.includes(az)) zones.push(az);
  const groups = manifest.groups.map((group) =>
    placeGroup(director, deployment, group, jobsWithAddons(group, manifest), stemcells.get(group.stemcell) as Stemcell),
  );
  const kept = new Set(groups.flatMap(({ instances, unneeded }) => [...instances, ...unneeded]));
  return {
    ...wanted,
    stemcells: [...new Set(stemcells.values())],
    groups,
    removed: deployment.instances.filter((each) => !kept.has(each)),
  };
}

function placeGroup(
  director: Director,
  deployment: Deployment,
  group: InstanceGroup,
  jobs: readonly JobSpec[],
  stemcell: Stemcell,
): PlannedGroup {
  const existing = deployment.instances
    .filter((each) => each.group === group.name || group.migratedFrom.includes(each.group))
    .sort((a, b) => a.index - b.index);
  const { kept, fresh } = spreadOverZones(group, existing);
  const taken = new Set(existing.filter((each) => each.group === group.name).map(({ index }) => index));
  const nextIndex = (): number => {
    let index = 0;
    while (taken.has(index)) index++;
    taken.add(index);
    return index;
  };
  for (const instance of kept.filter((each) => each.group !== group.name))
    Object.assign(instance, { group: group.name, index: nextIndex() });
  const made = fresh.map((az) => newInstance(director, deployment, group, nextIndex(), az));
  deployment.instances.push(...made);
  const zone = ({ az }: Instance): number => group.azs.indexOf(az);
  const instances = [...kept, ...made].sort((a, b) => zone(a) - zone(b) || a.index - b.index);
  electBootstrap(instances);
  return {
    group,
    jobs,
    stemcell,
    instances,
    fresh: new Set(instances.filter(({ applied }) => applied === null).map(({ id }) => id)),
    unneeded: existing.filter((each) => !kept.includes(each)).sort((a, b) => zoneOrder(group, a, b)),
  };
}

const zoneOrder = (group: InstanceGroup, a: Instance, b: Instance): number =>
  group.azs.indexOf(a.az) - group.azs.indexOf(b.az) || b.index - a.index;

function newInstance(
  director: Director,
  deployment: Deployment,
  group: InstanceGroup,
  index: number,
  az: string,
): Instance {
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
    applied: null,
    vmType: "",
    cloudProperties: {},
    ips: [],
    pendingIps: [],
  };
}
