import type { Deployment, VariableSet } from "../state/deployments.ts";

/** How many a deployment keeps whose deploys fail one after the other. */
const SETS_MAX = 100;

/** Opens the set of a deploy: what it looks up is added to it. */
export function openVariableSet(deployment: Deployment): VariableSet {
  const set: VariableSet = {
    id: (deployment.variableSets.at(-1)?.id ?? 0) + 1,
    entries: [],
    isOpen: true,
    isDeployed: false,
  };
  deployment.variableSets = [...deployment.variableSets, set].slice(-SETS_MAX);
  return set;
}

/** Once a deploy has succeeded, only its set and those of instances that it left alone are kept. */
export function closeDeployed(deployment: Deployment, set: VariableSet): void {
  set.isDeployed = true;
  const used = new Set(deployment.instances.map(({ variableSet }) => variableSet));
  deployment.variableSets = deployment.variableSets.filter((each) => each === set || used.has(each.id));
}

/** The set of the last deploy, whether it succeeded or not. */
export const currentSet = ({ variableSets }: Deployment): VariableSet | undefined => variableSets.at(-1);

/** The set of what runs: that of the last deploy that succeeded, else the current one. */
export const runningSet = ({ variableSets }: Deployment): VariableSet | undefined =>
  variableSets.findLast(({ isDeployed }) => isDeployed) ?? variableSets.at(-1);

/** What the API shows as the variables of a deployment: the versions of all its sets, once each. */
export function shownVariables({ variableSets }: Deployment): readonly VariableSet["entries"][number][] {
  const all = variableSets.flatMap(({ entries }) => entries);
  return [...new Map(all.map((each) => [`${each.id} ${each.name}`, each])).values()];
}
