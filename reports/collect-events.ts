import { worse } from "../conformance/runner/check.ts";
import type { Exchange, LeftBehind, RunEvent, Verdict } from "../conformance/runner/events.ts";
import { ReportError } from "./errors.ts";
import { BODY_CHARS_MAX, type CheckReport, compareValues, type EventOf, type SeedReport } from "./report.ts";

/** One run of the stream, as collected so far. */
export interface FoldedRun {
  readonly header: EventOf<"run-started">;
  finished: EventOf<"run-finished"> | undefined;
  /** Ids of the checks that reached a verdict in it. */
  readonly checks: Set<string>;
  readonly notes: Set<string>;
}

/** The content of the events of some runs, with each result once. */
interface Folding {
  readonly runs: Map<string, FoldedRun>;
  readonly begun: Set<string>;
  readonly checks: Map<string, CheckReport>;
  readonly scenarios: Map<string, Map<number, SeedReport>>;
  readonly leftBehind: Map<string, LeftBehind>;
  readonly contradictions: Set<string>;
}

/** The worse of two results for one thing; where they are equally bad, one that does not depend on their order. */
function worseOf<T extends { readonly verdict: Verdict }>(a: T | undefined, b: T): T {
  if (a === undefined) return b;
  if (a.verdict !== b.verdict) return worse(a.verdict, b.verdict) === a.verdict ? a : b;
  return compareValues(JSON.stringify(a), JSON.stringify(b)) <= 0 ? a : b;
}

function cutBody(body: string): string {
  if (body.length <= BODY_CHARS_MAX) return body;
  return `${body.slice(0, BODY_CHARS_MAX)}… [${body.length - BODY_CHARS_MAX} characters cut, see run.jsonl]`;
}

function shorten(exchange: Exchange): Exchange {
  const { request, response } = exchange;
  return {
    ...exchange,
    request: request.body === undefined ? request : { ...request, body: cutBody(request.body) },
    ...(response === undefined ? {} : { response: { ...response, body: cutBody(response.body) } }),
  };
}

function takeCheck(folding: Folding, event: EventOf<"check-finished">): void {
  const { v: _, type: __, check, evidence, ...rest } = event;
  const result = { ...check, ...rest, evidence: evidence.map(shorten) };
  folding.checks.set(check.id, worseOf(folding.checks.get(check.id), result));
}

function takeSeed(folding: Folding, event: EventOf<"seed-finished">): void {
  const { v: _, type: __, scenario, ...seed } = event;
  const seeds = folding.scenarios.get(scenario) ?? new Map<number, SeedReport>();
  folding.scenarios.set(scenario, seeds);
  const known = seeds.get(seed.seed);
  if (known !== undefined && known.digest !== seed.digest) {
    folding.contradictions.add(`${scenario}: seed ${seed.seed} gave different digests; a seed must give one`);
  }
  seeds.set(seed.seed, worseOf(known, seed));
}

function take(folding: Folding, run: FoldedRun, event: Exclude<RunEvent, EventOf<"run-started">>): void {
  switch (event.type) {
    case "check-started":
      folding.begun.add(event.check);
      break;
    case "check-finished":
      run.checks.add(event.check.id);
      takeCheck(folding, event);
      break;
    case "seed-finished":
      takeSeed(folding, event);
      break;
    case "left-behind":
      for (const item of event.items) folding.leftBehind.set(`${item.kind} ${item.id}`, item);
      break;
    case "note":
      run.notes.add(event.text);
      break;
    case "run-finished":
      run.finished = event;
  }
}

/** Collects the events of runs; of several results for one check or seed the worst counts. @throws ReportError REPORT_NO_RUN */
export function collectEvents(events: Iterable<RunEvent>): Folding {
  const folding: Folding = {
    runs: new Map(),
    begun: new Set(),
    checks: new Map(),
    scenarios: new Map(),
    leftBehind: new Map(),
    contradictions: new Set(),
  };
  let run: FoldedRun | undefined;
  for (const event of events) {
    if (event.type === "run-started") {
      run = folding.runs.get(event.run) ?? { header: event, finished: undefined, checks: new Set(), notes: new Set() };
      folding.runs.set(event.run, run);
    } else if (run === undefined) throw new ReportError("REPORT_NO_RUN", event.type);
    else take(folding, run, event);
  }
  return folding;
}
