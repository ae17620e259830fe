import type { Body, Kernel, Slot } from "../../kernel/index.ts";
import { isHash } from "../configs/fields.ts";
import { rubyInstance } from "../templates/ruby.ts";
import { YamlError } from "../templates/yaml-errors.ts";
import { readYaml } from "../templates/yaml.ts";
import { type Cpi, CpiError, type Properties, type VmRequest } from "./cpi.ts";

interface DummyState {
  readonly vms: Set<string>;
  /** The VM that has an address, by `network ip`. */
  readonly addresses: Map<string, string>;
  readonly disks: Map<string, { readonly sizeMb: number; vmCid: string | null }>;
  readonly stemcells: Set<string>;
  readonly snapshots: Set<string>;
  pids: number;
}

/** The dummy exposes its contents to tests. */
export interface Dummy extends Cpi {
  readonly vms: readonly string[];
  readonly disks: readonly string[];
}

/** An error as the dummy raises it, with its source line. @param type the class of the error, in Ruby */
export const dummyError = (message: string, type: string): CpiError =>
  new CpiError(`${message}\n${TRACE}`, false, type);

const CLOUD_ERROR = "Bosh::Clouds::CloudError";
const TRACE = "/var/vcap/packages/director/bosh-director/lib/cloud/dummy.rb";

/** The director's own dummy CPI: VMs are processes with small decimal ids, and every call takes no time. */
export function createDummyCpi(kernel: Kernel): Dummy {
  return new DummyCpi(kernel);
}

class DummyCpi implements Dummy {
  readonly bootMs = 1000;
  readonly stemcellFormats = ["dummy"];
  readonly #kernel: Kernel;
  readonly #slot: Slot<DummyState>;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#slot = kernel.slot("bosh/cpi/dummy", {
      vms: new Set(),
      addresses: new Map(),
      disks: new Map(),
      stemcells: new Set(),
      snapshots: new Set(),
      pids: 1000,
    });
  }

  get vms(): readonly string[] {
    return [...this.#slot.value.vms];
  }

  get disks(): readonly string[] {
    return [...this.#slot.value.disks.keys()];
  }

  #hex(): string {
    return this.#kernel.random("bosh/cpi").hex(32);
  }

  /** @throws CpiError for an image that is not a mapping in YAML, and if there are no cloud properties */
  *createStemcell(
    _name: string,
    _version: string,
    cloudProperties: Properties | undefined,
    image: string | null,
  ): Body<string> {
    if (cloudProperties === undefined)
      throw dummyError(
        "Invalid arguments sent to create_stemcell: { cloud_properties => Expected instance of Hash, given an instance of NilClass }",
        "ArgumentError",
      );
    checkImage(image);
    const cid = this.#kernel.random("bosh/cpi").uuid();
    this.#slot.value.stemcells.add(cid);
    return cid;
  }

  *deleteStemcell(cid: string): Body {
    this.#slot.value.stemcells.delete(cid);
  }

  /** @throws CpiError for an address that another VM has */
  *createVm({ networks }: VmRequest): Body<string> {
    const { addresses } = this.#slot.value;
    const taken = networks.filter(({ ip, type }) => ip !== "" && type !== "vip");
    for (const { name, ip } of taken)
      if (addresses.has(`${name} ${ip}`))
        throw dummyError(`IP Address ${ip} in network '${name}' is already in use`, "RuntimeError");
    const cid = String(++this.#slot.value.pids);
    this.#slot.value.vms.add(cid);
    for (const { name, ip } of taken) addresses.set(`${name} ${ip}`, cid);
    return cid;
  }

  *deleteVm(cid: string): Body {
    const { vms, addresses } = this.#slot.value;
    vms.delete(cid);
    for (const [address, owner] of addresses) if (owner === cid) addresses.delete(address);
  }

  *setVmMetadata(): Body {}

  isAlive(cid: string): boolean {
    return this.#slot.value.vms.has(cid);
  }

  *createDisk(sizeMb: number): Body<string> {
    const cid = this.#hex();
    this.#slot.value.disks.set(cid, { sizeMb, vmCid: null });
    return cid;
  }

  *attachDisk(vmCid: string, diskCid: string): Body<string> {
    const disk = this.#slot.value.disks.get(diskCid);
    if (disk === undefined) throw dummyError(`Disk '${diskCid}' not found`, CLOUD_ERROR);
    disk.vmCid = vmCid;
    return `/warden-cpi-dev/${diskCid}`;
  }

  *detachDisk(_vmCid: string, diskCid: string): Body {
    const disk = this.#slot.value.disks.get(diskCid);
    if (disk !== undefined) disk.vmCid = null;
  }

  *deleteDisk(cid: string): Body {
    this.#slot.value.disks.delete(cid);
  }

  *setDiskMetadata(): Body {}

  *rebootVm(): Body {
    throw dummyError("Dummy CPI does not implement reboot_vm", "Bosh::Clouds::NotImplemented");
  }

  *hasVm(cid: string): Body<boolean> {
    return this.isAlive(cid);
  }

  *hasDisk(cid: string): Body<boolean> {
    return this.#slot.value.disks.has(cid);
  }

  calculateVmProperties({ cpu, ram, ephemeral_disk_size: size }: Properties): Properties {
    return { instance_type: "dummy", cpu, ram, ephemeral_disk: { size } };
  }

  *snapshotDisk(): Body<string> {
    const cid = this.#hex();
    this.#slot.value.snapshots.add(cid);
    return cid;
  }

  *deleteSnapshot(cid: string): Body {
    this.#slot.value.snapshots.delete(cid);
  }
}

/** The dummy's stemcells are YAML. @throws CpiError */
function checkImage(image: string | null): void {
  if (image === null) return;
  let value: unknown;
  try {
    value = readYaml(image);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw dummyError(error.message, error.ruby);
  }
  if (!isHash(value)) throw dummyError(`undefined method 'merge!' for ${rubyInstance(value)}`, "NoMethodError");
}
