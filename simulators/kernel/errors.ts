/** What can go wrong in the kernel, by code. Every one is a mistake of the caller, told in one line that says what to do. */
export const KERNEL_ERRORS = {
  KERNEL_DEADLOCK:
    "nothing is scheduled and the awaited work is still pending; await something that the world can finish",
  KERNEL_EVENTS_MAX:
    "more events than the limit allows were run; raise eventsMax, or look for processes that never end",
  KERNEL_UNKNOWN_TIMER: "no handler is registered for this kind of timer; call kernel.onTimer first",
  KERNEL_UNKNOWN_INPUT: "no handler is registered for this kind of input; call kernel.onInput first",
  KERNEL_NOT_RECORDING: "work is in flight and inputs were not recorded; create the kernel with recordInputs: true",
  KERNEL_CALLBACK_IN_FLIGHT: "a process or callback is in flight at a checkpoint",
  FAULT_UNKNOWN_POINT: "no fault point matches; list them under GET /_drydock/faults/points",
  FAULT_WRONG_EFFECT: "the fault point does not know this effect",
  FAULT_BAD_RULE: "the fault rule is malformed",
} as const;

export type KernelErrorCode = keyof typeof KERNEL_ERRORS;

export class KernelError extends Error {
  readonly code: KernelErrorCode;

  constructor(code: KernelErrorCode, detail?: string) {
    super(`${code}: ${KERNEL_ERRORS[code]}${detail === undefined ? "" : ` (${detail})`}`);
    this.name = "KernelError";
    this.code = code;
  }
}
