import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { CLAUSES } from "../conformance/osb/clauses.ts";
import { INVOCATION, parseDrydockFile } from "../conformance/runner/index.ts";
import { SUITES } from "../conformance/suites/suites.ts";
import { makeStatement, parseImage, parsePrivateKey, writeCertificate } from "../reports/certificate/index.ts";
import type { WrittenReports } from "../reports/index.ts";
import type { CertifyCommandOptions } from "./certify.ts";
import { digestCode } from "./code-digest.ts";
import { EXIT, UserError } from "./errors.ts";
import { readNamedFile } from "./session.ts";

/** The files of the report that a certificate binds by their digests: the stream, and what was folded from it. */
const BOUND = ["stream", "json"] as const;

/** The interface to the backups, if drydock.yml describes one. */
function describedAdapters(config: string | undefined) {
  const { backup } = parseDrydockFile(readNamedFile(config, "drydock.yml") ?? "");
  if (backup === undefined) return [];
  return [{ suite: "backup" as const, name: backup.driver ?? "described", by: "drydock.yml" as const }];
}

function environment(version: string) {
  const platform = `${process.platform}-${process.arch}`;
  return { tool: `drydock ${version}`, node: process.versions.node, platform, code: digestCode() };
}

/**
 * Prepares signing before the run begins, so that wrong options are reported at once, not after an hour. Returns what signs a
 * finished run.
 *
 * @throws UserError CLI_BAD_OPTION
 * @throws CertificateError CERTIFICATE_NO_KEY, CERTIFICATE_BAD_IMAGE
 */
export function openSigner(options: CertifyCommandOptions): (written: WrittenReports) => void {
  const { sign, out, image, targetVersion, waivers = true } = options;
  if (sign === undefined || out === undefined)
    throw new UserError("CLI_BAD_OPTION", "--sign writes a certificate beside the reports, and needs --out DIR");
  if (image !== undefined) parseImage(image);
  const key = parsePrivateKey(readNamedFile(sign) ?? "", sign);
  const adapters = describedAdapters(options.config);
  return ({ report, paths }) => {
    if (report.exitCode === EXIT.interrupted) {
      process.stderr.write("drydock: no certificate: the run was interrupted\n");
      return;
    }
    const files = Object.fromEntries(BOUND.map((name) => [basename(paths[name]), readFileSync(paths[name])]));
    const statement = makeStatement({
      report,
      suites: Object.values(SUITES),
      clauses: CLAUSES,
      files,
      targetVersion,
      image,
      waiversAllowed: waivers,
      adapters,
      environment: environment(options.version),
      nowMs: Date.now(),
    });
    const { envelope } = writeCertificate(out, statement, key);
    process.stderr.write(
      `drydock: certificate: ${envelope}; verify it with: ${INVOCATION} verify ${envelope} --key PUBLIC.pem\n`,
    );
  };
}
