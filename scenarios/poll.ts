import type { Environment } from "../simulators/environment.ts";
import { ScenarioError } from "./errors.ts";

/**
 * Asks again and again, `everyMs` apart, until there is an answer; gives up after `waitMsMax`. The pauses are scaled by the environment's pace.
 *
 * @param what for the error
 * @throws ScenarioError SCENARIO_WAITED_TOO_LONG
 */
export async function pollUntil<T>(
  environment: Environment,
  what: string,
  everyMs: number,
  waitMsMax: number,
  ask: () => Promise<T | undefined>,
): Promise<T> {
  const deadlineMs = environment.nowMs() + waitMsMax;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (environment.nowMs() > deadlineMs)
      throw new ScenarioError("SCENARIO_WAITED_TOO_LONG", `${what}: not within ${waitMsMax} ms`);
    await environment.sleepMs(Math.max(1, Math.round(everyMs * environment.pace)));
  }
}
