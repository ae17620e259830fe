import { useEffect, useState } from "preact/hooks";
import type { ViewProps } from "./app.tsx";
import { ask, AnswerError } from "./connection.ts";
import { cloudNowMs } from "./store.ts";
import { momentText, spanText } from "./time.ts";

const JUMPS = [
  ["1 min", 60_000],
  ["1 h", 3_600_000],
  ["1 day", 86_400_000],
] as const;

/** A smaller difference between the two clocks, in ms, is only the message's travel time. */
const SAME_MS = 1500;

/** The clock of the cloud, with the buttons that control it. */
export function Clock({ store, token }: ViewProps) {
  const [, draw] = useState(0);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    const timer = setInterval(() => draw((count) => count + 1), 500);
    return () => clearInterval(timer);
  }, []);
  const { clock } = store;
  if (clock === undefined) return null;
  const steer = (command: object) => {
    setProblem("");
    ask(token, "POST", "/clock", command).catch((error: unknown) =>
      setProblem(error instanceof AnswerError ? error.message : "no answer"),
    );
  };
  const ahead =
    Math.abs(clock.aheadMs) < SAME_MS ? "" : `${spanText(clock.aheadMs)} ${clock.aheadMs > 0 ? "ahead" : "behind"}`;
  return (
    <section class="clock" aria-label="Clock of the cloud">
      <time>{momentText(cloudNowMs(store))}</time>
      <small>
        {clock.isPaused ? "paused" : `pace ${clock.pace}`} {ahead}
      </small>
      <span class="buttons">
        <button type="button" onClick={() => steer({ do: clock.isPaused ? "resume" : "pause" })}>
          {clock.isPaused ? "Resume" : "Pause"}
        </button>
        <button type="button" disabled={!clock.isPaused} onClick={() => steer({ do: "step" })}>
          Step
        </button>
        {JUMPS.map(([label, ms]) => (
          <button
            type="button"
            key={label}
            onClick={() => steer({ do: "jump", ms })}
            aria-label={`Move the clock forward by ${label}`}
          >
            +{label}
          </button>
        ))}
      </span>
      {problem !== "" && <small role="alert">{problem}</small>}
    </section>
  );
}
