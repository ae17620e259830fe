/** A scenario could not continue. That need not be the subject's fault, but `isFailure` counts it as one. */
export class ScenarioError extends Error {
  readonly code: "SCENARIO_UNEXPECTED_ANSWER" | "SCENARIO_WAITED_TOO_LONG" | "SCENARIO_TASK_FAILED";

  /** @param message one line: what was requested, and what came instead */
  constructor(code: ScenarioError["code"], message: string) {
    super(`${code}: ${message}`);
    this.name = "ScenarioError";
    this.code = code;
  }
}

/** The subject has broken a promise. */
export class BrokenPromise extends Error {
  constructor(message: string) {
    super(message);
    this.name = "BrokenPromise";
  }
}

/** Whether an error is the subject's failure, rather than a crash of the scenario itself. */
export const isFailure = (error: unknown): error is Error =>
  error instanceof BrokenPromise || error instanceof ScenarioError;
