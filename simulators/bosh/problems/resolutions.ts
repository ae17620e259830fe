import type { Problem } from "../state/problems.ts";

interface Resolution {
  readonly name: string;
  readonly plan: string;
}

/** The resolutions of one type of problem. */
export interface ProblemHandler {
  /** The director's class, as its errors name it. */
  readonly className: string;
  /** The default, when nobody chooses (`cck --auto`). */
  readonly auto: string;
  readonly resolutions: readonly Resolution[];
}

const IGNORE: Resolution = { name: "ignore", plan: "Skip for now" };

const RECREATE: readonly Resolution[] = [
  { name: "recreate_vm_without_wait", plan: "Recreate VM without waiting for processes to start" },
  { name: "recreate_vm", plan: "Recreate VM and wait for processes to start" },
];

/** By type of problem (the director's problem_handlers/). */
export const RESOLUTIONS: Readonly<Record<Problem["type"], ProblemHandler>> = {
  unresponsive_agent: {
    className: "UnresponsiveAgent",
    auto: "ignore",
    resolutions: [
      IGNORE,
      { name: "reboot_vm", plan: "Reboot VM" },
      ...RECREATE,
      { name: "delete_vm", plan: "Delete VM" },
      {
        name: "delete_vm_reference",
        plan: "Delete VM reference (forceful; may need to manually delete VM from the Cloud to avoid IP conflicts)",
      },
    ],
  },
  missing_vm: {
    className: "MissingVM",
    auto: "recreate_vm_without_wait",
    resolutions: [IGNORE, ...RECREATE, { name: "delete_vm_reference", plan: "Delete VM reference" }],
  },
  missing_disk: {
    className: "MissingDisk",
    auto: "ignore",
    resolutions: [IGNORE, { name: "delete_disk_reference", plan: "Delete disk reference (DANGEROUS!)" }],
  },
  inactive_disk: {
    className: "InactiveDisk",
    auto: "ignore",
    resolutions: [
      IGNORE,
      { name: "delete_disk", plan: "Delete disk" },
      { name: "activate_disk", plan: "Activate disk" },
    ],
  },
  mount_info_mismatch: {
    className: "MountInfoMismatch",
    auto: "ignore",
    resolutions: [
      { name: "ignore", plan: "Ignore" },
      { name: "reattach_disk", plan: "Reattach disk to instance" },
      { name: "reattach_disk_and_reboot", plan: "Reattach disk and reboot instance" },
    ],
  },
};

/** For a problem whose subject has vanished. */
export const INVALID: ProblemHandler = {
  className: "InvalidProblem",
  auto: "close",
  resolutions: [{ name: "close", plan: "Close problem" }],
};
