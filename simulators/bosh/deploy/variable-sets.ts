import type { Deployment, VariableSet } from "../state/deployments.ts";

/** How many sets are kept beyond those that instances use. */
const KEPT = 2;

/** Opens the set of a deploy: what it looks up is added to it. */
export function openVariableSet(deployment: Deployment): VariableSet {
  const set: VariableSet = {
    id: (deployment.variableSets.at(-1)?.id ?? 0) + 1,
    entries: [],
    isOpen: true,
    isDeployed: false,
  };
  const used = new Set(deployment.instances.map(({ variableSet }) => variableSet));
  const last = deployment.variableSets.findLast(({ isDeployed }) => isDeployed);
  const kept = deployment.variableSets.filter(
    (each, at, all) => used.has(each.id) || each === last || at >= all.length - KEPT,
  );
  deployment.variableSets = [...kept, set];
  return set;
}

/** The set that shows as the deployment's. */
export const currentSet = ({ variableSets }: Deployment): VariableSet | undefined => variableSets.at(-1);

/** The set of what runs: that of the last deploy that succeeded, else the current one. */
export const runningSet = ({ variableSets }: Deployment): VariableSet | undefined =>
  variableSets.findLast(({ isDeployed }) => isDeployed) ?? variableSets.at(-1);
