import type { RunEvent } from "../../conformance/runner/events.ts";
import type { LiveCheck } from "./feed.ts";

type EventOf<T extends RunEvent["type"]> = Extract<RunEvent, { readonly type: T }>;

const headlineOf = ({ target, planned }: EventOf<"run-started">): string =>
  target.kind === "scenario"
    ? `Playing ${target.name}: ${planned} seeds planned`
    : `Testing: ${planned} checks planned`;

/** A seed of a scenario in the list of checks: what was played, and for one that failed, the way to play it again. */
function seedAsCheck({
  scenario,
  seed,
  verdict,
  digest,
  reason = "",
  counterexample,
}: EventOf<"seed-finished">): LiveCheck {
  const shrunk = counterexample === undefined ? "" : `\n${counterexample.steps.join("\n")}\n${counterexample.replay}`;
  return {
    id: `${scenario}/${seed}`,
    suite: scenario,
    title: `seed ${seed}`,
    level: "",
    verdict,
    reason: verdict === "pass" ? `digest ${digest}` : `${reason}${shrunk}`,
  };
}

/** The checks of a run, or the seeds of a scenario, as they come. */
export class LiveChecks {
  readonly #checks = new Map<string, LiveCheck>();
  readonly #changed = new Set<string>();
  headline = "";

  take(event: RunEvent): void {
    if (event.type === "run-started") this.headline = headlineOf(event);
    if (event.type === "seed-finished") this.#put(seedAsCheck(event));
    if (event.type === "check-started") {
      const none = { suite: "", title: "", level: "", reason: "" };
      this.#put({ ...none, ...this.#checks.get(event.check), id: event.check, verdict: "running" });
    }
    if (event.type === "check-finished") {
      const { id, suite, title, level } = event.check;
      const reason =
        event.reason ?? (event.verdict === "fail" ? `expected ${event.expected ?? ""}, seen ${event.seen ?? ""}` : "");
      this.#put({ id, suite, title, level, verdict: event.verdict, reason });
    }
    if (event.type === "run-finished") this.headline = event.statement ?? `Finished: ${event.verdict}`;
  }

  #put(check: LiveCheck): void {
    this.#checks.set(check.id, check);
    this.#changed.add(check.id);
  }

  /** All checks that are known. */
  list(): readonly LiveCheck[] {
    return [...this.#checks.values()];
  }

  /** The changes since the last call. */
  drain(): readonly LiveCheck[] {
    const changed = [...this.#changed].flatMap((id) => this.#checks.get(id) ?? []);
    this.#changed.clear();
    return changed;
  }
}
