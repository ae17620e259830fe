import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import { BackendError } from "../../errors.ts";
import { textOf } from "../../http/client.ts";
import { isTraced, traceAfterwards } from "../../observe/tracing.ts";
import type { DirectorClient } from "./client.ts";

/** A line of a task's event output: a part of a stage begins or ends. */
const TaskEvent = Type.Object({ time: Type.Number(), stage: Type.String(), task: Type.String(), state: Type.String() });
type TaskEvent = Static<typeof TaskEvent>;
const EVENT = Compile(TaskEvent);

/** A call of the CPI in a task's debug output: `D, [2026-01-02T03:04:05.678901 #1] … [external-cpi] [cpi-1] request: {"method":"create_vm" …`. */
const CPI_CALL =
  /^\w, \[(\S+?)(?: #\d+)?\] .*\[external-cpi\](?: \[(cpi-\d+)\])? (?:request: \{"method":"(\w+)"|response:)/;

const OUTPUT_BYTES_MAX = 4 * 1024 * 1024;

/** An output of a task, or none: it is not worth a failure. */
async function readOutput(client: DirectorClient, id: number, type: "event" | "debug"): Promise<readonly string[]> {
  try {
    const answer = await client.send("GET", `/tasks/${id}/output?type=${type}`);
    return answer.status === 200 && answer.bytes.length <= OUTPUT_BYTES_MAX ? textOf(answer).split("\n") : [];
  } catch (error) {
    if (error instanceof BackendError) return [];
    throw error;
  }
}

function parseEvent(line: string): TaskEvent | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return EVENT.Check(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function traceStages(lines: readonly string[]): void {
  const begun = new Map<string, number>();
  for (const line of lines) {
    const event = parseEvent(line);
    if (event === undefined) continue;
    const name = `${event.stage}: ${event.task}`;
    const started = begun.get(name);
    if (event.state === "started") begun.set(name, event.time);
    else if (started !== undefined && (event.state === "finished" || event.state === "failed"))
      traceAfterwards(
        name,
        { "bosh.stage": event.stage, "bosh.state": event.state },
        started * 1000,
        event.time * 1000,
      );
  }
}

/** Without their arguments, which hold secrets. A call without a line for its end is shown as instantaneous. */
function traceCalls(lines: readonly string[]): void {
  const open = new Map<string, { readonly method: string; readonly ms: number }>();
  const close = (method: string, fromMs: number, toMs: number): void =>
    traceAfterwards(`cpi ${method}`, { "bosh.cpi.method": method }, fromMs, toMs);
  for (const line of lines) {
    const [, time = "", id, method] = CPI_CALL.exec(line) ?? [];
    const ms = Date.parse(/Z|[+-]\d\d:\d\d$/.test(time) ? time : `${time}Z`);
    if (Number.isNaN(ms)) continue;
    if (method === undefined) {
      const call = id === undefined ? undefined : open.get(id);
      if (call !== undefined) close(call.method, call.ms, ms);
      if (id !== undefined) open.delete(id);
    } else if (id === undefined) close(method, ms, ms);
    else open.set(id, { method, ms });
  }
  for (const { method, ms } of open.values()) close(method, ms, ms);
}

/** Adds what the director reports about a finished task to the current trace: its stages, and its calls of the CPI. */
export async function traceTask(client: DirectorClient, id: number): Promise<void> {
  if (!isTraced()) return;
  traceStages(await readOutput(client, id, "event"));
  traceCalls(await readOutput(client, id, "debug"));
}
