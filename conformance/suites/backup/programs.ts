import { spawn } from "node:child_process";
import type { JsonObject } from "../../client/http/json.ts";
import type { RawResponse } from "../../client/http/transport.ts";
import type { Values } from "./fill.ts";

/** How long a program may take, in milliseconds. */
const PROGRAM_MS_MAX = 600_000;
/** How much of a program's answer is read, in bytes. */
const OUTPUT_BYTES_MAX = 4 * 1024 * 1024;

/** The statuses that stand for a program's exit codes; any other code is 500. */
const STATUSES: Readonly<Record<number, number>> = { 0: 200, 4: 404, 9: 409, 10: 410, 22: 422 };

interface Ended {
  /** Undefined if it did not start, or a signal ended it. */
  readonly code: number | undefined;
  readonly output: string;
}

/** Runs a program and waits for its end. If it fails, its error output is shown. */
function runProgram(program: readonly string[], more: readonly string[], input: string): Promise<Ended> {
  const [command = "", ...args] = [...program, ...more];
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: "pipe", timeout: PROGRAM_MS_MAX });
    const output: Buffer[] = [];
    const errors: Buffer[] = [];
    let bytes = 0;
    const keepTo = (list: Buffer[]) => (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > OUTPUT_BYTES_MAX) child.kill();
      else list.push(chunk);
    };
    child.stdout.on("data", keepTo(output));
    child.stderr.on("data", keepTo(errors));
    // The program may close its input without reading it.
    child.stdin.on("error", () => {});
    child.once("error", (error) => resolve({ code: undefined, output: error.message }));
    child.once("close", (code) =>
      resolve({
        code: code ?? undefined,
        output: Buffer.concat(code === 0 ? output : [...output, ...errors]).toString(),
      }),
    );
    child.stdin.end(input);
  });
}

function answerOf({ code, output }: Ended): RawResponse {
  const status = code === undefined ? 500 : (STATUSES[code] ?? 500);
  const text = status === 200 ? output.trim() || "{}" : JSON.stringify({ description: output.slice(0, 2000) });
  return { status, headers: { "content-type": "application/json" }, body: Buffer.from(text) };
}

/** The driver `exec`: the operation as last argument, its subject as JSON on the input, the answer as JSON on the output. */
export async function execute(program: readonly string[], operation: string, values: Values): Promise<RawResponse> {
  return answerOf(await runProgram(program, [operation], JSON.stringify(values)));
}

/** A way to run one script of BBR's contract: the stage, the instance, and the backup that it is about. */
type Stage = (stage: string) => Promise<Ended>;

/** Runs the middle of three stages: locks first, and always unlocks, even if the lock failed. */
async function runLocked(run: Stage, lock: string, work: string, unlock: string): Promise<Ended> {
  const first = await run(lock);
  const done = first.code === 0 ? await run(work) : first;
  const last = await run(unlock);
  return done.code === 0 ? (last.code === 0 ? done : last) : done;
}

/**
 * The driver `bbr`: scripts as `bbr` calls them, through a program that gets the name of the script, the instance and the backup as its last
 * arguments. A backup is what the script `backup` stores under the given name; the program also handles
 * `list` and `delete`.
 */
export async function executeScripts(
  program: readonly string[],
  operation: string,
  values: Values,
  newId: () => string,
): Promise<RawResponse> {
  const isNew = operation === "create";
  const backup = isNew ? newId() : String(values["backup"] ?? "");
  const run: Stage = (stage) => runProgram(program, [stage, String(values["instance"] ?? ""), backup], "");
  const shown: JsonObject = { id: backup, state: "succeeded" };
  if (isNew) return withBody(await runLocked(run, "pre-backup-lock", "backup", "post-backup-unlock"), shown);
  if (operation === "restore")
    return withBody(await runLocked(run, "pre-restore-lock", "restore", "post-restore-unlock"), shown);
  return answerOf(await run(operation));
}

function withBody(ended: Ended, body: JsonObject): RawResponse {
  return answerOf(ended.code === 0 ? { ...ended, output: JSON.stringify(body) } : ended);
}
