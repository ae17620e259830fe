import type { HttpReply } from "../../kernel/index.ts";
import { expectsVm, type Instance } from "../state/deployments.ts";
import { startTask } from "../tasks/queue.ts";
import { jsonObject } from "../wire/bodies.ts";
import { type RequestContext, deploymentInPath, instanceInPath } from "../wire/context.ts";
import { brokenReply, emptyReply, htmlJson, htmlText, redirectToTask } from "../wire/replies.ts";
import { isoTime } from "../wire/times.ts";
import { startDeploymentTask } from "./deployment-task.ts";

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

export function listInstances(context: RequestContext, kind: "vms" | "instances"): HttpReply {
  const { director, caller, query } = context;
  const deployment = deploymentInPath(context);
  if (query.get("format") === "full") {
    const task = startTask(director, {
      type: "vms",
      description: "retrieve vm-stats",
      user: caller.user,
      deployment: deployment.name,
      queue: "urgent",
      job: { kind: "vms", args: { deployment: deployment.name, kind } },
    });
    return redirectToTask(context, task);
  }
  const instances = inOrder(deployment.instances);
  if (kind === "vms")
    return htmlJson(
      200,
      instances
        .filter(({ vm }) => vm !== null)
        .map((each) => ({ ...vmLine(each), active: true, permanent_nats_credentials: false })),
    );
  return htmlJson(
    200,
    instances.map((each) => ({
      ...vmLine(each),
      expects_vm: expectsVm(each),
    })),
  );
}

export function setIgnore(context: RequestContext): HttpReply {
  const instance = instanceInPath(context);
  const body = jsonObject(context);
  if (body === undefined) return brokenReply;
  instance.ignore = body.ignore === true;
  context.director.kernel.record("bosh", "instance.ignore", instance.id, { ignore: instance.ignore });
  return emptyReply(200);
}

const VERBS = ["stop", "start", "restart", "recreate"];

export function startAction(context: RequestContext): HttpReply {
  const deployment = deploymentInPath(context);
  const { verb = "" } = context.params;
  if (!VERBS.includes(verb)) return htmlText(404, `Endpoint '${context.request.path}' not found.\n`);
  const { id } = instanceInPath(context);
  const { query } = context;
  return startDeploymentTask(context, deployment, {
    type: "update_instance",
    description: `${verb} instance`,
    kind: "update_instance",
    args: { instance: id, verb, hard: query.get("hard") === "true", skipDrain: query.has("skip_drain") },
    hasContext: true,
  });
}

export const refuseRemovedEndpoint = (context: RequestContext): HttpReply => {
  deploymentInPath(context);
  return htmlText(410, "This endpoint has been removed. Use configs of type 'resurrection' instead.\n");
};
