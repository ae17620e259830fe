import type { Regression } from "../regression.ts";

/** An unbind while the VM was being recreated left its user in the database. */
export const unbindDuringRecreation: Regression = {
  cause: "an unbind while the VM was being recreated left its user in the database",
  seed: 7070,
  standing: [
    { tenant: 0, plan: 0 },
    { tenant: 2, plan: 1 },
  ],
  faults: [
    { point: "cpi:attach_disk", skip: 6, count: 1, effect: { kind: "error", message: "the IaaS refused" } },
    { point: "bosh:DELETE /deployments/:d*", skip: 5, count: 1, effect: { kind: "delay", delayMs: 25168 } },
    { point: "cpi:create_vm", skip: 0, count: 1, effect: { kind: "error", message: "the IaaS refused" } },
  ],
  steps: [
    { do: "vanish", instance: 0 },
    { do: "pass", ms: 16396 },
    { do: "restore", backup: 2 },
    { do: "write", binding: 2, rows: 1 },
    { do: "restore", backup: 2 },
    { do: "pass", ms: 101760 },
    { do: "unbind", binding: 2 },
  ],
};
