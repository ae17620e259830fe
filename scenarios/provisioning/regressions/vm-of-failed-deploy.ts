import type { Regression } from "../regression.ts";

/** The VM of a deployment that was never deployed successfully vanished: the director can't repair it, and the scenario waited until it did. */
export const vmOfFailedDeploy: Regression = {
  cause:
    "the VM of a deployment that was never deployed successfully vanished: the director can't repair it, and the scenario waited until it did",
  seed: 118,
  standing: [{ tenant: 0, plan: 2 }],
  faults: [
    { point: "bosh:GET /tasks", skip: 1, count: 62, effect: { kind: "reset" } },
    { point: "director:job", skip: 0, count: 3, effect: { kind: "error", message: "the job does not run" } },
  ],
  steps: [
    { do: "deprovision", instance: 0 },
    { do: "pass", ms: 1793300 },
    { do: "update", instance: 0, grow: true },
    { do: "pass", ms: 2772000 },
    { do: "vanish", instance: 0 },
  ],
};
