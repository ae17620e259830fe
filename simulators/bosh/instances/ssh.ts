import { asFields, isHash } from "../configs/fields.ts";
import { hasIndexOrId } from "../state/lookup.ts";
import type { TaskArguments } from "../tasks/jobs.ts";
import { rubyInstance } from "../templates/ruby.ts";
import type { Body } from "../../kernel/index.ts";
import { callAgent } from "../agent/calls.ts";
import type { Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { inspect, isTruthy } from "../templates/ruby.ts";
import { DirectorError, UNCLASSED } from "../wire/errors.ts";

/** The description of an ssh task, which shows the request's target in Ruby's notation. */
export const sshDescription = (command: unknown, target: unknown): string =>
  `ssh: ${command === undefined ? "" : String(command)}:${target === undefined ? "" : inspect(target)}`;

/** `ssh: <command>:<target>`: makes or removes a user on the chosen VMs. No SSH daemon answers behind it. @throws DirectorError 100, 70001, 450001 */
export function* ssh(director: Director, task: Task, args: TaskArguments["ssh"]): Body<string> {
  const { command } = args;
  const results: object[] = [];
  const chosen = chooseInstances(director, args).filter(({ vm }) => vm !== null);
  if (chosen.length === 0)
    throw new DirectorError(
      UNCLASSED,
      `No instance with a VM in deployment '${args.deployment}' matched filter ${filterText(args.target)}`,
    );
  for (const instance of chosen) {
    yield* callAgent(director, instance, "ssh");
    if (command !== "setup" && command !== "cleanup")
      throw new DirectorError(450001, "Action Failed ssh: Unknown command for SSH method");
    results.push(resultOf(instance, command));
  }
  task.resultOutput = `${JSON.stringify(results)}\n`;
  return "";
}

/** A target as Ruby shows the filter that it becomes. */
function filterText(target: unknown): string {
  const { job, ids, indexes } = asFields(target);
  const parts = [...(isTruthy(job) ? [`job: ${inspect(job)}`] : []), ...idFilter(ids, indexes)];
  return `{${parts.join(", ")}}`;
}

function idFilter(ids: unknown, indexes: unknown): readonly string[] {
  const given = ids ?? indexes;
  if (!Array.isArray(given) || given.length === 0) return [];
  return [`${ids === undefined ? "index" : "uuid"}: ${inspect(given)}`];
}

/** The instances of a target `{job, ids | indexes}`; an empty list stands for all. @throws DirectorError 70001, or 100 in Ruby's words */
function chooseInstances(director: Director, { deployment: name, target }: TaskArguments["ssh"]): readonly Instance[] {
  if (!isHash(target)) throw new DirectorError(UNCLASSED, `undefined method '[]' for ${rubyInstance(target)}`);
  const ids = target.ids ?? target.indexes;
  if (!Array.isArray(ids)) throw new DirectorError(UNCLASSED, `undefined method 'each' for ${rubyInstance(ids)}`);
  const deployment = director.slot.value.deployments.get(name);
  const names = ids.map(String);
  const chosen = (deployment?.instances ?? []).filter(
    (each) =>
      (target.job === undefined || each.group === target.job) &&
      (names.length === 0 || names.some((id) => hasIndexOrId(each, id))),
  );
  if (chosen.length > 0) return chosen;
  throw new DirectorError(
    70001,
    `No instances matched {job: ${inspect(target.job ?? null)}, deployment_id: ${deployment?.id ?? 0}}`,
  );
}

function resultOf(instance: Instance, command: string): object {
  const where = { id: instance.id, index: instance.index, job: instance.group };
  if (command === "cleanup") return { command, status: "success", ...where };
  return { command, status: "success", ip: instance.ips[0]?.ip ?? null, host_public_key: "dummy-public-key", ...where };
}
