import type { Deployment, DesiredState, Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import type { DeployArgs, StateChange } from "./args.ts";
import type { UpdateRequest } from "./changes.ts";

/** One deploy in progress. */
export interface DeployRun {
  readonly director: Director;
  readonly task: Task;
  readonly args: DeployArgs;
  readonly deployment: Deployment;
  /** The reports of the agents before the first change. */
  readonly agents: Map<string, UpdateRequest["agent"]>;
  /** Instances whose VM was made in this run. */
  readonly created: Set<string>;
  /** Whether everything that it needs was found. */
  isBound: boolean;
}

/** A run that changes nothing of the last deploy: for errands and single instances. */
export const runWithoutChanges = (director: Director, task: Task, deployment: Deployment): DeployRun => ({
  director,
  task,
  deployment,
  agents: new Map(),
  created: new Set(),
  isBound: false,
  args: {
    deployment: deployment.name,
    manifest: null,
    cloudConfigIds: deployment.cloudConfigIds,
    runtimeConfigIds: deployment.runtimeConfigIds,
    recreate: false,
    recreateDisks: false,
    recreateBefore: null,
    recreateBeforeMs: null,
    fix: false,
    skipDrain: null,
    canaries: null,
    maxInFlight: null,
    dryRun: false,
    change: null,
    isNew: false,
  },
});

/** The states that a change of state may name, each with the resulting state of an instance. */
export const STATES: Readonly<Record<string, DesiredState>> = {
  started: "started",
  stopped: "stopped",
  detached: "detached",
  restart: "started",
  recreate: "started",
};

/** Whether a change of state concerns this instance. `*` stands for all groups. */
export const isChosen = (change: StateChange, instance: Instance): boolean =>
  (change.group === "*" || change.group === instance.group) &&
  (change.id === null || change.id === instance.id || change.id === String(instance.index));

/** The state that the instance should have after the deploy. */
export const desiredOf = ({ args }: DeployRun, instance: Instance): DesiredState =>
  args.change !== null && isChosen(args.change, instance)
    ? (STATES[args.change.state] ?? instance.state)
    : instance.state;
