import type { RunEvent } from "../conformance/runner/events.ts";
import { ReportError } from "./errors.ts";

function subjectOf(event: RunEvent & { type: "run-started" }): string {
  const { target, profile } = event;
  return `${target.kind === "broker" ? target.url : `scenario ${target.name}`}${profile ? `, ${profile}` : ""}`;
}

/**
 * Merges the shards of a run into one stream, one after the other. Reports made of it depend neither on the order nor on repeated shards.
 *
 * @throws ReportError REPORT_DIFFERENT_SUBJECTS when the shards had different targets or profiles
 */
export function mergeRuns(...streams: readonly (readonly RunEvent[])[]): readonly RunEvent[] {
  const events = streams.flat();
  const subjects = new Set(events.filter((event) => event.type === "run-started").map(subjectOf));
  if (subjects.size > 1) throw new ReportError("REPORT_DIFFERENT_SUBJECTS", [...subjects].sort().join(" / "));
  return events;
}
