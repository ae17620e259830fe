import { CONFORMANCE_SLIPS } from "./conformance.ts";
import type { Slip } from "./slip.ts";

/** Every slip, by the part of the house that it is planted in. */
export const SLIPS: readonly Slip[] = [
  {
    id: "fault-skip-ignored",
    breaks: "a fault rule lets `skip` occasions pass first",
    file: "simulators/kernel/faults.ts",
    from: "if (armed.seen++ < (rule.skip ?? 0)) return false;",
    to: "armed.seen++;",
    tests: ["simulators/kernel"],
  },
  ...CONFORMANCE_SLIPS,
];
