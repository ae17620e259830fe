import type { Report } from "../report.ts";
import { certifiedChecks, derivedFrom, type ListedSuite, sha256, waiversOf } from "./derive.ts";
import { CertificateError } from "./errors.ts";
import {
  type Certificate,
  CERTIFICATE_VERSION,
  PREDICATE_TYPE,
  type Resource,
  STATEMENT_TYPE,
  type Statement,
} from "./statement.ts";

/** For how many days a certificate is valid: brokers and suites change. */
const VALID_DAYS = 365;
const DAY_MS = 86_400_000;

/** The contents of a certificate in addition to the report. */
export interface CertificateInput {
  readonly report: Report;
  /** All suites, with all their checks. */
  readonly suites: readonly ListedSuite[];
  /** Every clause of the specification, as data; its digest is signed. */
  readonly clauses: unknown;
  /** The report's files as they were written, by name. */
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** The version that the vendor gives the target. */
  readonly targetVersion?: string | undefined;
  /** The image of the target, as `NAME@sha256:…`. */
  readonly image?: string | undefined;
  /** Whether the run would have accepted waivers. */
  readonly waiversAllowed: boolean;
  /** The interface to the target that drydock.yml describes, by suite. */
  readonly adapters?: Certificate["adapters"];
  readonly environment: Certificate["environment"];
  /** ms since the Unix epoch. */
  readonly nowMs: number;
}

const IMAGE = /^([^@\s]+)@sha256:([0-9a-f]{64})$/;

/** Reads an image with its digest. @throws CertificateError CERTIFICATE_BAD_IMAGE */
export function parseImage(text: string): Resource {
  const [, name, digest] = IMAGE.exec(text) ?? [];
  if (name === undefined || digest === undefined) throw new CertificateError("CERTIFICATE_BAD_IMAGE", `"${text}"`);
  return { name, digest: { sha256: digest } };
}

/** A URL without the user and password that it may contain. */
function withoutLogin(text: string): string {
  const url = URL.parse(text);
  if (url === null || (url.username === "" && url.password === "")) return text;
  [url.username, url.password] = ["", ""];
  return url.href;
}

function outcomeOf({ verdict, coverage, isComplete, conformant }: Report): Certificate["outcome"] {
  if (!isComplete || coverage?.isWhole !== true) return "part";
  if (verdict === "fail") return "not-conformant";
  if (verdict === "unknown" || verdict === "not-applicable") return "not-determined";
  return conformant ? "conformant" : "conformant-but-for-waivers";
}

/** The quantile of sorted numbers. */
const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

function measuredIn({ startedAt, finishedAt, checks }: Report): Certificate["measured"] {
  const took = checks.map(({ durationMs }) => durationMs).sort((a, b) => a - b);
  const ms = (name: string, value: number) => ({ name, value: Math.round(value), unit: "ms" });
  return [
    ms("run", finishedAt === undefined ? 0 : Date.parse(finishedAt) - Date.parse(startedAt)),
    ms("check, median", quantile(took, 0.5)),
    ms("check, 95th percentile", quantile(took, 0.95)),
    ms("check, longest", took.at(-1) ?? 0),
  ];
}

/** The interface to the backups that the run found by itself, which only its note names. */
function foundAdapters({ notes }: Report): Certificate["adapters"] {
  const names = notes.flatMap((note) => /^Backups are reached as "([^"]+)"/.exec(note)?.[1] ?? []);
  return [...new Set(names)].map((name) => ({ suite: "backup", name, by: "found" }));
}

/** The earlier of: a year from now, the end of the first waiver's last day (UTC). */
function validUntil(nowMs: number, waivers: Certificate["waivers"]): string {
  const ends = waivers.map(({ until }) => Date.parse(until) + DAY_MS);
  return new Date(Math.min(nowMs + VALID_DAYS * DAY_MS, ...ends)).toISOString();
}

function certificateOf(input: CertificateInput): Certificate {
  const { report, targetVersion, image, waiversAllowed, environment, nowMs } = input;
  const { target, coverage } = report;
  if (target.kind !== "broker" || coverage === undefined || !report.isComplete)
    throw new CertificateError("CERTIFICATE_NO_RUN", "there is nothing to certify");
  const asked = new Set(coverage.suites.map(({ suite }) => suite));
  const checks = [
    ...certifiedChecks(
      report,
      input.suites.filter(({ name }) => asked.has(name)),
    ),
  ];
  const waivers = [...waiversOf(report)];
  const outcome = outcomeOf(report);
  const { suites, levels } = derivedFrom({ checks, waivers, outcome });
  const described = input.adapters ?? [];
  return {
    v: CERTIFICATE_VERSION,
    runs: [...report.runs],
    issuedAt: new Date(nowMs).toISOString(),
    validUntil: validUntil(nowMs, waivers),
    target: {
      url: withoutLogin(target.url),
      ...(targetVersion !== undefined && { version: targetVersion }),
      ...(image !== undefined && { image: parseImage(image) }),
    },
    profile: report.profile ?? "",
    plans: report.judged?.plans.map(({ service, plan }) => ({ service, plan })) ?? [],
    statement: [report.headline, report.exercised].filter((part) => part !== undefined).join(". "),
    outcome,
    narrowedBy: coverage.narrowedBy.map(({ by, to }) => `--${by} ${to}`),
    suites,
    levels,
    checks,
    waivers,
    waiversAllowed,
    adapters: described.length > 0 ? described : foundAdapters(report),
    measured: measuredIn(report),
    environment,
    commands: [...report.commands],
  };
}

/**
 * Makes the statement that a certificate signs: what was tested, every verdict, and what follows from the verdicts.
 *
 * @throws CertificateError CERTIFICATE_NO_RUN, CERTIFICATE_BAD_IMAGE
 */
export function makeStatement(input: CertificateInput): Statement {
  const certificate = certificateOf(input);
  const { suites: _, levels: __, ...derived } = derivedFrom(certificate);
  const files = Object.entries(input.files).map(([name, bytes]) => ({ name, digest: { sha256: sha256(bytes) } }));
  const { image } = certificate.target;
  return {
    _type: STATEMENT_TYPE,
    subject: [...files, ...(image === undefined ? [] : [image])],
    predicateType: PREDICATE_TYPE,
    predicate: {
      ...derived,
      configuration: [
        ...certificate.suites.map(({ suite, digest }) => ({ name: `suite ${suite}`, digest })),
        { name: "clauses of the Open Service Broker API", digest: { sha256: sha256(JSON.stringify(input.clauses)) } },
        { name: "code of drydock", digest: certificate.environment.code.digest },
      ],
      drydock_certificate: certificate,
    },
  };
}
