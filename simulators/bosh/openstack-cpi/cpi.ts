import type { Body, Kernel } from "../../kernel/index.ts";
import type { OpenStack } from "../../openstack/index.ts";
import { type Cpi, CpiError, type Properties, type VmRequest } from "../cpi/cpi.ts";
import { createImage, deleteImage } from "./images.ts";
import { CpiProcess, type OpenStackCpiOptions } from "./process.ts";
import { createServer, deleteServer, hasServer, rebootServer, setServerMetadata } from "./servers.ts";
import {
  attachVolume,
  createVolume,
  createVolumeSnapshot,
  deleteVolume,
  deleteVolumeSnapshot,
  detachVolume,
  hasVolume,
  setVolumeMetadata,
} from "./volumes.ts";

/**
 * The OpenStack CPI: the requests of bosh-openstack-cpi, in its order (v55 line; docs/discoveries/bosh-director.md, "OpenStack requests of the
 * CPI").
 */
export function createOpenStackCpi(kernel: Kernel, openstack: OpenStack, options: OpenStackCpiOptions): Cpi {
  const start = (): CpiProcess => new CpiProcess(kernel, openstack.services, options);
  return new OpenStackCpi(kernel, openstack, options, start);
}

/**
 * How long a stemcell's agent takes to answer once Nova reports ACTIVE; with the boot this adds up to the
 * times observed in the wild.
 */
const BOOT_MS = 20_000;

type Metadata = Readonly<Record<string, string>>;

/** Each call runs in its own process. */
class OpenStackCpi implements Cpi {
  readonly bootMs = BOOT_MS;
  readonly stemcellFormats = ["openstack-raw", "openstack-qcow2", "openstack-light"];
  readonly #kernel: Kernel;
  readonly #openstack: OpenStack;
  readonly #options: OpenStackCpiOptions;
  readonly #start: () => CpiProcess;

  constructor(kernel: Kernel, openstack: OpenStack, options: OpenStackCpiOptions, start: () => CpiProcess) {
    this.#kernel = kernel;
    this.#openstack = openstack;
    this.#options = options;
    this.#start = start;
  }

  #nameOf(prefix: string): string {
    return `${prefix}-${this.#kernel.random("bosh/cpi").uuid()}`;
  }

  createStemcell(name: string, version: string, properties?: Properties): Body<string> {
    return createImage(this.#start(), name, version, properties ?? {});
  }

  deleteStemcell(cid: string): Body {
    return deleteImage(this.#start(), cid);
  }

  createVm(request: VmRequest): Body<string> {
    const { keyName } = this.#options;
    return createServer(this.#start(), request, { name: () => this.#nameOf("vm"), keyName });
  }

  setVmMetadata(cid: string, values: Metadata): Body {
    return setServerMetadata(this.#start(), cid, values);
  }

  deleteVm(cid: string): Body {
    return deleteServer(this.#start(), cid);
  }

  rebootVm(cid: string): Body {
    return rebootServer(this.#start(), cid);
  }

  hasVm(cid: string): Body<boolean> {
    return hasServer(this.#start(), cid);
  }

  isAlive(cid: string): boolean {
    return this.#openstack.cloud.servers.server(cid)?.status === "ACTIVE";
  }

  calculateVmProperties(): Properties {
    throw new CpiError("not simulated: vm_resources with the OpenStack CPI; give the instance group a vm_type");
  }

  createDisk(sizeMb: number, properties: Properties, vmCid: string): Body<string> {
    return createVolume(this.#start(), sizeMb, properties, vmCid, () => this.#nameOf("volume"));
  }

  attachDisk(vmCid: string, diskCid: string): Body<string> {
    return attachVolume(this.#start(), vmCid, diskCid);
  }

  detachDisk(vmCid: string, diskCid: string): Body {
    return detachVolume(this.#start(), vmCid, diskCid);
  }

  deleteDisk(cid: string): Body {
    return deleteVolume(this.#start(), cid);
  }

  hasDisk(cid: string): Body<boolean> {
    return hasVolume(this.#start(), cid);
  }

  setDiskMetadata(cid: string, values: Metadata): Body {
    return setVolumeMetadata(this.#start(), cid, values);
  }

  snapshotDisk(diskCid: string, values: Metadata): Body<string> {
    return createVolumeSnapshot(this.#start(), diskCid, values, () => this.#nameOf("snapshot"));
  }

  deleteSnapshot(cid: string): Body {
    return deleteVolumeSnapshot(this.#start(), cid);
  }
}
