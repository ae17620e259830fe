import type { HttpReply } from "../../kernel/index.ts";
import { sshDescription, type SshTarget } from "../instances/ssh.ts";
import { jsonObject } from "../wire/bodies.ts";
import { type RequestContext, deploymentInPath, instanceInPath } from "../wire/context.ts";
import { brokenReply } from "../wire/replies.ts";
import { startDeploymentTask } from "./deployment-task.ts";

/** @throws DirectorError 70001 */
export function startLogs(context: RequestContext): HttpReply {
  const { params, query } = context;
  const deployment = deploymentInPath(context);
  if (params.group !== "*" && params.id !== "*") instanceInPath(context);
  const args = {
    group: params.group,
    id: params.id,
    type: query.get("type") ?? "job",
    filters: query.get("filters") ?? "",
  };
  return startDeploymentTask(context, deployment, {
    type: "fetch_logs",
    description: "fetch logs",
    kind: "logs",
    args,
  });
}

export function startSsh(context: RequestContext): HttpReply {
  const deployment = deploymentInPath(context);
  const body = jsonObject(context) as { command?: string; target?: SshTarget } | undefined;
  if (body === undefined) return brokenReply;
  const { command, target } = body;
  const description = sshDescription(command, target);
  return startDeploymentTask(context, deployment, {
    type: "ssh",
    description,
    kind: "ssh",
    args: { command, target },
    queue: "urgent",
  });
}
