import type { HttpReply } from "../../kernel/index.ts";
import type { Deployment } from "../state/deployments.ts";
import type { TaskJob } from "../tasks/jobs.ts";
import { startTask } from "../tasks/queue.ts";
import type { TaskType } from "../tasks/types.ts";
import { contextIdOf, type RequestContext } from "../wire/context.ts";
import { redirectToTask } from "../wire/replies.ts";

/** A task on a deployment other than a deploy. */
interface DeploymentTask {
  readonly type: TaskType;
  readonly description: string;
  readonly job: TaskJob;
  /** Default: the normal queue. */
  readonly queue?: "urgent";
  /** Whether the task is listed under the deployment. Default true. */
  readonly isOfDeployment?: boolean;
  /** Whether the task takes over the context id of the request. Default false. */
  readonly hasContext?: boolean;
}

/** Queues a task on a deployment and redirects the client to it. */
export function startDeploymentTask(context: RequestContext, { name }: Deployment, task: DeploymentTask): HttpReply {
  const { type, description, job, queue, isOfDeployment = true, hasContext = false } = task;
  const started = startTask(context.director, {
    type,
    description,
    user: context.caller.user,
    ...(isOfDeployment && { deployment: name }),
    ...(queue && { queue }),
    ...(hasContext && { contextId: contextIdOf(context) }),
    job,
  });
  return redirectToTask(context, started);
}
