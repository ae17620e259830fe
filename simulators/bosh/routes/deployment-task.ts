import type { HttpReply } from "../../kernel/index.ts";
import type { Deployment } from "../state/deployments.ts";
import type { Task } from "../state/tasks.ts";
import { startTask } from "../tasks/queue.ts";
import type { TaskType } from "../tasks/types.ts";
import { type RequestContext, contextIdOf } from "../wire/context.ts";
import { redirectToTask } from "../wire/replies.ts";

/** What people do with a deployment apart from deploying it: errands, cloud check, snapshots, logs, ssh, single instances. */

export interface DeploymentTask {
  readonly type: TaskType;
  readonly description: string;
  readonly kind: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly queue?: "urgent";
  readonly isOfDeployment?: boolean;
  readonly hasContext?: boolean;
}

export function startDeploymentTask(context: RequestContext, { name }: Deployment, job: DeploymentTask): HttpReply {
  const { director, caller } = context;
  const task: Task = startTask(director, {
    type: job.type,
    description: job.description,
    user: caller.user,
    ...(job.isOfDeployment === false ? {} : { deployment: name }),
    ...(job.queue && { queue: job.queue }),
    ...(job.hasContext && { contextId: contextIdOf(context) }),
    job: { kind: job.kind, args: { deployment: name, ...job.args } },
  });
  return redirectToTask(context, task);
}
