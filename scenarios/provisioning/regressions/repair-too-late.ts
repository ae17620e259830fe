import type { Regression } from "../regression.ts";

/** As repair-without-disk, and the operator came only after the operation that was in progress at the instance. */
export const repairTooLate: Regression = {
  cause: "as repair-without-disk, and the operator came only after the operation that was in progress at the instance",
  seed: 2374,
  standing: [{ tenant: 1, plan: 1 }],
  faults: [
    { point: "neutron:POST /v2.0/security-groups", skip: 0, count: 3, effect: { kind: "delay", delayMs: 54917 } },
    { point: "cpi:attach_disk", skip: 0, count: 3, effect: { kind: "error", message: "the IaaS refused" } },
    { point: "director:job", skip: 1, count: 3, effect: { kind: "error", message: "the job does not run" } },
  ],
  steps: [
    { do: "bind", instance: 0 },
    { do: "bind", instance: 3 },
    { do: "vanish", instance: 2 },
    { do: "pass", ms: 1703021 },
    { do: "pass", ms: 1684335 },
    { do: "restore", backup: 3 },
    { do: "write", binding: 4, rows: 2 },
    { do: "bind", instance: 6 },
  ],
};
