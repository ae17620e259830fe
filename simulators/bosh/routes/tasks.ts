import { bodyJson, type HttpReply, json } from "../../kernel/index.ts";
import { hasAnyScope, teamScopes } from "../auth/scopes.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { cancelTask, shownState } from "../tasks/transitions.ts";
import { canSee } from "../wire/access.ts";
import { type Fields, isHash } from "../configs/fields.ts";
import { isTruthy, toRubyText } from "../templates/ruby.ts";
import { raiseUnforeseen, Unforeseen } from "../wire/bodies.ts";
import type { RequestContext } from "../wire/context.ts";
import { DirectorError } from "../wire/errors.ts";
import { toRubyInteger } from "../wire/integers.ts";
import { emptyReply, htmlText } from "../wire/replies.ts";
import { type DirectorRoute, route } from "../wire/route.ts";
import { taskInPath, teamsOfTask } from "./task-lookup.ts";
import { showOutput } from "./task-output.ts";

/** Types that lists show by default (verbose=1). */
const SHOWN = new Set([
  "update_deployment",
  "delete_deployment",
  "update_instance",
  "run_errand",
  "update_stemcell",
  "update_release",
  "delete_stemcell",
  "delete_release",
  "export_release",
  "create_snapshot",
  "snapshot_deployment",
  "delete_snapshot",
  "attach_disk",
]);

const RESULT_CHARS_MAX = 128;

/** Shortens a long result to its beginning, without the last, truncated word. */
function shownResult(result: string | null): string | null {
  if (result === null) return null;
  const shown = result.trim().slice(0, RESULT_CHARS_MAX + 1);
  if (shown.length <= RESULT_CHARS_MAX) return shown;
  return `${shown.replace(/\s+?(\S+)?$/gm, "")}...`;
}

const view = (director: Director, task: Task): object => ({
  id: task.id,
  state: shownState(director, task),
  description: task.description,
  timestamp: task.timestamp,
  started_at: task.startedAt,
  result: shownResult(task.result),
  user: task.user,
  deployment: task.deployment,
  context_id: task.contextId,
});

function list(context: RequestContext): HttpReply {
  const { director, query, caller } = context;
  const states = (query.get("state") ?? "").replace(/,+$/, "").split(",");
  const verbose = query.get("verbose") ?? "1";
  const limitText = query.get("limit");
  const found: Task[] = [];
  const limit = limitText === null ? Number.POSITIVE_INFINITY : Math.max(1, toRubyInteger(limitText));
  for (const task of director.slot.value.tasks.values()) {
    if (states.join("") !== "" && !states.includes(task.state)) continue;
    if (verbose === "1" && !SHOWN.has(task.type)) continue;
    if (query.has("deployment") && task.deployment !== query.get("deployment")) continue;
    if (query.has("context_id") && task.contextId !== query.get("context_id")) continue;
    if (canSee(director, caller, teamsOfTask(director, task))) found.push(task);
  }
  found.sort((a, b) => b.changedMs - a.changedMs || b.id - a.id);
  return json(
    200,
    found.slice(0, limit).map((task) => view(director, task)),
  );
}

/** @throws DirectorError 600000 */
function show(context: RequestContext): HttpReply {
  const { director, caller } = context;
  const task = taskInPath(context);
  const scopes = teamScopes(teamsOfTask(director, task), "read", director.uuid);
  if (!hasAnyScope(caller, scopes))
    throw new DirectorError(
      600000,
      `One of the following scopes is required to access this task: ${scopes.join(", ")}`,
    );
  return json(200, view(director, task));
}

function cancel(context: RequestContext): HttpReply {
  const task = taskInPath(context);
  if (task.state !== "queued" && task.state !== "processing")
    return htmlText(400, `Cannot cancel task ${task.id}: invalid state (${task.state})`);
  cancelTask(context.director, task);
  return emptyReply();
}

/** The tasks to cancel: all waiting ones if the body is `null`. @throws Unforeseen */
function readSelector(context: RequestContext): Fields {
  const body = bodyJson(context.request);
  if (!body.ok) throw new Unforeseen();
  if (body.value === null || body.value === false) return {};
  return isHash(body.value) ? body.value : raiseUnforeseen();
}

const CANCELLABLE: readonly string[] = ["queued", "processing"];

function cancelMany(context: RequestContext): HttpReply {
  const { director } = context;
  const { deployment, types, states = null } = readSelector(context);
  if (states !== null && !Array.isArray(states)) throw new Unforeseen();
  const given: readonly unknown[] = states ?? [];
  const wrong = given.find((state) => typeof state !== "string" || !CANCELLABLE.includes(state));
  if (wrong !== undefined)
    return htmlText(400, `${toRubyText(wrong)} is not one of the cancellable states: ${CANCELLABLE.join(", ")}`);
  const wanted = given.length === 0 ? ["queued"] : given;
  const ofTypes = Array.isArray(types) && types.length > 0 ? types : undefined;
  for (const task of director.slot.value.tasks.values()) {
    const chosen =
      wanted.includes(task.state) &&
      (!isTruthy(deployment) || task.deployment === deployment) &&
      (ofTypes === undefined || ofTypes.includes(task.type));
    if (chosen) cancelTask(director, task);
  }
  return emptyReply();
}

/** The routes of /tasks. */
export const TASKS: readonly DirectorRoute[] = [
  route("GET", "/tasks", { needs: "list_tasks" }, list),
  route("GET", "/tasks/:id", { needs: "list_tasks" }, show),
  route("GET", "/tasks/:id/output", { needs: "anybody" }, showOutput),
  route("DELETE", "/task/:id", {}, cancel),
  route("POST", "/tasks/cancel", { media: ["application/json"] }, cancelMany),
];
