import { bodyJson, type HttpReply } from "../../kernel/index.ts";
import { dataOf, diagnose, openProblems } from "../problems/problems.ts";
import { type InstanceName, startScanAndFix } from "../problems/scan-and-fix.ts";
import { planDeployed } from "../deploy/deploy.ts";
import { DirectorError } from "../wire/errors.ts";
import { errandNames } from "../instances/errands.ts";
import { sshDescription, type SshTarget } from "../instances/ssh.ts";
import type { Deployment, Task } from "../state/index.ts";
import type { TaskType } from "../tasks/types.ts";
import { startTask } from "../tasks/queue.ts";
import {
  broken,
  type Context,
  contextId,
  deploymentOf,
  type DirectorRoute,
  done,
  instanceOf,
  jsonObject,
  page,
  plain,
  route,
  toTask,
  utc,
} from "../wire/route.ts";

/** What people do with a deployment apart from deploying it: errands, cloud check, snapshots, logs, ssh, single instances. */

interface Job {
  readonly type: TaskType;
  readonly description: string;
  readonly kind: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly queue?: "urgent";
  readonly isOfDeployment?: boolean;
  readonly hasContext?: boolean;
}

function begin(context: Context, { name }: Deployment, job: Job): HttpReply {
  const { director, caller } = context;
  const task: Task = startTask(director, {
    type: job.type,
    description: job.description,
    user: caller.user,
    ...(job.isOfDeployment === false ? {} : { deployment: name }),
    ...(job.queue && { queue: job.queue }),
    ...(job.hasContext && { contextId: contextId(context) }),
    job: { kind: job.kind, args: { deployment: name, ...job.args } },
  });
  return toTask(context, task);
}

function errands(context: Context): HttpReply {
  const deployment = deploymentOf(context);
  const plan = planDeployed(context.director, deployment);
  if (plan === undefined) throw new DirectorError(70000, "- Deployment '' doesn't exist");
  return page(
    200,
    errandNames(plan).map((name) => ({ name })),
  );
}

function runErrand(context: Context): HttpReply {
  const deployment = deploymentOf(context);
  const body = jsonObject(context);
  if (body === undefined) return broken;
  const { errand } = context.params;
  return begin(context, deployment, {
    type: "run_errand",
    description: `run errand ${errand} from deployment ${deployment.name}`,
    kind: "errand",
    args: {
      errand,
      keepAlive: body["keep-alive"] === true,
      whenChanged: body["when-changed"] === true,
      instances: body.instances ?? [],
    },
    hasContext: true,
  });
}

const scan = (context: Context): HttpReply =>
  begin(context, deploymentOf(context), { type: "cck_scan", description: "scan cloud", kind: "cck_scan", args: {} });

