import type { Body, Kernel, Slot } from "../../kernel/index.ts";
import { type Cpi, CpiError, type Properties, type VmRequest } from "./cpi.ts";

interface DummyState {
  readonly vms: Set<string>;
  readonly disks: Map<string, { readonly sizeMb: number; vmCid: string | null }>;
  readonly stemcells: Set<string>;
  readonly snapshots: Set<string>;
  pids: number;
}

/** The dummy shows what it holds, for laws that tests assert. */
export interface Dummy extends Cpi {
  readonly vms: readonly string[];
  readonly disks: readonly string[];
}

/** The director's own dummy CPI: VMs are processes with small decimal ids, and every call is done at once. */
export function createDummyCpi(kernel: Kernel): Dummy {
  return new DummyCpi(kernel);
}

class DummyCpi implements Dummy {
  readonly bootMs = 1000;
  readonly #kernel: Kernel;
  readonly #slot: Slot<DummyState>;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#slot = kernel.slot("bosh/cpi/dummy", {
      vms: new Set(),
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

  *createStemcell(): Body<string> {
    const cid = this.#kernel.random("bosh/cpi").uuid();
    this.#slot.value.stemcells.add(cid);
    return cid;
  }

  *deleteStemcell(cid: string): Body {
    this.#slot.value.stemcells.delete(cid);
  }

  *createVm(_request: VmRequest): Body<string> {
    const cid = String(++this.#slot.value.pids);
    this.#slot.value.vms.add(cid);
    return cid;
  }

  *deleteVm(cid: string): Body {
    this.#slot.value.vms.delete(cid);
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
    if (disk === undefined) throw new CpiError(`Disk '${diskCid}' not found`);
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
    throw new CpiError("not implemented: reboot_vm of the dummy CPI");
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
