import type { Regression } from "../regression.ts";

/** The broker gave up deleting what a failed provision had begun, and its security group stayed. */
export const undoGivenUp: Regression = {
  cause: "the broker gave up deleting what a failed provision had begun, and its security group stayed",
  seed: 33,
  standing: [{ tenant: 0, plan: 1 }],
  faults: [
    { point: "neutron:POST /v2.0/security-group-rules", skip: 0, count: 2, effect: { kind: "delay", delayMs: 68979 } },
    { point: "director:task", skip: 0, count: 60, effect: { kind: "error", message: "the worker died" } },
  ],
  steps: [
    { do: "provision", tenant: 1, plan: 3, parameters: false },
    { do: "kill-broker", downMs: 115979 },
    { do: "pass", ms: 1707490 },
    { do: "pass", ms: 4000000 },
  ],
};
