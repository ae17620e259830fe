import { type HttpReply, json } from "../../kernel/index.ts";
import { hasAnyScope, teamScopes } from "../auth/scopes.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { cancelTask, shownState } from "../tasks/transitions.ts";
import { canSee, requireScopes } from "../wire/access.ts";
import { isNil, jsonObject, raiseUnforeseen, Unforeseen } from "../wire/bodies.ts";
import type { RequestContext } from "../wire/context.ts";
import { DirectorError } from "../wire/errors.ts";
import { brokenReply, emptyReply, htmlText } from "../wire/replies.ts";
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

/** Shortens a long result to its beginning, which drops the last word of a line. */
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
  const states = query.get("state")?.split(",");
  const verbose = query.get("verbose") ?? "1";
  const limitText = query.get("limit");
  const found: Task[] = [];
  const limit = limitText === null ? Number.POSITIVE_INFINITY : Math.max(1, Number.parseInt(limitText, 10) || 1);
  for (const task of [...director.slot.value.tasks.values()].reverse()) {
    if (states !== undefined && !states.includes(task.state)) continue;
    if (verbose === "1" && !SHOWN.has(task.type)) continue;
    if (query.has("deployment") && task.deployment !== query.get("deployment")) continue;
    if (query.has("context_id") && task.contextId !== query.get("context_id")) continue;
    if (canSee(director, caller, teamsOfTask(director, task))) found.push(task);
    if (found.length >= limit) break;
  }
  return json(
    200,
    found.map((task) => view(director, task)),
  );
}

/** @throws DirectorError 600000 */
function show(context: RequestContext): HttpReply {
  const { director, caller, params } = context;
  if (!/^\d+$/.test(params.id ?? "")) return brokenReply;
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
  if (!/^\d+$/.test(context.params.id ?? "")) return brokenReply;
  const task = taskInPath(context);
  requireScopes(context.caller, teamScopes(teamsOfTask(context.director, task), "admin", context.director.uuid));
  if (task.state !== "queued" && task.state !== "processing")
    return htmlText(400, `Cannot cancel task ${task.id}: invalid state (${task.state})\n`);
  cancelTask(context.director, task);
  return emptyReply();
}

const CANCELLABLE: readonly string[] = ["queued", "processing"];

function cancelMany(context: RequestContext): HttpReply {
  const { director } = context;
  const { deployment, types, states = ["queued"] } = jsonObject(context) ?? raiseUnforeseen();
  if (!Array.isArray(states) || !(isNil(types) || Array.isArray(types))) throw new Unforeseen();
  const wrong = states.find((state) => !CANCELLABLE.includes(state));
  if (wrong !== undefined)
    return htmlText(400, `${wrong} is not one of the cancellable states: ${CANCELLABLE.join(", ")}\n`);
  for (const task of director.slot.value.tasks.values()) {
    const chosen =
      states.includes(task.state) &&
      (isNil(deployment) || task.deployment === deployment) &&
      (isNil(types) || types.includes(task.type));
    if (chosen) cancelTask(director, task);
  }
  return emptyReply();
}

/** The routes of /tasks. */
export const TASKS: readonly DirectorRoute[] = [
  route("GET", "/tasks", { needs: "list_tasks" }, list),
  route("GET", "/tasks/:id", { needs: "list_tasks" }, show),
  route("GET", "/tasks/:id/output", { needs: "anybody" }, showOutput),
  route("DELETE", "/task/:id", { needs: "list_tasks" }, cancel),
  route("POST", "/tasks/cancel", { media: ["application/json"] }, cancelMany),
];
