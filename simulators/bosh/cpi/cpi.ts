import type { Body } from "../../kernel/index.ts";

/** A network as the director hands it to create_vm. */
export interface VmNetwork {
  readonly name: string;
  readonly type: "manual" | "dynamic" | "vip";
  readonly ip: string;
  readonly netmask: string;
  readonly gateway: string;
  readonly dns: readonly string[];
  readonly cloudProperties: Properties;
}

/** Cloud properties or metadata: opaque to the director. */
export type Properties = Readonly<Record<string, unknown>>;

/** The arguments of create_vm. */
export interface VmRequest {
  readonly agentId: string;
  readonly stemcellCid: string;
  readonly cloudProperties: Properties;
  readonly networks: readonly VmNetwork[];
  readonly env: Properties;
}

/** A failure of the IaaS as the director sees it; `retryable` is the CPI's ok_to_retry. */
export class CpiError extends Error {
  readonly retryable: boolean;
  /** The class of the CPI's own error; null if the CPI did not answer. */
  readonly type: string | null;

  constructor(message: string, retryable = false, type: string | null = "Bosh::Clouds::CloudError") {
    super(message);
    this.name = "CpiError";
    this.retryable = retryable;
    this.type = type;
  }
}

/** The errors whose meaning a director knows (external_cpi.rb in bosh-director). */
const KNOWN_ERRORS: ReadonlySet<string | null> = new Set([
  "Bosh::Clouds::CpiError",
  "Bosh::Clouds::NotSupported",
  "Bosh::Clouds::NotImplemented",
  "Bosh::Clouds::CloudError",
  "Bosh::Clouds::VMCreationFailed",
  "Bosh::Clouds::VMNotFound",
  "Bosh::Clouds::NetworkNotFound",
  "Bosh::Clouds::DiskNotFound",
  "Bosh::Clouds::DiskNotAttached",
  "Bosh::Clouds::NoDiskSpace",
]);

/** An error of a CPI in the director's words. @param id the id of the call, such as `cpi-123456` */
export function describeCpiError({ message, retryable, type }: CpiError, method: string, id: string): CpiError {
  const kind = KNOWN_ERRORS.has(type) ? "CPI error" : "Unknown CPI error";
  const text = `${kind} '${type ?? ""}' with message '${message}' in '${method}' CPI method (CPI request ID: '${id}')`;
  return new CpiError(text, retryable, null);
}

/**
 * The Cloud Provider Interface, contract v2 (bosh.io/docs/cpi-api-v2). Each method is a generator that takes
 * simulated time and throws CpiError.
 */
export interface Cpi {
  /** How long the agent of a new VM takes to answer after create_vm has ended: median, ms. */
  readonly bootMs: number;
  /** The stemcell formats that it accepts. */
  readonly stemcellFormats: readonly string[];
  /** `image` is the stemcell's image, if it is small. */
  createStemcell(
    name: string,
    version: string,
    cloudProperties: Properties | undefined,
    image: string | null,
  ): Body<string>;
  deleteStemcell(cid: string): Body;
  createVm(request: VmRequest): Body<string>;
  deleteVm(cid: string): Body;
  rebootVm(cid: string): Body;
  setVmMetadata(cid: string, metadata: Readonly<Record<string, string>>): Body;
  hasVm(cid: string): Body<boolean>;
  /** Whether the machine exists and runs. Synchronous, for the agent's heartbeat. */
  isAlive(cid: string): boolean;
  /** `vm_resources` (cpu, ram, ephemeral_disk_size) as cloud properties. Takes no time. */
  calculateVmProperties(resources: Properties): Properties;
  createDisk(sizeMb: number, cloudProperties: Properties, vmCid: string): Body<string>;
  attachDisk(vmCid: string, diskCid: string): Body<string>;
  detachDisk(vmCid: string, diskCid: string): Body;
  deleteDisk(cid: string): Body;
  hasDisk(cid: string): Body<boolean>;
  setDiskMetadata(cid: string, metadata: Readonly<Record<string, string>>): Body;
  snapshotDisk(diskCid: string, metadata: Readonly<Record<string, string>>): Body<string>;
  deleteSnapshot(cid: string): Body;
}
