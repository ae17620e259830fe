import type { KeyObject } from "node:crypto";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { CERTIFICATE_FILES } from "../certificate/files.ts";
import { CertificateError } from "../certificate/errors.ts";
import { keyIdOf, parsePublicKey } from "../certificate/keys.ts";
import { claimsBorneOut } from "../certificate/levels.ts";
import type { Certificate } from "../certificate/statement.ts";
import { REFUSALS, verifyCertificate, type VerifyOptions } from "../certificate/verify.ts";
import { ReportError } from "../errors.ts";
import { foldRun } from "../fold.ts";
import type { Report } from "../report.ts";
import { readRun } from "../stream.ts";
import { LAYOUT, type Place, readPlainFile } from "./layout.ts";
import { parseSubmission, type Submission } from "./submission.ts";

/** The settings of a check of a registry. */
export type RegistryOptions = Pick<VerifyOptions, "nowMs" | "suites" | "version" | "waivers" | "knownSuites">;

/** A submission and the result of its check. */
export interface CheckedSubmission {
  readonly place: Place;
  /** The objections to it, each in one line; empty if it may be listed. */
  readonly faults: readonly string[];
  /** The parts that could not be compared, and whether it has expired. */
  readonly notes: readonly string[];
  readonly keyId?: string;
  readonly submission?: Submission;
  readonly certificate?: Certificate;
}

function readKey(dir: string, { vendor }: Place): KeyObject | string {
  const name = `${vendor}.pub.pem`;
  const pem = readPlainFile(dir, LAYOUT.keys, name)?.toString("utf8");
  if (pem === undefined) return `${LAYOUT.keys}/${name} is missing`;
  try {
    return parsePublicKey(pem, `${LAYOUT.keys}/${name}`);
  } catch (error) {
    if (error instanceof CertificateError) return error.message;
    throw error;
  }
}

/** The report folded from the stream of a submission; a text if there is none says why. */
function readReport(dir: string, { path }: Place): Report | string {
  try {
    return foldRun(readRun(join(dir, path, LAYOUT.stream)).events);
  } catch (error) {
    if (error instanceof ReportError) return error.message;
    throw error;
  }
}

/** Faults of the claims: a vendor may claim only what the certificate supports. */
function unfoundedClaims({ claims }: Submission, { levels }: Certificate): readonly string[] {
  const borneOut = claimsBorneOut(levels);
  return claims
    .filter((claim) => !borneOut.includes(claim))
    .map((claim) => `the claim ${claim} is not supported: the certificate shows ${borneOut.join(", ") || "no level"}`);
}

function readSubmission(dir: string, { path }: Place): Submission | string {
  const text = readPlainFile(dir, path, LAYOUT.submission)?.toString("utf8");
  if (text === undefined) return `${LAYOUT.submission} is missing`;
  const submission = parseSubmission(text);
  return typeof submission === "string" ? `${LAYOUT.submission}: ${submission}` : submission;
}

/** The required files of a submission, by name. Links don't count. */
const NEEDED = [LAYOUT.stream, LAYOUT.report, CERTIFICATE_FILES.envelope] as const;

function readFiles(dir: string, { path }: Place): ReadonlyMap<string, Buffer> {
  const names = [...NEEDED, CERTIFICATE_FILES.bundle];
  return new Map(
    names.flatMap((name) => {
      const bytes = readPlainFile(dir, path, name);
      return bytes === undefined ? [] : [[name, bytes] as const];
    }),
  );
}

/** Everything that a submission must hold, read; or what is missing or wrong, each in one line. */
function readAll(dir: string, place: Place) {
  const files = readFiles(dir, place);
  const missing = NEEDED.filter((name) => !files.has(name)).map((name) => `${name} is missing`);
  const key = readKey(dir, place);
  const submission = readSubmission(dir, place);
  const report = missing.length > 0 ? "" : readReport(dir, place);
  const envelope = files.get(CERTIFICATE_FILES.envelope);
  if (typeof key === "string" || typeof submission === "string" || typeof report === "string" || envelope === undefined)
    return {
      faults: [...missing, ...[key, submission, report].filter((each) => typeof each === "string" && each !== "")],
    };
  return { files, key, submission, report, envelope };
}

/** Checks one submission: its folder, its key, its certificate in both forms, the run that it certifies, its claims. */
export function checkSubmission(dir: string, place: Place, options: RegistryOptions): CheckedSubmission {
  const read = readAll(dir, place);
  if (read.faults !== undefined) return { place, faults: read.faults.map(String), notes: [] };
  const { files, key, submission, report, envelope } = read;
  const bundle = files.get(CERTIFICATE_FILES.bundle);
  const verified = [envelope, ...(bundle === undefined ? [] : [bundle])].map((bytes) =>
    verifyCertificate(bytes, { ...options, key, files: Object.fromEntries(files), report }),
  );
  const [first, second] = verified;
  const certificate = first?.statement?.predicate.drydock_certificate;
  const refusals = verified.flatMap((each) => each.refusals);
  const isOther = second !== undefined && !isDeepStrictEqual(second.statement, first?.statement);
  const faults = [
    ...refusals.filter(({ code }) => code !== "expired").map(({ code, detail }) => `${REFUSALS[code]}: ${detail}`),
    ...(certificate === undefined ? [] : unfoundedClaims(submission, certificate)),
    ...(isOther ? [`${CERTIFICATE_FILES.bundle} holds another certificate than ${CERTIFICATE_FILES.envelope}`] : []),
  ];
  // Time alone makes no submission wrong; the index shows until when each is valid.
  const expired = refusals.filter(({ code }) => code === "expired").map(({ detail }) => `expired: ${detail}`);
  return {
    place,
    faults: [...new Set(faults)],
    notes: [...new Set([...(first?.notes ?? []), ...expired])],
    keyId: keyIdOf(key),
    submission,
    ...(certificate !== undefined && { certificate }),
  };
}
