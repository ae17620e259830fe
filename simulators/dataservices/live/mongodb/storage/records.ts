import type { Document, Value } from "../values/value.ts";
import type { Transaction } from "./transaction.ts";

/** A version of a record, valid from one commit on; an undefined document means that it was removed. */
interface Version {
  readonly document: Document | undefined;
  /** The number of the commit. */
  readonly at: number;
  older: Version | undefined;
}

interface Pending {
  readonly by: Transaction;
  readonly document: Document | undefined;
  /** Whether it replaces the whole document, rather than changing some fields. */
  readonly isReplacement: boolean;
}

/** All versions of one `_id` of a collection that somebody may still read. */
export interface Record {
  readonly id: Value;
  readonly key: string;
  newest: Version | undefined;
  /** An uncommitted change, which keeps others from changing the record. */
  pending: Pending | undefined;
}

/** A reader: the commit as of which it reads, and the transaction whose uncommitted changes it sees. */
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

/** Forgets the versions that nobody can read: those older than the oldest reader's. */
export function trim(record: Record, oldest: number): void {
  let version = record.newest;
  while (version !== undefined && version.at > oldest) version = version.older;
  if (version !== undefined) version.older = undefined;
}
