import { type Body, faultPoint, type Kernel } from "../../kernel/index.ts";
import { type Cpi, CpiError, type Properties } from "./cpi.ts";

/** The methods at which a CPI may fail, by the names that the director's debug log shows. */
const METHODS = {
  create_stemcell: "createStemcell",
  delete_stemcell: "deleteStemcell",
  create_vm: "createVm",
  delete_vm: "deleteVm",
  set_vm_metadata: "setVmMetadata",
  create_disk: "createDisk",
  attach_disk: "attachDisk",
  detach_disk: "detachDisk",
  delete_disk: "deleteDisk",
  set_disk_metadata: "setDiskMetadata",
  reboot_vm: "rebootVm",
  has_vm: "hasVm",
  has_disk: "hasDisk",
  snapshot_disk: "snapshotDisk",
  delete_snapshot: "deleteSnapshot",
} as const;

/** Declares `cpi:<method>` for each method of the CPI. */
export function defineCpiFaults(kernel: Kernel): void {
  for (const point of POINTS.values()) kernel.faults.define(point);
}

const pointOf = (method: string) =>
  faultPoint({
    point: `cpi:${method}`,
    effects: ["error", "delay", "lost-reply", "stuck"],
    prose:
      "A call of the CPI fails before its work, after it (the IaaS did it and the director never heard), late, or hangs. The director must clean up what it knows of; what it can't know of must end as a named orphan.",
  });

const POINTS = new Map(Object.keys(METHODS).map((method) => [method, pointOf(method)]));

/** A CPI whose calls meet their fault points. */
export const withFaults = (kernel: Kernel, cpi: Cpi): Cpi =>
  wrap(cpi, (method, call) => meetFault(kernel, method, call));

/** A CPI that tells of each call by the method's name. */
export const withTrace = (cpi: Cpi, tell: (method: string) => void): Cpi =>
  wrap(cpi, (method, call) => {
    tell(method);
    return call();
  });

function wrap(cpi: Cpi, around: (method: string, call: () => Body<unknown>) => Body<unknown>): Cpi {
  const wrapped: Record<string, unknown> = {
    bootMs: cpi.bootMs,
    isAlive: (cid: string) => cpi.isAlive(cid),
    calculateVmProperties: (resources: Properties) => cpi.calculateVmProperties(resources),
  };
  for (const [method, name] of Object.entries(METHODS)) {
    const call = (cpi[name] as (...values: unknown[]) => Body<unknown>).bind(cpi);
    wrapped[name] = (...values: unknown[]) => around(method, () => call(...values));
  }
  return wrapped as unknown as Cpi;
}

function* meetFault(kernel: Kernel, method: string, call: () => Body<unknown>): Body<unknown> {
  const point = POINTS.get(method);
  const effect = point && kernel.faults.at(point, {});
  if (effect?.kind === "error") throw new CpiError(effect.message);
  if (effect?.kind === "stuck" && !(yield* kernel.faults.stuck(effect)))
    throw new CpiError(`Unknown CPI error: no answer to ${method} in time`);
  if (effect?.kind === "delay") yield* kernel.faults.delay(effect);
  const result = yield* call();
  if (effect?.kind === "lost-reply") throw new CpiError(`Unknown CPI error: no answer to ${method}`);
  return result;
}
