import type { KeyObject } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Report } from "../report.ts";
import { allowsOutcome, certifiedChecks, derivedFrom, type ListedSuite, sha256, suiteDigest } from "./derive.ts";
import { open } from "./envelope.ts";
import { type Certificate, parseStatement, type Statement } from "./statement.ts";

/** Why a certificate is refused. */
export const REFUSALS = {
  "not-a-certificate": "the file is not a certificate",
  rewritten: "the file was changed",
  "other-type": "the envelope holds something else",
  "other-key": "it was signed with another key",
  "bad-signature": "the signature does not hold",
  "not-a-statement": "the signed content is not a certificate of drydock",
  contradiction: "it contradicts itself",
  "other-suite": "its list of checks differs from the suite's",
  "changed-report": "the report beside it is a different one",
  expired: "it is no longer valid",
  waived: "it rests on waivers",
} as const;

/** A reason to refuse a certificate. */
export interface Refusal {
  readonly code: keyof typeof REFUSALS;
  /** The finding, in one line. */
  readonly detail: string;
}

/** The result of a verification. A certificate holds if there is no refusal. */
export interface Verification {
  readonly refusals: readonly Refusal[];
  /** Present once the signature holds. */
  readonly statement?: Statement;
  /** The parts that could not be compared here, each in one line. */
  readonly notes: readonly string[];
}

/** The inputs against which a certificate is verified. */
export interface VerifyOptions {
  readonly key: KeyObject;
  /** ms since the Unix epoch: the time at which it must be valid. */
  readonly nowMs: number;
  /** The suites of this drydock, and its version. */
  readonly suites: readonly ListedSuite[];
  readonly version: string;
  /** Digests of the suites of other versions, by tool and suite. If given, a suite that is not among them is refused. */
  readonly knownSuites?: Readonly<Record<string, Readonly<Record<string, string>>>> | undefined;
  /** The available files of the report, by name. */
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** The report folded from the event stream, if available: the list must be that of the run. */
  readonly report?: Report | undefined;
  /** Whether waivers are accepted. Default true. */
  readonly waivers?: boolean | undefined;
}

const isSame = (a: unknown, b: unknown): boolean =>
  isDeepStrictEqual(JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b)));

/** Members that must follow from the list of verdicts. */
function* contradictions({ predicate }: Statement): Generator<Refusal> {
  const certified = predicate.drydock_certificate;
  const ids = certified.checks.map(({ id }) => id);
  if (new Set(ids).size < ids.length) yield { code: "contradiction", detail: "a check is listed twice" };
  const { suites, levels, ...lists } = derivedFrom(certified);
  for (const [name, value] of Object.entries({ suites, levels })) {
    if (!isSame(name === "suites" ? certified.suites : certified.levels, value))
      yield { code: "contradiction", detail: `"${name}" does not follow from the list of verdicts` };
  }
  const { result, passedTests, warnedTests, failedTests } = predicate;
  if (!isSame({ result, passedTests, warnedTests, failedTests }, lists))
    yield { code: "contradiction", detail: "the result of the tests does not follow from the list of verdicts" };
  if (!allowsOutcome(certified))
    yield { code: "contradiction", detail: `the list of verdicts does not allow "${certified.outcome}"` };
  const warned = new Set(warnedTests);
  const stray = certified.waivers.find(({ check }) => !warned.has(check));
  if (stray !== undefined) yield { code: "contradiction", detail: `${stray.check} has a waiver and no warning` };
}

/** A list that lacks a check, or softens the level of one, has a digest other than the suite's. */
function* otherSuites(
  certified: Certificate,
  { suites, version, knownSuites }: VerifyOptions,
): Generator<Refusal | string> {
  const isOurs = certified.environment.tool === `drydock ${version}`;
  for (const { suite, digest } of certified.suites) {
    const own = suites.find(({ name }) => name === suite);
    const isEqual = own !== undefined && suiteDigest(own.checks) === digest.sha256;
    const isKnown = knownSuites?.[certified.environment.tool]?.[suite] === digest.sha256;
    if (isEqual || isKnown) continue;
    const text = `suite ${suite}, ${digest.sha256.slice(0, 16)}…, is not that of this drydock (${version})`;
    if (isOurs || knownSuites !== undefined) yield { code: "other-suite", detail: text };
    else yield `${text}; it was judged by ${certified.environment.tool}, which can compare the list`;
  }
}

function* changedFiles(statement: Statement, { files, report, suites }: VerifyOptions): Generator<Refusal | string> {
  const certified = statement.predicate.drydock_certificate;
  for (const { name, digest } of statement.subject) {
    const bytes = files[name];
    const isImage = name === certified.target.image?.name;
    if (bytes !== undefined && sha256(bytes) !== digest.sha256)
      yield { code: "changed-report", detail: `${name} is not the file that was certified` };
    else if (bytes === undefined && !isImage) yield `${name} is not here, and was not compared`;
  }
  if (report === undefined) return;
  const listed = suites.filter(({ name }) => certified.suites.some(({ suite }) => suite === name));
  const verdicts = new Map(certifiedChecks(report, listed).map(({ id, verdict }) => [id, verdict]));
  const other = certified.checks.find(({ id, verdict }) => (verdicts.get(id) ?? verdict) !== verdict);
  if (other !== undefined)
    yield {
      code: "changed-report",
      detail: `${other.id} is ${other.verdict} here and ${verdicts.get(other.id)} in the run`,
    };
}

function* untimely(certified: Certificate, { nowMs, waivers = true }: VerifyOptions): Generator<Refusal> {
  const { issuedAt, validUntil } = certified;
  if (nowMs >= Date.parse(validUntil)) yield { code: "expired", detail: `it was valid until ${validUntil}` };
  if (!(Date.parse(issuedAt) < Date.parse(validUntil)))
    yield { code: "contradiction", detail: "it ends before it begins" };
  if (!waivers && certified.waivers.length > 0)
    yield { code: "waived", detail: `${certified.waivers.map(({ check }) => check).join(", ")}` };
}

/** Verifies a certificate from its bytes: the signature, that it agrees with itself, its suite, the report beside it, its time. */
export function verifyCertificate(fileBytes: Buffer, options: VerifyOptions): Verification {
  const opened = open(fileBytes, options.key);
  if ("refusal" in opened) return { refusals: [{ code: opened.refusal, detail: opened.detail }], notes: [] };
  const statement = parseStatement(opened.text);
  if (statement === undefined)
    return { refusals: [{ code: "not-a-statement", detail: "it does not have the form of a test result" }], notes: [] };
  const certified = statement.predicate.drydock_certificate;
  const found = [
    ...contradictions(statement),
    ...otherSuites(certified, options),
    ...changedFiles(statement, options),
    ...untimely(certified, options),
  ];
  return {
    statement,
    refusals: found.filter((each) => typeof each !== "string"),
    notes: found.filter((each) => typeof each === "string"),
  };
}
