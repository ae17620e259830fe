import type { Body } from "../../kernel/index.ts";
import { callAgent } from "../agent/calls.ts";
import type { Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { inspect } from "../templates/ruby.ts";
import { DirectorError, UNCLASSED } from "../wire/errors.ts";

export interface SshTarget {
  readonly job?: string;
  readonly ids?: readonly (string | number)[];
  readonly indexes?: readonly (string | number)[];
}

export const sshDescription = (command: unknown, target: unknown): string =>
  `ssh: ${command === undefined ? "" : String(command)}:${target === undefined ? "" : inspect(target)}`;

/** `ssh: <command>:<target>`: makes or removes a user on the chosen VMs. No SSH daemon answers behind it. */
export function* ssh(director: Director, task: Task, args: Readonly<Record<string, unknown>>): Body<string> {
  const { command, target } = args as { command?: string; target?: SshTarget };
  if (target === undefined) throw new DirectorError(UNCLASSED, "undefined method '[]' for nil");
  const wanted = target.ids ?? target.indexes;
  if (wanted === undefined) throw new DirectorError(UNCLASSED, "undefined method 'each' for nil");
  const deployment = director.slot.value.deployments.get(String(args.deployment));
  const names = wanted.map(String);
  const chosen = (deployment?.instances ?? []).filter(
    (each) =>
      (target.job === undefined || each.group === target.job) &&
      (names.length === 0 || names.includes(each.id) || names.includes(String(each.index))),
  );
  if (chosen.length === 0)
    throw new DirectorError(
      70001,
      `No instances matched {job: ${inspect(target.job ?? null)}, deployment_id: ${deployment?.id ?? 0}}`,
    );
  const results: object[] = [];
  for (const instance of chosen.filter(({ vm }) => vm !== null)) {
    yield* callAgent(director, instance, "ssh");
    if (command !== "setup" && command !== "cleanup")
      throw new DirectorError(450001, "Action Failed ssh: Unknown command for SSH method");
    results.push(resultOf(instance, command));
  }
  task.resultOutput = `${JSON.stringify(results)}\n`;
  return "";
}

function resultOf(instance: Instance, command: string): object {
  const where = { id: instance.id, index: instance.index, job: instance.group };
  if (command === "cleanup") return { command, status: "success", ...where };
  return { command, status: "success", ip: instance.ips[0]?.ip ?? null, host_public_key: "dummy-public-key", ...where };
}
