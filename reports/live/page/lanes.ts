import type { LiveEvent, LiveExchange } from "../feed.ts";

/** The lanes of the timeline, from top to bottom. */
export const LANES = ["requests", "tasks", "CPI calls", "state changes", "faults"] as const;
/** One of the lanes. */
export type Lane = (typeof LANES)[number];

/** Something on the timeline; without an end if it has not ended yet. */
export interface Span {
  readonly lane: Lane;
  readonly from: number;
  readonly to: number;
  readonly label: string;
  readonly isBad: boolean;
}

const CPI = /^(vm|disk|stemcell|snapshot|network)\./;

/** The lane of a state change. Everything that the director does to VMs, disks and stemcells is a call of its CPI. */
export function laneOf({ source, kind }: Pick<LiveEvent, "source" | "kind">): Lane {
  if (kind.startsWith("fault.")) return "faults";
  if (source === "bosh") return kind.startsWith("task.") ? "tasks" : CPI.test(kind) ? "CPI calls" : "state changes";
  return "state changes";
}

const TASK_END = new Set(["task.done", "task.error", "task.cancelled", "task.timeout"]);

/** Tasks from their start to their end; one that has not ended lasts until now. */
function taskSpans(events: readonly LiveEvent[], nowMs: number): Span[] {
  const open = new Map<string, LiveEvent>();
  const spans: Span[] = [];
  const close = (begun: LiveEvent, to: number, isBad: boolean): void => {
    const { type = "", deployment = "" } = begun.data;
    spans.push({
      lane: "tasks",
      from: begun.time,
      to,
      label: `${begun.subject} ${String(type)} ${String(deployment ?? "")}`,
      isBad,
    });
  };
  for (const event of events) {
    if (event.source !== "bosh") continue;
    if (event.kind === "task.processing") open.set(event.subject, event);
    const begun = TASK_END.has(event.kind) ? open.get(event.subject) : undefined;
    if (begun === undefined) continue;
    open.delete(event.subject);
    close(begun, event.time, event.kind !== "task.done");
  }
  for (const begun of open.values()) close(begun, nowMs, false);
  return spans;
}

/** Everything that the timeline shows. */
export function spansOf(
  events: readonly LiveEvent[],
  exchanges: readonly LiveExchange[],
  nowMs: number,
): readonly Span[] {
  const requests = exchanges.map(
    ({ service, method, path, status, time, durationMs }): Span => ({
      lane: "requests",
      from: time,
      to: time + durationMs,
      label: `${service} ${method} ${path} ${status === 0 ? "broken off" : status}`,
      isBad: status === 0 || status >= 500,
    }),
  );
  const changes = events.flatMap((event): Span[] => {
    const lane = laneOf(event);
    if (lane === "tasks") return [];
    const { time, source, kind, subject } = event;
    return [
      {
        lane,
        from: time,
        to: time,
        label: `${source} ${kind} ${subject}`,
        isBad: lane === "faults" || kind.endsWith("error"),
      },
    ];
  });
  return [...requests, ...taskSpans(events, nowMs), ...changes].sort((a, b) => a.from - b.from);
}
