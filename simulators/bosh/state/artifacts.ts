/** A stemcell, with its id at the IaaS (`cid`). */
export interface Stemcell {
  readonly id: number;
  readonly name: string;
  readonly version: string;
  readonly operatingSystem: string;
  readonly apiVersion: number | null;
  /** The CPI that has it; empty for the director's own. */
  readonly cpi: string;
  cid: string;
}

interface ReleasePart {
  readonly name: string;
  readonly version: string;
  readonly fingerprint: string;
  readonly sha1: string;
  readonly blobId: string;
}

/** A link that a job declares to consume or provide (job.MF). */
export interface LinkDefinition {
  readonly name: string;
  readonly type: string;
  readonly optional?: boolean;
  readonly properties?: readonly string[];
}

/** A job of a release. */
export interface ReleaseJob extends ReleasePart {
  /** Its row in the director's database. */
  readonly id: number;
  readonly packages: readonly string[];
  /** The whole of job.MF. */
  readonly spec: Readonly<Record<string, unknown>>;
  /** From job.MF: property → default; null when there is none. */
  readonly properties: Readonly<Record<string, unknown>>;
  /** Where each template goes (`bin/run`), and its text. */
  readonly templates: readonly { readonly source: string; readonly target: string; readonly text: string }[];
  /** The template of its processes. */
  readonly monit: string;
  readonly consumes: readonly LinkDefinition[];
  readonly provides: readonly LinkDefinition[];
}

/** A package of a release. */
export interface ReleasePackage extends ReleasePart {
  readonly id: number;
  readonly dependencies: readonly string[];
  /** The packaging script; null when only the compiled package was uploaded. */
  readonly packaging: string | null;
  /** Its files, base64 by path; empty if they are too large to keep. */
  readonly files: Readonly<Record<string, string>>;
}

/** One version of a release. Versions share the parts that have the same fingerprint. */
export interface ReleaseVersion {
  readonly name: string;
  readonly version: string;
  readonly commitHash: string;
  readonly uncommittedChanges: boolean;
  /** Its row in the director's database. */
  readonly row: number;
  /** False while an upload fills it, and after a failed upload until the next one completes it. */
  isComplete: boolean;
  jobs: readonly ReleaseJob[];
  packages: readonly ReleasePackage[];
  /** By `<fingerprint>:<os>/<version>`. */
  readonly compiled: Map<string, { readonly sha1: string; readonly blobId: string }>;
}

/** A gzipped tar, kept as the texts of its members and packed when it is fetched. */
export interface Blob {
  readonly id: string;
  readonly members: readonly BlobMember[];
}

/** A file or directory of a blob. */
export interface BlobMember {
  readonly name: string;
  /** Null for a directory. */
  readonly text: string | null;
  /** Default utf8. */
  readonly encoding?: "base64";
}
