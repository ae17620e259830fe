import type { Environment } from "../simulators/environment.ts";

export type { Environment } from "../simulators/environment.ts";

/** One line of the story: who did what, and when it was done. */
export interface StoryLine {
  readonly atMs: number;
  readonly who: string;
  readonly text: string;
}

export class ScenarioError extends Error {
  readonly code: "SCENARIO_UNEXPECTED_ANSWER" | "SCENARIO_WAITED_TOO_LONG" | "SCENARIO_TASK_FAILED";

  constructor(code: ScenarioError["code"], message: string) {
    super(`${code}: ${message}`);
    this.name = "ScenarioError";
    this.code = code;
  }
}

/** The answer's JSON, or an error that names the call when its status is not one of those expected. */
export async function expectJson(response: Response, call: string, ...statuses: readonly number[]): Promise<unknown> {
  const body = await response.text();
  if (!statuses.includes(response.status)) {
    throw new ScenarioError(
      "SCENARIO_UNEXPECTED_ANSWER",
      `${call} answered ${response.status} instead of ${statuses.join(" or ")}: ${body.slice(0, 300)}`,
    );
  }
  return body === "" ? null : JSON.parse(body);
}

/**
 * Asks again and again, `everyMs` apart, until there is an answer; gives up after `waitMsMax`.
 *
 * @throws ScenarioError SCENARIO_WAITED_TOO_LONG
 */
export async function until<T>(
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
