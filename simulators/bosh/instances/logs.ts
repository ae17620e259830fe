import { matchesGlob } from "node:path/posix";
import type { TaskArguments } from "../tasks/jobs.ts";
import { all, type Body } from "../../kernel/index.ts";
import { actionFailure, callAgent } from "../agent/calls.ts";
import { packBlob, storeBlob } from "../artifacts/blobs.ts";
import type { Blob } from "../state/artifacts.ts";
import type { Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { Stage } from "../tasks/stage.ts";
import { DirectorError } from "../wire/errors.ts";
import { instanceTitle } from "./names.ts";

type Members = Blob["members"];

const ROOT = { name: "./", text: null };

const LOGGED = ["post-deploy", "pre-start"];

/** The contents of a VM's log directory: the outputs of the scripts that ran there. */
function logFiles(instance: Instance, type: string, filters: readonly string[]): Members {
  if (type === "agent") return [ROOT, { name: "./current", text: "" }];
  if (type === "system")
    return [
      ROOT,
      { name: "./var/", text: null },
      { name: "./var/log/", text: null },
      { name: "./var/log/syslog", text: "" },
    ];
  const files = (instance.vm?.jobs ?? []).flatMap(({ name, scripts }) =>
    LOGGED.filter((script) => scripts[script] !== undefined).flatMap((script) => {
      const ran = instance.vm?.outputs[`${name}/${script}`] ?? { stdout: "", stderr: "" };
      return [
        { name: `./${name}/${script}.stderr.log`, text: ran.stderr },
        { name: `./${name}/${script}.stdout.log`, text: ran.stdout },
      ];
    }),
  );
  const kept = files.filter(
    ({ name }) => filters.length === 0 || filters.some((filter) => matchesGlob(name.slice("./".length), filter)),
  );
  const folders = [...new Set(kept.map(({ name }) => `${name.split("/").slice(0, 2).join("/")}/`))];
  return [ROOT, ...folders.map((name) => ({ name, text: null })), ...kept];
}

/** Has one agent pack its logs. @throws DirectorError 450001 for a type unknown to the agent */
export function* fetchLogs(
  director: Director,
  task: Task,
  instance: Instance,
  type: string,
  filters: readonly string[],
): Body<Members> {
  const stage = new Stage(director, task, `Fetching logs for ${instanceTitle(instance)}`, 1);
  return yield* stage.step(
    "Finding and packing log files",
    (function* (): Body<Members> {
      yield* callAgent(director, instance, "fetch_logs");
      if (!["job", "agent", "system"].includes(type)) throw actionFailure(director, "Invalid log type");
      return logFiles(instance, type, filters);
    })(),
  );
}

/** `fetch logs`: returns the id of a blob. Archives of several instances are packed together. */
export function* collectLogs(director: Director, task: Task, args: TaskArguments["logs"]): Body<string> {
  const { deployment: name, instances, type, filters } = args;
  const known = director.slot.value.deployments.get(name)?.instances ?? [];
  const chosen = instances.map((id) => {
    const found = known.find((each) => each.id === id);
    if (found === undefined) throw new DirectorError(70001, `Instance ${id} doesn't exist`);
    if (found.vm === null) throw new DirectorError(70004, `'${instanceTitle(found)}' doesn't reference a VM`);
    return found;
  });
  const fetched = yield* all(
    chosen.map((instance) => director.kernel.spawn("fetch logs", fetchLogs(director, task, instance, type, filters))),
  );
  if (chosen.length === 1) return storeBlob(director, fetched[0] ?? []).id;
  new Stage(director, task, "Fetching group of logs", 1).begin("Packing log files together");
  const stamp = new Date(director.kernel.nowMs).toISOString().replace(/[T:]/g, "-").slice(0, 19);
  const archives = chosen.map((instance, at) => ({
    name: `./${instance.group}.${instance.id}.${stamp}.tgz`,
    text: packBlob({ id: "", members: fetched[at] ?? [] }).toString("base64"),
    encoding: "base64" as const,
  }));
  return storeBlob(director, [ROOT, ...archives]).id;
}
