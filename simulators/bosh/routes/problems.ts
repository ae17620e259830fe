import { bodyJson, type HttpReply } from "../../kernel/index.ts";
import { problemData, diagnose, openProblems } from "../problems/problems.ts";
import { type InstanceName, startScanAndFix } from "../problems/scan-and-fix.ts";
import { type RequestContext, deploymentInPath } from "../wire/context.ts";
import { DirectorError } from "../wire/errors.ts";
import { brokenReply, htmlJson, redirectToTask } from "../wire/replies.ts";
import { startDeploymentTask } from "./deployment-task.ts";

export const startScan = (context: RequestContext): HttpReply =>
  startDeploymentTask(context, deploymentInPath(context), {
    type: "cck_scan",
    description: "scan cloud",
    kind: "cck_scan",
    args: {},
  });

export function listProblems(context: RequestContext): HttpReply {
  const { director } = context;
  const { name } = deploymentInPath(context);
  return htmlJson(
    200,
    openProblems(director, name).map((problem) => {
      const { handler, description, group } = diagnose(director, problem);
      const { id, type } = problem;
      const { resolutions } = handler;
      return { id, type, data: problemData(problem), description, resolutions, instance_group: group };
    }),
  );
}

export function startResolving(context: RequestContext): HttpReply {
  const deployment = deploymentInPath(context);
  const body = bodyJson(context.request);
  if (!body.ok || !isHash(body.value)) return brokenReply;
  const args = { resolutions: body.value.resolutions ?? null, maxInFlight: body.value.max_in_flight_overrides ?? null };
  return startDeploymentTask(context, deployment, {
    type: "cck_apply",
    description: "apply resolutions",
    kind: "cck_apply",
    args,
  });
}

const isHash = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** `{jobs: {group: [id or index]}}`; undefined when it is something else. */
function readInstanceNames(body: unknown): readonly InstanceName[] | undefined {
  const jobs = isHash(body) ? body.jobs : undefined;
  if (!isHash(jobs) || !Object.values(jobs).every((ids) => Array.isArray(ids))) return undefined;
  return Object.entries(jobs).flatMap(([group, ids]) =>
    (Array.isArray(ids) ? ids : []).map((id): InstanceName => [group, String(id)]),
  );
}

/** @throws DirectorError 70001 where all instances are ignored, 410004 */
export function startFix(context: RequestContext): HttpReply {
  const { director, caller } = context;
  const { id, name, instances } = deploymentInPath(context);
  const body = bodyJson(context.request);
  const names = body.ok ? readInstanceNames(body.value) : undefined;
  if (names === undefined) return brokenReply;
  if (director.slot.value.resurrectionPaused) throw new DirectorError(410004, "Resurrector is paused");
  if (instances.every(({ ignore }) => ignore))
    throw new DirectorError(70001, `No instances matched {ignore: false, deployment_id: ${id}}`);
  return redirectToTask(context, startScanAndFix(director, name, names, caller.user));
}
