import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import type { RequestContext } from "../wire/context.ts";
import { DirectorError } from "../wire/errors.ts";
import { readRowId } from "../wire/integers.ts";

/** @throws DirectorError 10000; Unforeseen for a text that can't be a task's id */
export function taskInPath({ director, params }: RequestContext): Task {
  const task = director.slot.value.tasks.get(Number(readRowId(params.id ?? "")));
  if (task === undefined) throw new DirectorError(10000, `Task ${params.id} not found`);
  return task;
}

/** The teams of a task's deployment. */
export const teamsOfTask = (director: Director, task: Task): readonly string[] =>
  director.slot.value.deployments.get(task.deployment ?? "")?.teams ?? [];
