import type { Environment } from "../simulators/environment.ts";
import { ScenarioError } from "./errors.ts";

/**
 * Calls `ask` every `everyMs` until it returns something; gives up after `waitMsMax`. The environment's pace scales the pauses.
 *
 * @param what names what is waited for, in the error
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
