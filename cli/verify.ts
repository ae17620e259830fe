import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { SUITES } from "../conformance/suites/suites.ts";
import {
  CertificateError,
  explainCertificate,
  keyIdOf,
  parsePublicKey,
  type Verification,
  verifyCertificate,
} from "../reports/certificate/index.ts";
import { foldRun, paintFor, ReportError } from "../reports/index.ts";
import { readRun } from "../reports/stream.ts";
import { EXIT, UserError } from "./errors.ts";
import { readNamedFile } from "./session.ts";

/** The inputs against which a certificate is verified. */
interface VerifyCommandOptions {
  /** PEM file of the signer's public key. */
  readonly key: string;
  /** Folder with the report's files; default: the certificate's own. */
  readonly report?: string;
  /** The day (UTC, YYYY-MM-DD) on which it must be valid; default: today. */
  readonly at?: string;
  readonly waivers?: boolean;
  readonly version: string;
}

const STREAM = "run.jsonl";
const DAY = /^\d{4}-\d{2}-\d{2}$/;

function timeOf(day: string | undefined): number {
  if (day === undefined) return Date.now();
  const time = DAY.test(day) ? Date.parse(day) : Number.NaN;
  if (Number.isNaN(time)) throw new UserError("CLI_BAD_OPTION", `--at ${day} is not a day such as 2026-12-31`);
  return time;
}

/** The certified files of the report that are in a folder. */
function filesIn(dir: string): Readonly<Record<string, Uint8Array>> {
  const names = [STREAM, "report.json"].filter((name) => existsSync(join(dir, name)));
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(dir, name))]));
}

function readCertificate(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new CertificateError("CERTIFICATE_NO_FILE", `${path} can't be read`, { cause });
  }
}

/** The run's report, if its stream is available and valid. A broken stream is not the certified one, as its digest shows. */
function reportIn(dir: string) {
  const path = join(dir, STREAM);
  if (!existsSync(path)) return undefined;
  try {
    return foldRun(readRun(path).events);
  } catch (error) {
    if (!(error instanceof ReportError)) throw error;
    return undefined;
  }
}

/** Verifies one certificate file. @throws UserError CLI_BAD_OPTION, CLI_NO_FILE @throws CertificateError CERTIFICATE_NO_KEY, CERTIFICATE_NO_FILE */
function verifyFile(
  path: string,
  options: VerifyCommandOptions,
): { readonly keyId: string; readonly verification: Verification } {
  const key = parsePublicKey(readNamedFile(options.key) ?? "", options.key);
  const dir = options.report ?? dirname(path);
  const verification = verifyCertificate(readCertificate(path), {
    key,
    nowMs: timeOf(options.at),
    suites: Object.values(SUITES),
    version: options.version,
    files: filesIn(dir),
    report: reportIn(dir),
    waivers: options.waivers,
  });
  return { keyId: keyIdOf(key), verification };
}

/** `drydock verify FILE --key PEM`: says whether a certificate holds. Returns the exit code: 0 if it holds, 1 if it is refused. */
export async function verify(
  path: string,
  options: VerifyCommandOptions & { readonly json?: boolean },
): Promise<number> {
  const { keyId, verification } = verifyFile(path, options);
  const { refusals, notes, statement } = verification;
  const holds = refusals.length === 0;
  const found = { holds, keyId, refusals, notes, statement };
  const lines = explainCertificate(verification, keyId, paintFor(process.stdout));
  process.stdout.write(`${options.json === true ? JSON.stringify(found) : lines.join("\n")}\n`);
  return holds ? EXIT.ok : EXIT.notConformant;
}
