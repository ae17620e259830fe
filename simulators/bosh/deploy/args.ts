/** The arguments of a deploy's task, as plain data. */
export interface DeployArgs {
  readonly deployment: string;
  /** The text of the manifest; null for that of the last successful deploy. */
  readonly manifest: string | null;
  readonly cloudConfigIds: readonly number[];
  readonly runtimeConfigIds: readonly number[];
  readonly recreate: boolean;
  readonly recreateDisks: boolean;
  /** Only VMs made before this time are recreated, ms since the epoch. */
  readonly recreateBeforeMs: number | null;
  readonly recreateBefore: string | null;
  readonly fix: boolean;
  /** `*` or a comma list of groups. */
  readonly skipDrain: string | null;
  readonly canaries: string | null;
  readonly maxInFlight: string | null;
  readonly dryRun: boolean;
  readonly change: StateChange | null;
  /** Whether the request created the deployment, as the audit log then says. */
  readonly isNew: boolean;
}

/** `PUT /deployments/:d/jobs/:g[/:i]?state=`. */
export interface StateChange {
  readonly group: string;
  readonly id: string | null;
  readonly state: string;
}