function problems(context: Context): HttpReply {
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

function resolve(context: Context): HttpReply {
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
function scanAndFix(context: Context): HttpReply {
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

function snapshots(context: Context): HttpReply {
  const deployment = deploymentOf(context);
  const only = context.params.group === undefined ? undefined : instanceOf(context);
  return page(
    200,
    context.director.slot.value.snapshots
      .filter((each) => each.deployment === deployment.name && (only === undefined || each.instanceId === only.id))
      .map((each) => ({
        job: each.group,
        index: each.index,
        uuid: each.instanceId,
        snapshot_cid: each.cid,
        created_at: utc(each.createdMs),
        clean: false,
      })),
  );
}

const snapshotAll = (context: Context): HttpReply =>
  begin(context, deploymentOf(context), {
    type: "snapshot_deployment",
    description: "snapshot deployment",
    kind: "snapshot_deployment",
    args: {},
  });

function snapshotOne(context: Context): HttpReply {
  const deployment = deploymentOf(context);
  const { id } = instanceOf(context);
  const job: Job = {
    type: "create_snapshot",
    description: "create snapshot",
    kind: "create_snapshot",
    args: { instance: id },
  };
  return begin(context, deployment, { ...job, isOfDeployment: false });
}

const deleteSnapshots = (context: Context): HttpReply =>
  begin(context, deploymentOf(context), {
    type: "delete_deployment_snapshots",
    description: "delete deployment snapshots",
    kind: "delete_deployment_snapshots",
    args: {},
  });

/** @throws DirectorError 70008 */
function deleteSnapshot(context: Context): HttpReply {
  const deployment = deploymentOf(context);
  const { cid } = context.params;
  const known = context.director.slot.value.snapshots.some(
    (each) => each.deployment === deployment.name && each.cid === cid,
  );
  if (!known) throw new DirectorError(70008, `snapshot ${cid} not found`);
  const job: Job = {
    type: "delete_snapshot",
    description: "delete snapshot",
    kind: "delete_snapshot",
    args: { cids: [cid] },
  };
  return begin(context, deployment, { ...job, isOfDeployment: false });
}

/** @throws DirectorError 70001 */
function logs(context: Context): HttpReply {
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

function ssh(context: Context): HttpReply {
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

function ignore(context: Context): HttpReply {
  const instance = instanceOf(context);
  const body = jsonObject(context);
  if (body === undefined) return broken;
  instance.ignore = body.ignore === true;
  context.director.kernel.record("bosh", "instance.ignore", instance.id, { ignore: instance.ignore });
  return done(200);
}

const VERBS = ["stop", "start", "restart", "recreate"];

function act(context: Context): HttpReply {
  const deployment = deploymentOf(context);
  const { verb = "" } = context.params;
  if (!VERBS.includes(verb)) return plain(404, `Endpoint '${context.request.path}' not found.\n`);
  const { id } = instanceOf(context);
  const { query } = context;
  return begin(context, deployment, {
    type: "update_instance",
    description: `${verb} instance`,
    kind: "update_instance",
    args: { instance: id, verb, hard: query.get("hard") === "true", skipDrain: query.has("skip_drain") },
    hasContext: true,
  });
}

const gone = (context: Context): HttpReply => {
  deploymentOf(context);
  return plain(410, "This endpoint has been removed. Use configs of type 'resurrection' instead.\n");
};

const JSON_BODY = { deployment: "admin", media: ["application/json"] } as const;
const ADMIN = { deployment: "admin" } as const;
const READ = { deployment: "read" } as const;

export const OPERATIONS: readonly DirectorRoute[] = [
  route("GET", "/deployments/:deployment/errands", READ, errands),
  route("POST", "/deployments/:deployment/errands/:errand/runs", JSON_BODY, runErrand),
  route("POST", "/deployments/:deployment/scans", ADMIN, scan),
  route("GET", "/deployments/:deployment/problems", ADMIN, problems),
  route("PUT", "/deployments/:deployment/problems", JSON_BODY, resolve),
  route("PUT", "/deployments/:deployment/scan_and_fix", JSON_BODY, scanAndFix),
  route("GET", "/deployments/:deployment/snapshots", ADMIN, snapshots),
  route("POST", "/deployments/:deployment/snapshots", ADMIN, snapshotAll),
  route("DELETE", "/deployments/:deployment/snapshots", ADMIN, deleteSnapshots),
  route("DELETE", "/deployments/:deployment/snapshots/:cid", ADMIN, deleteSnapshot),
  route("GET", "/deployments/:deployment/jobs/:group/:id/snapshots", ADMIN, snapshots),
  route("POST", "/deployments/:deployment/jobs/:group/:id/snapshots", ADMIN, snapshotOne),
  route("GET", "/deployments/:deployment/jobs/:group/:id/logs", ADMIN, logs),
  route("PUT", "/deployments/:deployment/jobs/:group/:id/resurrection", JSON_BODY, gone),
  route("POST", "/deployments/:deployment/ssh", JSON_BODY, ssh),
  route("PUT", "/deployments/:deployment/instance_groups/:group/:id/ignore", JSON_BODY, ignore),
  route("POST", "/deployments/:deployment/instance_groups/:group/:id/actions/:verb", ADMIN, act),
];
