import { certify as runSuites } from "./runner/certify.ts";
import type { RunEvent } from "./runner/events.ts";
import type { CertifyOptions } from "./runner/options.ts";
import type { CertifySummary } from "./runner/summary.ts";
import { SUITES } from "./suites/suites.ts";

/**
 * `certify` of the runner, with all existing suites as the measure of a run: a part of a suite never counts
 * as the whole.
 */
export function certify(options: CertifyOptions, emit?: (event: RunEvent) => void): Promise<CertifySummary> {
  return runSuites({ knownSuites: Object.values(SUITES), ...options }, emit);
}
