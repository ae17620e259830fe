import type { World } from "../../simulators/world.ts";

type Task = ReturnType<World["bosh"]["state"]>["tasks"] extends Map<string | number, infer T> ? T : never;

/** One line of a task's event output, in so far as it is shown. */
interface EventLine {
  readonly time?: number;
  readonly stage?: string;
  readonly tags?: readonly string[];
  readonly task?: string;
  readonly state?: string;
  readonly error?: { readonly message?: string };
  readonly data?: { readonly error?: string };
}

const SECONDS_OF = [3600, 60, 1] as const;
const clock = (seconds: number): string =>
  SECONDS_OF.map((unit, at) => Math.floor(seconds / unit) % (at === 0 ? 1e6 : 60))
    .map((each) => String(each).padStart(2, "0"))
    .join(":");

const timeOf = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(11, 19);
const dateOf = (seconds: number): string =>
  new Date(seconds * 1000).toUTCString().replace(",", "").replace("GMT", "UTC");

function parseLines(text: string): readonly EventLine[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line): EventLine => JSON.parse(line));
}

const titleOf = ({ stage = "", tags = [], task = "" }: EventLine): string =>
  `${stage}${tags.length > 0 ? ` ${tags.join(", ")}` : ""}: ${task}`;

/** A task's events in the form of `bosh task N`: a line when something starts, with its duration once it has ended. */
function eventLines(number: number, events: readonly EventLine[]): string[] {
  const lines: string[] = [];
  const started = new Map<string, { readonly at: number; readonly seconds: number }>();
  for (const event of events) {
    const { time = 0, state } = event;
    const prefix = `Task ${number} | ${timeOf(time)} | `;
    const title = titleOf(event);
    const begun = started.get(title);
    if (event.error !== undefined) lines.push(`${prefix}Error: ${event.error.message ?? ""}`);
    else if (state === "started") {
      started.set(title, { at: lines.length, seconds: time });
      lines.push(`${prefix}${title}`);
    } else if (begun !== undefined && (state === "finished" || state === "failed")) {
      const took = ` (${clock(time - begun.seconds)})`;
      if (begun.at === lines.length - 1) lines[begun.at] += took;
      else lines.push(`${prefix}${title}${took}`);
      if (state === "failed") lines.push(`${" ".repeat(prefix.length)}L Error: ${event.data?.error ?? ""}`);
    }
  }
  return lines;
}

/** The output of a task as the `bosh` command shows it. */
export function showTask(task: Task, kind: "event" | "debug" | "cpi" | "result"): string {
  if (kind === "debug") return task.debug;
  if (kind === "cpi") return task.cpi;
  if (kind === "result") return task.resultOutput;
  const lines = [`Task ${task.id}`, "", ...eventLines(task.id, parseLines(task.event))];
  const { startedAt, timestamp, state } = task;
  if (startedAt === null || timestamp === null || state === "processing" || state === "queued") return lines.join("\n");
  return [
    ...lines,
    "",
    `Task ${task.id} Started  ${dateOf(startedAt)}`,
    `Task ${task.id} Finished ${dateOf(timestamp)}`,
    `Task ${task.id} Duration ${clock(timestamp - startedAt)}`,
    `Task ${task.id} ${state}`,
  ].join("\n");
}
