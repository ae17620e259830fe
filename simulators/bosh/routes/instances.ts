import type { InstanceVerb } from "../tasks/jobs.ts";
import { type DirectorRoute, route } from "../wire/route.ts";
import { isoSeconds, type HttpReply } from "../../kernel/index.ts";
import { shownIps } from "../instances/addresses.ts";
import { expectsVm, type Instance } from "../state/deployments.ts";
import { startTask } from "../tasks/queue.ts";
import { isTruthy, toRubyText } from "../templates/ruby.ts";
import { jsonObject, raiseUnforeseen } from "../wire/bodies.ts";
import { type RequestContext, deploymentInPath, instanceInPath } from "../wire/context.ts";
import { emptyReply, htmlJson, htmlText, noEndpoint, redirectToTask } from "../wire/replies.ts";
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
    ips: vm === null ? [] : shownIps(instance),
    vm_created_at: vm === null ? null : isoSeconds(vm.createdMs),
  };
}

function listInstances(context: RequestContext, kind: "vms" | "instances"): HttpReply {
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

/** A boolean as the director's database reads a value. */
const readBoolean = (value: unknown): boolean =>
  isTruthy(value) && value !== 0 && !/^(?:\s*|0|f(?:alse)?|no?)$/i.test(toRubyText(value));

function setIgnore(context: RequestContext): HttpReply {
  const body = jsonObject(context) ?? raiseUnforeseen();
  const instance = instanceInPath(context, false);
  instance.ignore = readBoolean(body.ignore);
  context.director.kernel.record("bosh", "instance.ignore", instance.id, { ignore: instance.ignore });
  return emptyReply(200);
}

const VERBS: readonly InstanceVerb[] = ["stop", "start", "restart", "recreate"];

function startAction(context: RequestContext): HttpReply {
  const deployment = deploymentInPath(context);
  const verb = VERBS.find((each) => each === context.params.verb);
  if (verb === undefined) return noEndpoint(context.request.path);
  const { id: instance } = instanceInPath(context);
  const { query } = context;
  const [hard, skipDrain] = [query.get("hard") === "true", query.get("skip_drain") === "true"];
  return startDeploymentTask(context, deployment, {
    type: "update_instance",
    description: `${verb} instance`,
    job: { kind: "update_instance", args: { deployment: deployment.name, instance, verb, hard, skipDrain } },
    hasContext: true,
  });
}

function refuseRemovedEndpoint(context: RequestContext): HttpReply {
  deploymentInPath(context);
  return htmlText(
    410,
    "This endpoint has been removed. Please use https://bosh.io/docs/resurrector/#enable-with-resurrection-config to configure resurrection for the deployment or instance group. If you need to prevent a single instance from being resurrected, consider using https://bosh.io/docs/cli-v2/#ignore.",
  );
}

const READ = { deployment: "read" } as const;
const JSON_BODY = { deployment: "admin", media: ["application/json"] } as const;

/** The routes of instances and their VMs. */
export const INSTANCES: readonly DirectorRoute[] = [
  route("GET", "/deployments/:deployment/vms", READ, (context) => listInstances(context, "vms")),
  route("GET", "/deployments/:deployment/instances", READ, (context) => listInstances(context, "instances")),
  route("PUT", "/deployments/:deployment/jobs/:group/:id/resurrection", JSON_BODY, refuseRemovedEndpoint),
  route("PUT", "/deployments/:deployment/instance_groups/:group/:id/ignore", JSON_BODY, setIgnore),
  route(
    "POST",
    "/deployments/:deployment/instance_groups/:group/:id/actions/:verb",
    { deployment: "admin" },
    startAction,
  ),
];
