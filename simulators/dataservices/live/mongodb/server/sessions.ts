import { Binary } from "bson";
import type { WriteMark } from "../storage/operations.ts";
import type { Store } from "../storage/store.ts";
import type { Transaction } from "../storage/transaction.ts";
import { bytesOf } from "../values/compare.ts";
import { type Document, isDocument, type Value } from "../values/value.ts";
import { ServerError } from "../wire/errors.ts";

/** A logical session of a client, with its one transaction and its retryable writes. */
export interface Session {
  readonly id: string;
  usedMs: number;
  /** The number of its newest transaction or retryable write. */
  number: bigint;
  state: "none" | "running" | "committed" | "aborted";
  transaction: Transaction | undefined;
  startedMs: number;
  /** Retryable writes of `number` that are done, by statement. */
  readonly marks: Map<number, WriteMark>;
}

/** Limits of sessions; the defaults are those of the server, except for `sessionsMax`. */
interface SessionLimits {
  readonly sessionsMax: number;
  readonly sessionIdleMsMax: number;
  readonly transactionMsMax: number;
}

const noTransaction = (why: string): ServerError => new ServerError("NoSuchTransaction", why);

const UUID = 4;

/** The sessions of a server, by id and user. */
export class Sessions {
  readonly #limits: SessionLimits;
  readonly #store: Store;
  readonly #sessions = new Map<string, Session>();

  constructor(store: Store, limits: SessionLimits) {
    this.#store = store;
    this.#limits = limits;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** The id of a session in a command, with its user: two users' sessions are different even with the same id. */
  static idOf(lsid: Value, user: string): string {
    const { id } = isDocument(lsid) ? lsid : {};
    if (!(id instanceof Binary) || id.sub_type !== UUID || id.length() !== 16)
      throw new ServerError("TypeMismatch", "BSON field 'lsid.id' must be a UUID");
    return `${bytesOf(id).toString("hex")}/${user}`;
  }

  /** The session of an id, created if it is new. @throws ServerError TooManySessions */
  touch(id: string, nowMs: number): Session {
    const there = this.#sessions.get(id);
    if (there !== undefined) {
      there.usedMs = nowMs;
      return there;
    }
    if (this.#sessions.size >= this.#limits.sessionsMax)
      throw new ServerError(
        "TooManySessions",
        `cannot add session into the cache: ${this.#limits.sessionsMax} sessions are in use`,
      );
    const session: Session = {
      id,
      usedMs: nowMs,
      number: -1n,
      state: "none",
      transaction: undefined,
      startedMs: 0,
      marks: new Map(),
    };
    this.#sessions.set(id, session);
    return session;
  }

  /** Begins work with a number: a new number ends what the session had before. @throws ServerError TransactionTooOld */
  #enter(session: Session, number: bigint): void {
    if (number < session.number)
      throw new ServerError(
        "TransactionTooOld",
        `Cannot start transaction ${number} on session ${session.id} because a newer transaction ${session.number} has already started.`,
      );
    if (number === session.number) return;
    this.#abort(session);
    session.number = number;
    session.state = "none";
    session.marks.clear();
  }

  /** Begins a retryable write. @throws ServerError TransactionTooOld */
  enterWrite(session: Session, number: bigint): void {
    this.#enter(session, number);
    if (session.state !== "none")
      throw new ServerError("IncompleteTransactionHistory", "the number belongs to a transaction");
  }

  /** Begins a transaction. @throws ServerError TransactionTooOld; 50911 if the number is already in use */
  start(session: Session, number: bigint, nowMs: number): Transaction {
    if (number === session.number)
      throw new ServerError(
        117,
        `Only servers in a sharded cluster can start a new transaction at the active transaction number: ${number}`,
      );
    this.#enter(session, number);
    session.state = "running";
    session.startedMs = nowMs;
    session.transaction = this.#store.begin(true);
    return session.transaction;
  }

  /** The transaction that a command continues. @throws ServerError NoSuchTransaction, TransactionCommitted, TransactionTooOld */
  resume(session: Session, number: bigint): Transaction {
    this.#require(session, number);
    if (session.state === "committed")
      throw new ServerError("TransactionCommitted", `Transaction with { txnNumber: ${number} } has been committed.`);
    if (session.state !== "running" || session.transaction === undefined)
      throw noTransaction(`Transaction with { txnNumber: ${number} } has been aborted.`);
    return session.transaction;
  }

  #require(session: Session, number: bigint): void {
    if (number < session.number)
      throw new ServerError(
        "TransactionTooOld",
        `Cannot continue transaction ${number} because transaction ${session.number} has started`,
      );
    if (number > session.number)
      throw noTransaction(
        `Given transaction number ${number} does not match any in-progress transactions. The active transaction number is ${session.number}`,
      );
  }

  /** Committing a committed transaction again succeeds. */
  commit(session: Session, number: bigint): void {
    this.#require(session, number);
    if (session.state === "committed") return;
    const transaction = this.resume(session, number);
    try {
      this.#store.commit(transaction);
    } catch (error) {
      this.#abort(session);
      throw error;
    }
    session.state = "committed";
    session.transaction = undefined;
  }

  abort(session: Session, number: bigint): void {
    this.resume(session, number);
    this.#abort(session);
  }

  #abort(session: Session): void {
    if (session.transaction === undefined) return;
    this.#store.abort(session.transaction);
    session.transaction = undefined;
    session.state = "aborted";
  }

  /** Ends a transaction whose command has failed. */
  fail(session: Session): void {
    this.#abort(session);
  }

  /** Forgets a session and undoes its transaction. */
  end(id: string): void {
    const session = this.#sessions.get(id);
    if (session !== undefined) this.#abort(session);
    this.#sessions.delete(id);
  }

  /** Ends the sessions that match: those of a user who is gone, or all. */
  endWhere(fits: (id: string) => boolean): void {
    for (const id of this.#sessions.keys()) if (fits(id)) this.end(id);
  }

  /** Undoes transactions that take too long, and forgets sessions that nobody uses. */
  expire(nowMs: number): void {
    for (const session of this.#sessions.values()) {
      if (session.transaction !== undefined && nowMs - session.startedMs > this.#limits.transactionMsMax)
        this.#abort(session);
      if (session.transaction === undefined && nowMs - session.usedMs > this.#limits.sessionIdleMsMax)
        this.#sessions.delete(session.id);
    }
  }

  /** The sessions of a user, as `$listLocalSessions` shows them. */
  list(user: string): readonly Document[] {
    return [...this.#sessions.values()]
      .filter(({ id }) => id.endsWith(`/${user}`))
      .map(({ id, usedMs }) => ({
        _id: { id: new Binary(Buffer.from(id.slice(0, id.indexOf("/")), "hex"), UUID) },
        lastUse: new Date(usedMs),
      }));
  }

  /** The marks of retryable writes, for the next image of the data. */
  get marks(): readonly WriteMark[] {
    return [...this.#sessions.values()].flatMap(({ marks }) => [...marks.values()]);
  }

  /** Restores marks that were read back. */
  remember(marks: readonly WriteMark[], nowMs: number): void {
    for (const mark of marks) {
      const session = this.touch(mark.session, nowMs);
      if (mark.number < session.number) continue;
      this.#enter(session, mark.number);
      session.marks.set(mark.statement, mark);
    }
  }
}

/** The earlier result of a statement of a retryable write; undefined if it is new. */
export const resultOf = (session: Session | undefined, statement: number): Document | undefined =>
  session?.marks.get(statement)?.result;
