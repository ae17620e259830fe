import type { Rule } from "./rule.ts";

/** A release that is refused because parts of it differ from `RELEASE`, by path; an undefined part is missing. */
export interface ArchiveRule {
  /** The file below bosh-director's lib/bosh/director. */
  readonly source: string;
  readonly code: number;
  readonly text: string;
  readonly change: Rule["change"];
}

/** A release that is accepted: its release.MF, and the job that it holds. */
export const RELEASE = {
  manifest: {
    name: "rel",
    version: "1",
    commit_hash: "c",
    uncommitted_changes: false,
    jobs: [{ name: "j", version: "f1", fingerprint: "f1", sha1: "s" }],
    packages: [{ name: "p", version: "f2", fingerprint: "f2", sha1: "s", dependencies: [] }],
  },
  job: { name: "j", templates: {}, packages: ["p"], properties: {} },
  monit: "",
};

type Row = readonly [code: number, text: string, change: Rule["change"]];

const rules = (source: string, rows: readonly Row[]): readonly ArchiveRule[] =>
  rows.map(([code, text, change]) => ({ source, code, text, change }));

const PACKAGE = "manifest.packages.0";

const both = (side: "provides" | "consumes", title: string): readonly Row[] => [
  [
    80013,
    `Job 'j' has invalid spec format: '${side}' must be an array of hashes with name and type`,
    { [`job.${side}`]: "x" },
  ],
  [80013, `${title} section in the release spec must be a list of hashes`, { [`job.${side}`]: ["x"] }],
  [
    80013,
    `Each ${side} item in the ${side} section of the release spec must contain 'name' and 'type'`,
    { [`job.${side}`]: [{ name: "a" }] },
  ],
  [
    80014,
    `Job 'j' specifies duplicate ${side} link with name 'a'`,
    {
      [`job.${side}`]: [
        { name: "a", type: "b" },
        { name: "a", type: "b" },
      ],
    },
  ],
];

/** The rules of releases. */
export const ARCHIVE_RULES: readonly ArchiveRule[] = [
  ...rules("jobs/update_release.rb", [
    [30002, "Extracting release archive failed. Check task debug log for details.", { archive: "junk" }],
    [30003, "Release manifest not found", { manifest: undefined }],
    [40005, 'Invalid release name in release manifest: "a b"', { "manifest.name": "a b" }],
    [40005, 'Invalid release version in release manifest: ""', { "manifest.version": "" }],
    [40005, 'Invalid package 1 name in release manifest: ""', { [`${PACKAGE}.name`]: undefined }],
    [40005, 'Invalid job 1 version in release manifest: "a/b"', { "manifest.jobs.0.version": "a/b" }],
    [30010, "Release version invalid: 1..2", { "manifest.version": "1..2" }],
  ]),
  ...rules("cycle_helper.rb", [
    [100, "Invalid edge: zz", { [`${PACKAGE}.dependencies`]: ["zz"] }],
    [100, "Cycle: p=>p", { [`${PACKAGE}.dependencies`]: ["p"] }],
  ]),
  ...rules("jobs/update_release/package_persister.rb", [
    [60000, "Extracting package 'p/f2' archive failed. Check task debug log for details.", { packageArchive: "junk" }],
  ]),
  ...rules("jobs/release/release_job.rb", [
    [80000, "Extracting job 'j/f1' archive failed. Check task debug log for details.", { jobArchive: "junk" }],
    [80001, "Missing job manifest for 'j'", { job: undefined }],
    [80016, "Inconsistent name for job 'j'(exptected: 'j', got: 'k')", { "job.name": "k" }],
    [80002, "Missing template file 'a.erb' for job 'j'", { "job.templates": { "a.erb": "bin/a" } }],
    [80004, "Job 'j' is missing monit file", { monit: undefined }],
    [80005, "Job 'j' has invalid logs spec format", { "job.logs": "x" }],
    [80008, "Job 'j' has invalid properties spec format", { "job.properties": "x" }],
    ...both("provides", "Provides"),
    [
      80013,
      "Link 'a' of type 'b' is a provides link, not allowed to have 'optional' key",
      { "job.provides": [{ name: "a", type: "b", optional: true }] },
    ],
    ...both("consumes", "Consumes"),
  ]),
  ...rules("models/template.rb", [
    [80012, "Job 'Bosh::Director::Models::Template' has invalid package spec format", { "job.packages": "x" }],
  ]),
];
