import type { Body } from "../../kernel/index.ts";
import { callAgent } from "../agent/calls.ts";
import { isHash } from "../configs/fields.ts";
import { audit } from "../events/audit.ts";
import type { Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import type { TaskArguments } from "../tasks/jobs.ts";
import { inspect, isTruthy, rubyInstance, toRubyText } from "../templates/ruby.ts";
import { DirectorError, messageOf, UNCLASSED } from "../wire/errors.ts";
import { toRubyInteger } from "../wire/integers.ts";

/** The description of an ssh task, which shows the request's target in Ruby's notation. */
export const sshDescription = (command: unknown, target: unknown): string =>
  `ssh: ${command === undefined ? "" : String(command)}:${target === undefined ? "" : inspect(target)}`;

/** `ssh: <command>:<target>`: makes or removes a user on the chosen VMs. No SSH daemon answers behind it. @throws DirectorError 100, 70001, 450001 */
export function* ssh(director: Director, task: Task, args: TaskArguments["ssh"]): Body<string> {
  const { command, params } = args;
  const results: object[] = [];
  const { filter, instances } = chooseInstances(director, args);
  const chosen = instances.filter(({ vm }) => vm !== null);
  if (chosen.length === 0)
    throw new DirectorError(
      UNCLASSED,
      `No instance with a VM in deployment '${args.deployment}' matched filter {${filter}}`,
    );
  const user = userOf(params);
  for (const instance of chosen) {
    const name = `${instance.group}/${instance.id}`;
    const what = { action: `${toRubyText(command)} ssh`, type: "instance", name, deployment: args.deployment };
    try {
      yield* callAgent(director, instance, "ssh");
      if (command !== "setup" && command !== "cleanup")
        throw new DirectorError(450001, "Action Failed ssh: Unknown command for SSH method");
      results.push(resultOf(instance, command));
      audit(director, task, { ...what, instance: name, context: { user } });
    } catch (error) {
      audit(director, task, { ...what, instance: name, context: { user }, error: messageOf(error) });
      throw error;
    }
  }
  task.resultOutput = `${JSON.stringify(results)}\n`;
  return "";
}

/** The user of the session, or the pattern of users to clean up. @throws DirectorError 100 in Ruby's words */
function userOf(params: unknown): unknown {
  if (typeof params === "string") return null;
  if (!isHash(params)) throw new DirectorError(UNCLASSED, `undefined method '[]' for ${rubyInstance(params)}`);
  return (isTruthy(params.user_regex) ? params.user_regex : params.user) ?? null;
}

/** The target as a database filter: group, indexes and ids, all of which must match. */
interface SshFilter {
  readonly job: unknown;
  readonly indexes: readonly unknown[] | undefined;
  readonly ids: readonly unknown[] | undefined;
}

/** Reads `{job, ids | indexes}`; an empty list of ids stands for all. @throws DirectorError 100 in Ruby's words */
function readFilter(target: unknown): SshFilter {
  if (!isHash(target)) throw new DirectorError(UNCLASSED, `undefined method '[]' for ${rubyInstance(target)}`);
  const { job, ids, indexes } = target;
  const hasNone = !isTruthy(ids) || (Array.isArray(ids) && ids.length === 0);
  if (hasNone && Array.isArray(indexes) && indexes.length > 0) return { job, indexes, ids: undefined };
  if (!Array.isArray(ids)) throw new DirectorError(UNCLASSED, `undefined method 'each' for ${rubyInstance(ids)}`);
  const given: readonly unknown[] = ids;
  const isIndex = (id: unknown): boolean => /^\d+$/m.test(toRubyText(id));
  const numbers = given.filter(isIndex).map((id) => toRubyInteger(toRubyText(id)));
  const names = given.filter((id) => !isIndex(id));
  return {
    job,
    indexes: numbers.length === 0 ? undefined : numbers,
    ids: names.length === 0 ? undefined : names,
  };
}

/** @throws DirectorError 70001, or 100 in Ruby's words */
function chooseInstances(
  director: Director,
  { deployment: name, target }: TaskArguments["ssh"],
): { readonly filter: string; readonly instances: readonly Instance[] } {
  const { job, indexes, ids } = readFilter(target);
  const deployment = director.slot.value.deployments.get(name);
  const instances = (deployment?.instances ?? []).filter(
    (each) =>
      (!isTruthy(job) || each.group === job) &&
      (indexes === undefined || indexes.some((index) => String(index) === String(each.index))) &&
      (ids === undefined || ids.includes(each.id)),
  );
  const parts = [
    ...(isTruthy(job) ? [`job: ${inspect(job)}`] : []),
    ...(indexes === undefined ? [] : [`index: ${inspect(indexes)}`]),
    ...(ids === undefined ? [] : [`uuid: ${inspect(ids)}`]),
  ];
  const filter = parts.join(", ");
  if (instances.length > 0) return { filter, instances };
  throw new DirectorError(
    70001,
    `No instances matched {${[...parts, `deployment_id: ${deployment?.id ?? 0}`].join(", ")}}`,
  );
}

function resultOf(instance: Instance, command: string): object {
  const where = { id: instance.id, index: instance.index, job: instance.group };
  if (command === "cleanup") return { command, status: "success", ...where };
  return { command, status: "success", ip: instance.ips[0]?.ip ?? null, host_public_key: "dummy-public-key", ...where };
}
