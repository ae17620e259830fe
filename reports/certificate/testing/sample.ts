import type { KeyObject } from "node:crypto";
import type { CheckInfo, Level, RunEvent, SuiteName, Verdict } from "../../../conformance/runner/events.ts";
import { foldRun } from "../../fold.ts";
import type { Report } from "../../report.ts";
import type { ListedSuite } from "../derive.ts";
import { fileText, seal } from "../envelope.ts";
import { generateKeys, parsePrivateKey, parsePublicKey } from "../keys.ts";
import { type CertificateInput, makeStatement } from "../make.ts";
import type { Statement } from "../statement.ts";
import type { VerifyOptions } from "../verify.ts";

const { privatePem, publicPem } = generateKeys();
/** The vendor of the tests. */
export const VENDOR = {
  privateKey: parsePrivateKey(privatePem, "test"),
  publicKey: parsePublicKey(publicPem, "test"),
  privatePem,
  publicPem,
};

/** When the certificates of the tests are made. */
export const ISSUED_MS = Date.parse("2026-12-01T10:00:00Z");

/** A check of a sample run. */
export interface SampleCheck {
  readonly id: string;
  readonly suite?: SuiteName;
  readonly level?: Level;
  readonly clause?: string;
  /** Absent: the run left it out. */
  readonly verdict?: Verdict;
  readonly followsFrom?: string;
  readonly accepted?: { readonly reason: string; readonly until: string };
}

function infoOf({ id, suite = "osb", level = "MUST", clause = id }: SampleCheck): CheckInfo {
  return {
    id,
    suite,
    level,
    clauses: [clause],
    title: `The title of ${id}`,
    section: "A section",
    requirement: "It holds.",
  };
}

/** The suites that the checks make up. */
export function suitesOf(checks: readonly SampleCheck[]): readonly ListedSuite[] {
  const infos = checks.map(infoOf);
  return [...Map.groupBy(infos, ({ suite }) => suite)].map(([name, ofSuite]) => ({ name, checks: ofSuite }));
}

/** The events of a run that came to these verdicts. */
export function eventsOf(checks: readonly SampleCheck[], exitCode = 0): readonly RunEvent[] {
  const held = checks.filter(({ verdict }) => verdict !== undefined);
  const scopes = suitesOf(checks).map(({ name, checks: all }) => ({
    suite: name,
    checks: all.map(({ id }) => id),
    leftOut: all.map(({ id }) => id).filter((id) => !held.some((each) => each.id === id)),
  }));
  const left = scopes.some(({ leftOut }) => leftOut.length > 0);
  const counts = { fail: 0, unknown: 0, warn: 0, pass: 0, "not-applicable": 0 };
  return [
    {
      v: 2,
      type: "run-started",
      at: "2026-12-01T09:00:00.000Z",
      run: "run-1",
      tool: { name: "drydock", version: "9.9.9" },
      command: "drydock certify http://127.0.0.1:3000 --username admin",
      target: { kind: "broker", url: "http://127.0.0.1:3000" },
      profile: "osb-2.17",
      judged: { plans: [{ service: "notes", plan: "small" }], version: "the newest" },
      planned: held.length,
      scope: { suites: scopes, narrowedBy: left ? [{ by: "only", to: "some" }] : [] },
    },
    ...held.map((check): RunEvent => {
      const { verdict = "unknown", followsFrom, accepted } = check;
      const rest = { ...(followsFrom !== undefined && { followsFrom }), ...(accepted && { accepted }) };
      return { v: 2, type: "check-finished", check: infoOf(check), verdict, ...rest, durationMs: 5, evidence: [] };
    }),
    { v: 2, type: "run-finished", at: "2026-12-01T09:01:00.000Z", verdict: "pass", counts, exitCode },
  ];
}

/** The report of such a run. */
export const reportOf = (checks: readonly SampleCheck[]): Report => foldRun(eventsOf(checks));

/** A statement about such a run. */
export function statementOf(checks: readonly SampleCheck[], more: Partial<CertificateInput> = {}): Statement {
  return makeStatement({
    report: reportOf(checks),
    suites: suitesOf(checks),
    clauses: [],
    files: { "report.json": Buffer.from("{}") },
    waiversAllowed: true,
    environment: {
      tool: "drydock 9.9.9",
      node: "24.0.0",
      platform: "linux-x64",
      code: { form: "sources", digest: { sha256: "0".repeat(64) } },
    },
    nowMs: ISSUED_MS,
    ...more,
  });
}

/** The file of a signed statement, as it is on disk. */
export const fileOf = (statement: unknown, key: KeyObject = VENDOR.privateKey): Buffer =>
  Buffer.from(fileText(seal(JSON.stringify(statement), key)));

/** The settings with which the certificates of the tests are verified. */
export function optionsFor(checks: readonly SampleCheck[], more: Partial<VerifyOptions> = {}): VerifyOptions {
  const files = { "report.json": Buffer.from("{}") };
  return { key: VENDOR.publicKey, nowMs: ISSUED_MS + 1, suites: suitesOf(checks), version: "9.9.9", files, ...more };
}

/** A run that shows everything that its suites can show. */
export const SOUND: readonly SampleCheck[] = [
  { id: "catalog-200", verdict: "pass" },
  { id: "provision-201", verdict: "pass" },
  { id: "rotation", verdict: "not-applicable" },
  { id: "names-short", level: "SHOULD", verdict: "pass" },
  { id: "restore-replaces", suite: "backup", clause: "BK-11", verdict: "pass" },
  { id: "restore-to-new", suite: "backup", clause: "BK-20", verdict: "pass" },
  { id: "foreign-binding", suite: "isolation", clause: "IS-06", verdict: "pass" },
  { id: "revoked", suite: "isolation", clause: "IS-24", verdict: "pass" },
];
