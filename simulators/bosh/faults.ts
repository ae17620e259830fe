import { type FaultAttribute, faultPoint, type Kernel } from "../kernel/index.ts";
import type { Instance } from "./state/deployments.ts";
import { TASK_TYPES } from "./tasks/types.ts";

/** The calls that an agent answers, each with a fault point `agent:<method>`. */
const AGENT_METHODS = [
  "ping",
  "get_state",
  "run_script",
  "drain",
  "stop",
  "prepare",
  "shutdown",
  "start",
  "apply",
  "update_settings",
  "add_persistent_disk",
  "list_disk",
  "mount_disk",
  "migrate_disk",
  "unmount_disk",
  "run_errand",
  "fetch_logs",
  "ssh",
] as const;

/** A call that an agent answers. */
export type AgentMethod = (typeof AGENT_METHODS)[number];

/** The attributes that identify an instance's VM. */
const AGENT_ATTRIBUTES = {
  deployment: { prose: "the name of the deployment" },
  group: { prose: "the name of the instance group" },
  index: { prose: "the index of the instance in its group" },
  instance: { prose: "the instance as the CLI shows it, GROUP/ID" },
  id: { prose: "the id of the instance, which it keeps when its VM is recreated" },
  vm: { prose: "the CID of the VM, a new one when it is recreated; empty if the instance has none" },
} as const satisfies Readonly<Record<string, FaultAttribute>>;

type AgentAttributes = Readonly<Record<keyof typeof AGENT_ATTRIBUTES, string>>;

/** The attributes by which fault rules match an instance's agent. */
export const attributesOf = (instance: Instance): AgentAttributes => ({
  deployment: instance.deployment,
  group: instance.group,
  index: String(instance.index),
  instance: `${instance.group}/${instance.id}`,
  id: instance.id,
  vm: instance.vm?.cid ?? "",
});

const PROSE: Readonly<Record<string, string>> = {
  get_state:
    "The agent of a VM reports failing jobs (error), or stays silent. Whoever waits for running jobs gives up, and the cloud check finds an unresponsive agent.",
};

/** The fault point of an agent's method. */
const agentPoint = (method: AgentMethod) =>
  faultPoint({
    point: `agent:${method}`,
    effects: ["error", "stuck"],
    prose:
      PROSE[method] ??
      "The agent of a VM refuses a call or stays silent. The director gives up after its time limit, and the task fails.",
    attributes: AGENT_ATTRIBUTES,
  });

const POINTS = new Map(AGENT_METHODS.map((method) => [method, agentPoint(method)]));

/** The fault, if any, that affects a call to an agent. */
export function agentFault(kernel: Kernel, method: AgentMethod, attributes: AgentAttributes) {
  const point = POINTS.get(method);
  return point && kernel.faults.at(point, attributes);
}

/** The fault point at which a task may fail at its start, or lose its worker. */
export const TASK_POINT = faultPoint({
  point: "director:task",
  effects: ["error", "stuck"],
  prose:
    "A task of the director fails at its start, or its worker dies and it stays in processing until the director times it out. The caller must see the error, or give up after its own limit, and be able to try again.",
  attributes: {
    type: { prose: "the type of the task", values: TASK_TYPES },
    deployment: { prose: "the name of the deployment; empty for a task without one" },
  },
});

/** The fault point at which a job may turn out not to run. */
export const JOB_POINT = faultPoint({
  point: "director:job",
  effects: ["error"],
  prose:
    "A job is not running when the watch time of its update ends (400007): the usual failure of a deploy. The VM stays; the deployment must be repairable and deletable.",
  attributes: AGENT_ATTRIBUTES,
});

/** The message that an agent sends unasked. */
export const HEARTBEAT_POINT = faultPoint({
  point: "agent:heartbeat",
  effects: ["stuck"],
  prose:
    "The health monitor receives no heartbeat from an agent. It looks once a minute, and each look passes this point. After a minute of silence it has the VM scanned, and recreated if the agent is really dead.",
  attributes: AGENT_ATTRIBUTES,
});

/** Declares the fault points of the director and its agents. */
export function defineFaults(kernel: Kernel): void {
  for (const point of [TASK_POINT, JOB_POINT, HEARTBEAT_POINT, ...POINTS.values()]) kernel.faults.define(point);
}
