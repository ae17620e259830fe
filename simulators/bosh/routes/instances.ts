import type { HttpReply } from "../../kernel/index.ts";
import { expectsVm, type Instance } from "../state/deployments.ts";
import { startTask } from "../tasks/queue.ts";
import { jsonObject } from "../wire/bodies.ts";
import { type Context, deploymentOf, instanceOf } from "../wire/context.ts";
import { broken, done, page, plain, toTask } from "../wire/replies.ts";
import { isoTime } from "../wire/times.ts";
import { begin } from "./deployment-task.ts";

const inOrder = (instances: readonly Instance[]): readonly Instance[] =>
  [...instances].sort((a, b) => (a.group === b.group ? a.index - b.index : a.group < b.group ? -1 : 1));

function vmLine(instance: Instance): Record<string, unknown> {
  const { vm } = instance;
  return {
    agent_id: vm?.agentId ?? null,
    cid: vm?.cid ?? null,
    job: instance.group,
    index: instance.index,
    id: instance.id,
    az: instance.az === "" ? null : instance.az,
    ips: vm === null ? [] : instance.ips.map(({ ip }) => ip),
    vm_created_at: vm === null ? null : isoTime(vm.createdMs),
  };
}

export function machines(context: Context, kind: "vms" | "instances"): HttpReply {
  const { director, caller, query } = context;
  const deployment = deploymentOf(context);
  if (query.get("format") === "full") {
    const task = startTask(director, {
      type: "vms",
      description: "retrieve vm-stats",
      user: caller.user,
      deployment: deployment.name,
      queue: "urgent",
      job: { kind: "vms", args: { deployment: deployment.name, kind } },
    });
    return toTask(context, task);
  }
  const instances = inOrder(deployment.instances);
  if (kind === "vms")
    return page(
      200,
      instances
        .filter(({ vm }) => vm !== null)
        .map((each) => ({ ...vmLine(each), active: true, permanent_nats_credentials: false })),
    );
  return page(
    200,
    instances.map((each) => ({
      ...vmLine(each),
      expects_vm: expectsVm(each),
    })),
  );
}

export function ignore(context: Context): HttpReply {
  const instance = instanceOf(context);
  const body = jsonObject(context);
  if (body === undefined) return broken;
  instance.ignore = body.ignore === true;
  context.director.kernel.record("bosh", "instance.ignore", instance.id, { ignore: instance.ignore });
  return done(200);
}

const VERBS = ["stop", "start", "restart", "recreate"];

export function act(context: Context): HttpReply {
  const deployment = deploymentOf(context);
  const { verb = "" } = context.params;
  if (!VERBS.includes(verb)) return plain(404, `Endpoint '${context.request.path}' not found.\n`);
  const { id } = instanceOf(context);
  const { query } = context;
  return begin(context, deployment, {
    type: "update_instance",
    description: `${verb} instance`,
    kind: "update_instance",
    args: { instance: id, verb, hard: query.get("hard") === "true", skipDrain: query.has("skip_drain") },
    hasContext: true,
  });
}

export const gone = (context: Context): HttpReply => {
  deploymentOf(context);
  return plain(410, "This endpoint has been removed. Use configs of type 'resurrection' instead.\n");
};
