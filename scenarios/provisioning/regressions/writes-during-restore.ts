import type { Regression } from "../regression.ts";

/** Each write during a restore that never ended doubled the contents that the model thought possible. */
export const writesDuringRestore: Regression = {
  cause: "each write during a restore that never ended doubled the contents that the model thought possible",
  seed: 6511,
  standing: [
    { tenant: 0, plan: 0 },
    { tenant: 2, plan: 0 },
  ],
  faults: [],
  steps: [
    { do: "backup", instance: 2 },
    { do: "restore", backup: 2 },
    { do: "write", binding: 6, rows: 2 },
    { do: "pass", ms: 1282394 },
    { do: "deprovision", instance: 1 },
    { do: "provision", tenant: 2, plan: 3, parameters: true },
    { do: "restore", backup: 2 },
    { do: "pass", ms: 883816 },
    { do: "provision", tenant: 0, plan: 3, parameters: false },
    { do: "restore", backup: 6 },
    { do: "backup", instance: 5 },
    { do: "vanish", instance: 6 },
    { do: "write", binding: 6, rows: 5 },
    { do: "write", binding: 4, rows: 5 },
    { do: "write", binding: 4, rows: 5 },
    { do: "update", instance: 0, grow: true },
    { do: "unbind", binding: 7 },
    { do: "pass", ms: 961017 },
    { do: "provision", tenant: 2, plan: 1, parameters: false },
    { do: "pass", ms: 978353 },
    { do: "bind", instance: 4 },
    { do: "bind", instance: 7 },
    { do: "vanish", instance: 6 },
    { do: "update", instance: 2, grow: true },
  ],
};
