import { type DrydockFile, EMPTY_FILE, parseDrydockFile } from "../settings/drydock-file.ts";
import { Certification } from "./certification.ts";
import { type CertifyOptions, clientSettingsFor } from "./options.ts";
import type { RunListener } from "./run-log.ts";
import { refuseStrayAcceptances, selectChecks } from "./selection.ts";
import type { CertifySummary } from "./summary.ts";

/**
 * Certifies one broker: runs the suites' checks against `options.url` and reports each step to `emit`.
 *
 * Resolves with the summary; its `exitCode` is that of `exitCodeOf`, or 130 when the signal stopped it. What was created at the
 * broker is removed in any case, or listed as `left-behind`.
 *
 * @throws TargetError (exit code 2) when the target cannot be tested at all, or an option names what there is not
 */
export async function certify(options: CertifyOptions, emit?: RunListener): Promise<CertifySummary> {
  const file: DrydockFile =
    typeof options.file === "string" ? parseDrydockFile(options.file) : (options.file ?? EMPTY_FILE);
  refuseStrayAcceptances(options.baseline ?? [], options);
  const selection = selectChecks(options);
  const { settings, dispose } = clientSettingsFor(options, file);
  try {
    return await new Certification(options, file, settings, selection, emit).run();
  } finally {
    dispose();
  }
}
