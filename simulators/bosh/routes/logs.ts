import type { HttpReply } from "../../kernel/index.ts";
import { sshDescription, type SshTarget } from "../instances/ssh.ts";
import { jsonObject } from "../wire/bodies.ts";
import { type Context, deploymentOf, instanceOf } from "../wire/context.ts";
import { broken } from "../wire/replies.ts";
import { begin } from "./deployment-task.ts";

/** @throws DirectorError 70001 */
export function logs(context: Context): HttpReply {
  const { params, query } = context;
  const deployment = deploymentOf(context);
  if (params.group !== "*" && params.id !== "*") instanceOf(context);
  const args = {
    group: params.group,
    id: params.id,
    type: query.get("type") ?? "job",
    filters: query.get("filters") ?? "",
  };
  return begin(context, deployment, { type: "fetch_logs", description: "fetch logs", kind: "logs", args });
}

export function ssh(context: Context): HttpReply {
  const deployment = deploymentOf(context);
  const body = jsonObject(context) as { command?: string; target?: SshTarget } | undefined;
  if (body === undefined) return broken;
  const { command, target } = body;
  const description = sshDescription(command, target);
  return begin(context, deployment, {
    type: "ssh",
    description,
    kind: "ssh",
    args: { command, target },
    queue: "urgent",
  });
}
