/** A disk without an instance. */
export interface OrphanDisk {
  readonly cid: string;
  readonly sizeMb: number;
  readonly az: string;
  readonly deployment: string;
  readonly instance: string;
  readonly cloudProperties: Readonly<Record<string, unknown>>;
  readonly orphanedMs: number;
}

/** A VM without an instance that could not be deleted. */
export interface OrphanVm {
  readonly cid: string;
  readonly az: string;
  readonly deployment: string;
  readonly instance: string;
  readonly ips: readonly string[];
  readonly orphanedMs: number;
}

/** A snapshot of an instance's disk. */
export interface Snapshot {
  readonly cid: string;
  readonly diskCid: string;
  readonly deployment: string;
  readonly instanceId: string;
  readonly group: string;
  readonly index: number;
  readonly createdMs: number;
  /** Whether the jobs had been stopped. */
  readonly isClean: boolean;
}
