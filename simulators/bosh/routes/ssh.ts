import type { HttpReply } from "../../kernel/index.ts";
import { sshDescription } from "../instances/ssh.ts";
import { jsonObject, raiseUnforeseen } from "../wire/bodies.ts";
import { deploymentInPath, type RequestContext } from "../wire/context.ts";
import { type DirectorRoute, route } from "../wire/route.ts";
import { startDeploymentTask } from "./deployment-task.ts";

function startSsh(context: RequestContext): HttpReply {
  const deployment = deploymentInPath(context);
  const { command, target, params } = jsonObject(context) ?? raiseUnforeseen();
  return startDeploymentTask(context, deployment, {
    type: "ssh",
    description: sshDescription(command, target),
    job: { kind: "ssh", args: { deployment: deployment.name, command, target, params } },
    queue: "urgent",
  });
}

/** The routes of /deployments/:deployment/ssh. */
export const SSH: readonly DirectorRoute[] = [
  route("POST", "/deployments/:deployment/ssh", { deployment: "admin", media: ["application/json"] }, startSsh),
];
