/** The errors of the kernel, by code. Each is the caller's mistake, and its line says what to do. */
export const KERNEL_ERRORS = {
  KERNEL_DEADLOCK:
    "nothing is scheduled and the awaited work is still pending; await something that the world can finish",
  KERNEL_EVENTS_MAX: "the limit of events was reached; raise eventsMax, or look for processes that never end",
  KERNEL_UNKNOWN_TIMER: "no handler is registered for this kind of timer; call kernel.onTimer first",
  KERNEL_KEPT: "a world that is kept on disk has no snapshots in memory; save its folder with drydock snapshot",
  KERNEL_UNKNOWN_INPUT: "no handler is registered for this kind of input; call kernel.onInput first",
  KERNEL_NOT_RECORDING: "work is in flight and inputs were not recorded; create the kernel with recordInputs: true",
  KERNEL_CALLBACK_IN_FLIGHT: "a process or callback is in flight at a checkpoint",
  FAULT_BAD_RULE: "the fault rule is malformed",
  FAULT_UNKNOWN_POINT: "no fault point has this name; GET /_drydock/faults/points lists them",
  FAULT_WRONG_EFFECT: "the fault point can't act out this effect",
  FAULT_UNKNOWN_ATTRIBUTE: "the fault point has no such attribute to match",
  FAULT_IMPOSSIBLE_VALUE: "the attribute never has a value that this pattern matches",
  FAULT_RULES_MAX: "no more rules can be armed; disarm some",
} as const;

/** One of these codes. */
export type KernelErrorCode = keyof typeof KERNEL_ERRORS;

/** A mistake in the use of the kernel. */
export class KernelError extends Error {
  readonly code: KernelErrorCode;

  constructor(code: KernelErrorCode, detail?: string) {
    super(`${code}: ${KERNEL_ERRORS[code]}${detail === undefined ? "" : ` (${detail})`}`);
    this.name = "KernelError";
    this.code = code;
  }
}
