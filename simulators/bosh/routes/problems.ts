import { bodyJson, type HttpReply } from "../../kernel/index.ts";
import { dataOf, diagnose, openProblems } from "../problems/problems.ts";
import { type InstanceName, startScanAndFix } from "../problems/scan-and-fix.ts";
import { type Context, deploymentOf } from "../wire/context.ts";
import { DirectorError } from "../wire/errors.ts";
import { broken, page, toTask } from "../wire/replies.ts";
import { begin } from "./deployment-task.ts";

export const scan = (context: Context): HttpReply =>
  begin(context, deploymentOf(context), { type: "cck_scan", description: "scan cloud", kind: "cck_scan", args: {} });

export function problems(context: Context): HttpReply {
  const { director } = context;
  const { name } = deploymentOf(context);
  return page(
    200,
    openProblems(director, name).map((problem) => {
      const { handler, description, group } = diagnose(director, problem);
      const { id, type } = problem;
      const { resolutions } = handler;
      return { id, type, data: dataOf(problem), description, resolutions, instance_group: group };
    }),
  );
}

export function resolve(context: Context): HttpReply {
  const deployment = deploymentOf(context);
  const body = bodyJson(context.request);
  if (!body.ok || !isHash(body.value)) return broken;
  const args = { resolutions: body.value.resolutions ?? null, maxInFlight: body.value.max_in_flight_overrides ?? null };
  return begin(context, deployment, { type: "cck_apply", description: "apply resolutions", kind: "cck_apply", args });
}

const isHash = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** `{jobs: {group: [id or index]}}`; undefined when it is something else. */
function namesOf(body: unknown): readonly InstanceName[] | undefined {
  const jobs = isHash(body) ? body.jobs : undefined;
  if (!isHash(jobs) || !Object.values(jobs).every((ids) => Array.isArray(ids))) return undefined;
  return Object.entries(jobs).flatMap(([group, ids]) =>
    (Array.isArray(ids) ? ids : []).map((id): InstanceName => [group, String(id)]),
  );
}

/** @throws DirectorError 70001 where all instances are ignored, 410004 */
export function scanAndFix(context: Context): HttpReply {
  const { director, caller } = context;
  const { id, name, instances } = deploymentOf(context);
  const body = bodyJson(context.request);
  const names = body.ok ? namesOf(body.value) : undefined;
  if (names === undefined) return broken;
  if (director.slot.value.resurrectionPaused) throw new DirectorError(410004, "Resurrector is paused");
  if (instances.every(({ ignore }) => ignore))
    throw new DirectorError(70001, `No instances matched {ignore: false, deployment_id: ${id}}`);
  return toTask(context, startScanAndFix(director, name, names, caller.user));
}
