import type { Regression } from "../regression.ts";

/** The broker gave up deleting a deployment after five failed tasks, and left it behind. */
export const deletionGivenUp: Regression = {
  cause: "the broker gave up deleting a deployment after five failed tasks, and left it behind",
  seed: 5546,
  standing: [{ tenant: 1, plan: 1 }],
  faults: [
    { point: "director:job", skip: 1, count: 2, effect: { kind: "error", message: "the job does not run" } },
    { point: "bosh:GET /tasks", skip: 4, count: 3, effect: { kind: "delay", delayMs: 2046 } },
    { point: "director:task", skip: 4, count: 3, effect: { kind: "error", message: "the worker died" } },
    { point: "director:task", skip: 1, count: 3, effect: { kind: "error", message: "the worker died" } },
  ],
  steps: [
    { do: "pass", ms: 1059580 },
    { do: "provision", tenant: 1, plan: 0, parameters: true },
    { do: "deprovision", instance: 1 },
    { do: "pass", ms: 37767 },
    { do: "pass", ms: 98566 },
    { do: "provision", tenant: 2, plan: 3, parameters: true },
    { do: "write", binding: 6, rows: 3 },
    { do: "pass", ms: 1391234 },
    { do: "vanish", instance: 1 },
    { do: "bind", instance: 6 },
    { do: "backup", instance: 2 },
    { do: "vanish", instance: 1 },
    { do: "pass", ms: 1403817 },
    { do: "provision", tenant: 0, plan: 3, parameters: false },
    { do: "unbind", binding: 6 },
    { do: "write", binding: 2, rows: 2 },
    { do: "backup", instance: 7 },
    { do: "bind", instance: 2 },
    { do: "restore", backup: 6 },
  ],
};
