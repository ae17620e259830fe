import type { Document, Value } from "../values/value.ts";
import type { Transaction } from "./transaction.ts";

/** What a record held from one commit on; an undefined document means that it was removed. */
interface Version {
  readonly document: Document | undefined;
  /** The number of the commit. */
  readonly at: number;
  older: Version | undefined;
}

interface Pending {
  readonly by: Transaction;
  readonly document: Document | undefined;
  /** It takes the place of the whole document, rather than changing some fields. */
  readonly isReplacement: boolean;
}

/** All that one `_id` of a collection has been, as far as somebody may still read it. */
export interface Record {
  readonly id: Value;
  readonly key: string;
  newest: Version | undefined;
  /** A change that is not yet committed; it keeps others from changing the record. */
  pending: Pending | undefined;
}

/** Who reads: as of which commit, and with whose uncommitted changes. */
export interface Reader {
  readonly snapshot: number;
  readonly transaction: Transaction | undefined;
}

/** The document of a record as a reader sees it. */
export function documentFor(record: Record, { snapshot, transaction }: Reader): Document | undefined {
  if (transaction !== undefined && record.pending?.by === transaction) return record.pending.document;
  let version = record.newest;
  while (version !== undefined && version.at > snapshot) version = version.older;
  return version?.document;
}

/** Forgets the versions that nobody can read: those older than what the oldest reader sees. */
export function trim(record: Record, oldest: number): void {
  let version = record.newest;
  while (version !== undefined && version.at > oldest) version = version.older;
  if (version !== undefined) version.older = undefined;
}
