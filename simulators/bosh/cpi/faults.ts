import { type Body, faultPoint, type Kernel } from "../../kernel/index.ts";
import { type Cpi, CpiError, describeCpiError } from "./cpi.ts";

/** The CPI methods that may fail, named as in the director's debug log. */
const METHODS = [
  "create_stemcell",
  "delete_stemcell",
  "create_vm",
  "delete_vm",
  "set_vm_metadata",
  "create_disk",
  "attach_disk",
  "detach_disk",
  "delete_disk",
  "set_disk_metadata",
  "reboot_vm",
  "has_vm",
  "has_disk",
  "snapshot_disk",
  "delete_snapshot",
] as const;
type CpiMethod = (typeof METHODS)[number];

/** Declares `cpi:<method>` for each method of the CPI. */
export function defineCpiFaults(kernel: Kernel): void {
  for (const point of POINTS.values()) kernel.faults.define(point);
}

const pointOf = (method: CpiMethod) =>
  faultPoint({
    point: `cpi:${method}`,
    effects: ["error", "delay", "lost-reply", "stuck"],
    prose:
      "A call of the CPI fails before its work or after it (the IaaS did it and the director never learns), is late, or hangs. The director must clean up what it knows of; what it can't know of must end as a listed orphan.",
  });

const POINTS = new Map(METHODS.map((method) => [method, pointOf(method)]));

/** A CPI with a fault point at each call. */
export const withFaults = (kernel: Kernel, cpi: Cpi): Cpi =>
  wrap(cpi, (method, call) => meetFault(kernel, method, call));

/** A CPI that reports each call by the method's name, and whose errors are in the director's words. */
export const withTrace = (cpi: Cpi, report: (method: string) => string): Cpi =>
  wrap(cpi, (method, call) => describeErrors(method, report(method), call));

function* describeErrors<T>(method: CpiMethod, id: string, call: () => Body<T>): Body<T> {
  try {
    return yield* call();
  } catch (error) {
    throw error instanceof CpiError && error.type !== null ? describeCpiError(error, method, id) : error;
  }
}

/** A CPI that fails at the methods named. */
export const withFailing = (cpi: Cpi, failing: ReadonlyMap<string, CpiError>): Cpi =>
  wrap(cpi, function* (method, call) {
    const error = failing.get(method);
    if (error !== undefined) throw error;
    return yield* call();
  });

type Around = <T>(method: CpiMethod, call: () => Body<T>) => Body<T>;

function wrap(cpi: Cpi, around: Around): Cpi {
  return {
    bootMs: cpi.bootMs,
    stemcellFormats: cpi.stemcellFormats,
    isAlive: (cid) => cpi.isAlive(cid),
    calculateVmProperties: (resources) => cpi.calculateVmProperties(resources),
    createStemcell: (...args) => around("create_stemcell", () => cpi.createStemcell(...args)),
    deleteStemcell: (...args) => around("delete_stemcell", () => cpi.deleteStemcell(...args)),
    createVm: (...args) => around("create_vm", () => cpi.createVm(...args)),
    deleteVm: (...args) => around("delete_vm", () => cpi.deleteVm(...args)),
    setVmMetadata: (...args) => around("set_vm_metadata", () => cpi.setVmMetadata(...args)),
    createDisk: (...args) => around("create_disk", () => cpi.createDisk(...args)),
    attachDisk: (...args) => around("attach_disk", () => cpi.attachDisk(...args)),
    detachDisk: (...args) => around("detach_disk", () => cpi.detachDisk(...args)),
    deleteDisk: (...args) => around("delete_disk", () => cpi.deleteDisk(...args)),
    setDiskMetadata: (...args) => around("set_disk_metadata", () => cpi.setDiskMetadata(...args)),
    rebootVm: (...args) => around("reboot_vm", () => cpi.rebootVm(...args)),
    hasVm: (...args) => around("has_vm", () => cpi.hasVm(...args)),
    hasDisk: (...args) => around("has_disk", () => cpi.hasDisk(...args)),
    snapshotDisk: (...args) => around("snapshot_disk", () => cpi.snapshotDisk(...args)),
    deleteSnapshot: (...args) => around("delete_snapshot", () => cpi.deleteSnapshot(...args)),
  };
}

function* meetFault<T>(kernel: Kernel, method: CpiMethod, call: () => Body<T>): Body<T> {
  const point = POINTS.get(method);
  const effect = point && kernel.faults.at(point, {});
  if (effect?.kind === "error") throw new CpiError(effect.message);
  if (effect?.kind === "stuck" && !(yield* kernel.faults.stuck(effect)))
    throw new CpiError(`Unknown CPI error: no answer to ${method} in time`, false, null);
  if (effect?.kind === "delay") yield* kernel.faults.delay(effect);
  const result = yield* call();
  if (effect?.kind === "lost-reply") throw new CpiError(`Unknown CPI error: no answer to ${method}`, false, null);
  return result;
}
