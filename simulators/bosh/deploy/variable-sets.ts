import type { Deployment, VariableSet } from "../state/deployments.ts";

/** The most sets that a deployment keeps while its deploys fail in a row. */
const SETS_MAX = 100;

/** Opens the set of a deploy, to which every value that the deploy looks up is added. */
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

/** After a successful deploy, keeps only its set and those of instances that it left alone. */
export function closeDeployed(deployment: Deployment, set: VariableSet): void {
  set.isDeployed = true;
  const used = new Set(deployment.instances.map(({ variableSet }) => variableSet));
  deployment.variableSets = deployment.variableSets.filter((each) => each === set || used.has(each.id));
}

/** The set of the last deploy, whether it succeeded or not. */
export const currentSet = ({ variableSets }: Deployment): VariableSet | undefined => variableSets.at(-1);

/** The set of the last deploy that succeeded, otherwise the current one. */
export const runningSet = ({ variableSets }: Deployment): VariableSet | undefined =>
  variableSets.findLast(({ isDeployed }) => isDeployed) ?? variableSets.at(-1);

/** The variables of a deployment as the API shows them: the versions of all its sets, once each. */
export function shownVariables({ variableSets }: Deployment): readonly VariableSet["entries"][number][] {
  const all = variableSets.flatMap(({ entries }) => entries);
  return [...new Map(all.map((each) => [`${each.id} ${each.name}`, each])).values()];
}
