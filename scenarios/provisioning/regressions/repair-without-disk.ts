import type { Regression } from "../regression.ts";

/** A repair created the VM and could not attach its disk; cloud check did not report it, and no operator looked. */
export const repairWithoutDisk: Regression = {
  cause: "a repair created the VM and could not attach its disk; cloud check did not report it, and no operator looked",
  seed: 421,
  standing: [
    { tenant: 1, plan: 0 },
    { tenant: 0, plan: 1 },
  ],
  faults: [{ point: "cpi:attach_disk", skip: 3, count: 2, effect: { kind: "error", message: "the IaaS refused" } }],
  steps: [
    { do: "pass", ms: 1744351 },
    { do: "vanish", instance: 7 },
    { do: "provision", tenant: 2, plan: 2, parameters: true },
    { do: "backup", instance: 3 },
    { do: "provision", tenant: 1, plan: 0, parameters: false },
    { do: "backup", instance: 1 },
    { do: "bind", instance: 5 },
    { do: "provision", tenant: 2, plan: 0, parameters: false },
    { do: "write", binding: 2, rows: 5 },
    { do: "pass", ms: 988361 },
    { do: "provision", tenant: 2, plan: 3, parameters: false },
    { do: "provision", tenant: 2, plan: 2, parameters: false },
    { do: "bind", instance: 2 },
    { do: "vanish", instance: 3 },
    { do: "backup", instance: 4 },
    { do: "provision", tenant: 0, plan: 0, parameters: true },
    { do: "pass", ms: 54003 },
    { do: "pass", ms: 1728167 },
    { do: "pass", ms: 1244888 },
    { do: "restore", backup: 3 },
    { do: "backup", instance: 4 },
  ],
};
