import type { Body } from "../../kernel/index.ts";

/** A network as the director hands it to create_vm. */
export interface VmNetwork {
  readonly name: string;
  readonly type: "manual" | "dynamic" | "vip";
  readonly ip: string;
  readonly netmask: string;
  readonly gateway: string;
  readonly dns: readonly string[];
  readonly cloudProperties: Readonly<Record<string, unknown>>;
}

export interface VmRequest {
  readonly agentId: string;
  readonly stemcellCid: string;
  readonly cloudProperties: Readonly<Record<string, unknown>>;
  readonly networks: readonly VmNetwork[];
  readonly env: Readonly<Record<string, unknown>>;
}

/** A failure of the IaaS as the director sees it; `retryable` is the CPI's ok_to_retry. */
export class CpiError extends Error {
  readonly retryable: boolean;

  constructor(message: string, retryable = false) {
    super(message);
    this.name = "CpiError";
    this.retryable = retryable;
  }
}

/**
 * The Cloud Provider Interface, contract v2 (bosh.io/docs/cpi-api-v2). Each method is a generator: it takes simulated time.
 * All throw CpiError.
 */
export interface Cpi {
  createStemcell(name: string, version: string, cloudProperties: Readonly<Record<string, unknown>>): Body<string>;
  deleteStemcell(cid: string): Body;
  createVm(request: VmRequest): Body<string>;
  deleteVm(cid: string): Body;
  setVmMetadata(cid: string, metadata: Readonly<Record<string, string>>): Body;
  /** Synchronous, for the agent's heartbeat: is the machine there and running? */
  isAlive(cid: string): boolean;
  createDisk(sizeMb: number, cloudProperties: Readonly<Record<string, unknown>>, vmCid: string): Body<string>;
  attachDisk(vmCid: string, diskCid: string): Body<string>;
  detachDisk(vmCid: string, diskCid: string): Body;
  deleteDisk(cid: string): Body;
  setDiskMetadata(cid: string, metadata: Readonly<Record<string, string>>): Body;
}
