import type { RunEvent } from "../../conformance/runner/events.ts";
import type { LiveCheck } from "./feed.ts";

/** The checks of a run, as they come. */
export class LiveChecks {
  readonly #checks = new Map<string, LiveCheck>();
  readonly #changed = new Set<string>();
  headline = "";

  take(event: RunEvent): void {
    if (event.type === "run-started") this.headline = `Testing: ${event.planned} checks planned`;
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

  /** What has changed since the last call. */
  drain(): readonly LiveCheck[] {
    const changed = [...this.#changed].flatMap((id) => this.#checks.get(id) ?? []);
    this.#changed.clear();
    return changed;
  }
}
