import { bodyJson, type HttpReply } from "../../kernel/index.ts";
import { diagnose, openProblems, problemData } from "../problems/problems.ts";
import { type InstanceName, startScanAndFix } from "../problems/scan-and-fix.ts";
import { isHash } from "../configs/fields.ts";
import { raiseUnforeseen } from "../wire/bodies.ts";
import { deploymentInPath, type RequestContext } from "../wire/context.ts";
import { DirectorError } from "../wire/errors.ts";
import { brokenReply, htmlJson, redirectToTask } from "../wire/replies.ts";
import { type DirectorRoute, route } from "../wire/route.ts";
import { startDeploymentTask } from "./deployment-task.ts";

function startScan(context: RequestContext): HttpReply {
  const deployment = deploymentInPath(context);
  return startDeploymentTask(context, deployment, {
    type: "cck_scan",
    description: "scan cloud",
    job: { kind: "cck_scan", args: { deployment: deployment.name } },
  });
}

function listProblems(context: RequestContext): HttpReply {
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

function startResolving(context: RequestContext): HttpReply {
  const deployment = deploymentInPath(context);
  const body = bodyJson(context.request);
  if (!body.ok || !isHash(body.value)) return brokenReply;
  const { resolutions = null, max_in_flight_overrides: maxInFlight = null } = body.value;
  return startDeploymentTask(context, deployment, {
    type: "cck_apply",
    description: "apply resolutions",
    job: { kind: "cck_apply", args: { deployment: deployment.name, resolutions, maxInFlight } },
  });
}

/** Reads `{jobs: {group: [id or index]}}`; undefined for anything else. */
function readInstanceNames(body: unknown): readonly InstanceName[] | undefined {
  const jobs = isHash(body) ? body.jobs : undefined;
  if (!isHash(jobs) || !Object.values(jobs).every(Array.isArray)) return undefined;
  return Object.entries(jobs).flatMap(([group, ids]) =>
    (Array.isArray(ids) ? ids : []).map((id): InstanceName => [group, String(id)]),
  );
}

/** @throws DirectorError 70001 if all instances are ignored, 410004 */
function startFix(context: RequestContext): HttpReply {
  const { director, caller } = context;
  const { id, name, instances } = deploymentInPath(context);
  const body = bodyJson(context.request);
  const names = (body.ok ? readInstanceNames(body.value) : undefined) ?? raiseUnforeseen();
  if (director.slot.value.resurrectionPaused) throw new DirectorError(410004, "Resurrector is paused");
  if (instances.every(({ ignore }) => ignore))
    throw new DirectorError(70001, `No instances matched {ignore: false, deployment_id: ${id}}`);
  return redirectToTask(context, startScanAndFix(director, name, names, caller.user));
}

const ADMIN = { deployment: "admin" } as const;
const JSON_BODY = { deployment: "admin", media: ["application/json"] } as const;

/** The routes of cloud check. */
export const PROBLEMS: readonly DirectorRoute[] = [
  route("POST", "/deployments/:deployment/scans", ADMIN, startScan),
  route("GET", "/deployments/:deployment/problems", ADMIN, listProblems),
  route("PUT", "/deployments/:deployment/problems", JSON_BODY, startResolving),
  route("PUT", "/deployments/:deployment/scan_and_fix", JSON_BODY, startFix),
];
