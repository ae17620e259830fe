import type { Regression } from "../regression.ts";

/** As deletion-given-up, and the security group of the instance was left behind too. */
export const groupLeftBehind: Regression = {
  cause: "as deletion-given-up, and the security group of the instance was left behind too",
  seed: 6657,
  standing: [{ tenant: 2, plan: 2 }],
  faults: [
    { point: "director:task", skip: 1, count: 3, effect: { kind: "error", message: "the worker died" } },
    { point: "neutron:DELETE /v2.0/security-group*", skip: 6, count: 2, effect: { kind: "reset" } },
    { point: "director:job", skip: 5, count: 3, effect: { kind: "error", message: "the job does not run" } },
    { point: "director:task", skip: 1, count: 3, effect: { kind: "error", message: "the worker died" } },
    { point: "bosh:POST /deployments", skip: 1, count: 2, effect: { kind: "reset" } },
    {
      point: "neutron:POST /v2.0/security-groups",
      skip: 0,
      count: 2,
      effect: { kind: "reply", status: 502, body: "" },
    },
  ],
  steps: [
    { do: "provision", tenant: 0, plan: 2, parameters: true },
    { do: "provision", tenant: 2, plan: 3, parameters: true },
    { do: "bind", instance: 2 },
    { do: "bind", instance: 2 },
    { do: "pass", ms: 561844 },
    { do: "bind", instance: 4 },
    { do: "pass", ms: 93398 },
    { do: "provision", tenant: 0, plan: 3, parameters: true },
    { do: "pass", ms: 503634 },
  ],
};
