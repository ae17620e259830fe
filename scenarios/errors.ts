/** Why a scenario could not go on: not the subject's fault by itself, but `isFailure` takes it for one. */
export class ScenarioError extends Error {
  readonly code: "SCENARIO_UNEXPECTED_ANSWER" | "SCENARIO_WAITED_TOO_LONG" | "SCENARIO_TASK_FAILED";

  /** @param message one line: what was asked for, and what came */
  constructor(code: ScenarioError["code"], message: string) {
    super(`${code}: ${message}`);
    this.name = "ScenarioError";
    this.code = code;
  }
}
