import type { Regression } from "../regression.ts";

/** A repair failed between the deletion of a VM and the creation of the next, and nobody noticed the instance without a VM. */
export const repairWithoutVm: Regression = {
  cause:
    "a repair failed between the deletion of a VM and the creation of the next, and nobody noticed the instance without a VM",
  seed: 335,
  standing: [
    { tenant: 0, plan: 0 },
    { tenant: 0, plan: 3 },
  ],
  faults: [{ point: "keystone:POST /v3/auth/tokens", skip: 6, count: 3, effect: { kind: "reset" } }],
  steps: [
    { do: "unbind", binding: 7 },
    { do: "vanish", instance: 0 },
    { do: "write", binding: 7, rows: 2 },
    { do: "pass", ms: 714077 },
    { do: "deprovision", instance: 5 },
    { do: "pass", ms: 769823 },
    { do: "unbind", binding: 5 },
    { do: "kill-broker", downMs: 87727 },
    { do: "pass", ms: 1371875 },
    { do: "provision", tenant: 0, plan: 0, parameters: false },
    { do: "write", binding: 4, rows: 1 },
    { do: "restore", backup: 2 },
    { do: "backup", instance: 2 },
    { do: "pass", ms: 95524 },
  ],
};
