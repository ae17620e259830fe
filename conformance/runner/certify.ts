import { type DrydockFile, EMPTY_FILE } from "../settings/file.ts";
import { Certification } from "./certification.ts";
import { type CertifyOptions, clientSettingsFor } from "./options.ts";
import type { RunListener } from "./run-log.ts";
import { refuseStrayAcceptances, selectChecks } from "./selection.ts";
import type { CertifySummary } from "./summary.ts";

/** Parses a file with the libraries that only a file needs: a third of what a run loads. */
async function parseFile(text: string): Promise<DrydockFile> {
  const { parseDrydockFile } = await import("../settings/drydock-file.ts");
  return parseDrydockFile(text);
}

/**
 * Certifies one broker: runs the suites' checks against `options.url` and reports each step to `emit`.
 *
 * Resolves with the summary; its `exitCode` is that of `exitCodeOf`, or 130 when the signal stopped it. What was created at the
 * broker is removed in any case, or listed as `left-behind`.
 *
 * @throws TargetError (exit code 2) when the target cannot be tested at all, or an option names what there is not
 */
export async function certify(options: CertifyOptions, emit?: RunListener): Promise<CertifySummary> {
  const { file: given } = options;
  const file = typeof given === "string" ? await parseFile(given) : (given ?? EMPTY_FILE);
  refuseStrayAcceptances(options.baseline ?? [], options);
  const selection = selectChecks(options);
  const { settings, dispose } = clientSettingsFor(options, file);
  try {
    return await new Certification(options, file, settings, selection, emit).run();
  } finally {
    dispose();
  }
}
