import type { Regression } from "../regression.ts";

/** An operator mistook what the broker's own deploy was about to repair for something that nothing reports. */
export const repairUnderWay: Regression = {
  cause: "an operator took what the broker's own deploy was about to repair for something that nobody reports",
  seed: 2670,
  standing: [
    { tenant: 0, plan: 1 },
    { tenant: 0, plan: 2 },
  ],
  faults: [
    { point: "swift:PUT *", skip: 0, count: 1, effect: { kind: "lost-reply" } },
    { point: "cpi:attach_disk", skip: 3, count: 2, effect: { kind: "error", message: "the IaaS refused" } },
    { point: "cpi:create_disk", skip: 5, count: 1, effect: { kind: "error", message: "the IaaS refused" } },
    { point: "consul:PUT *", skip: 0, count: 2, effect: { kind: "reply", status: 502, body: "" } },
  ],
  steps: [
    { do: "update", instance: 2, grow: false },
    { do: "restore", backup: 1 },
    { do: "pass", ms: 495125 },
    { do: "bind", instance: 5 },
    { do: "provision", tenant: 0, plan: 1, parameters: false },
    { do: "bind", instance: 1 },
    { do: "pass", ms: 17810 },
    { do: "write", binding: 2, rows: 2 },
    { do: "update", instance: 7, grow: true },
    { do: "bind", instance: 7 },
    { do: "pass", ms: 1537272 },
    { do: "write", binding: 7, rows: 2 },
  ],
};
