export interface OrphanDisk {
  readonly cid: string;
  readonly sizeMb: number;
  readonly az: string;
  readonly deployment: string;
  readonly instance: string;
  readonly cloudProperties: Readonly<Record<string, unknown>>;
  readonly orphanedMs: number;
}

export interface OrphanVm {
  readonly cid: string;
  readonly az: string;
  readonly deployment: string;
  readonly instance: string;
  readonly ips: readonly string[];
  readonly orphanedMs: number;
}

export interface Snapshot {
  readonly cid: string;
  readonly diskCid: string;
  readonly deployment: string;
  readonly instanceId: string;
  readonly group: string;
  readonly index: number;
  readonly createdMs: number;
}
