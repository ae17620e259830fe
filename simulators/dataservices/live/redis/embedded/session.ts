import { encode, type Protocol, type Reply } from "../resp/reply.ts";
import type { Command, Wait } from "./command.ts";

/** The identity of a session: none before it has logged in. */
export interface Identity {
  readonly username: string;
  /** The simulator's own user, which may do everything. */
  readonly isOperator: boolean;
}

/** A command of a transaction, before EXEC. */
interface Queued {
  readonly command: Command | undefined;
  readonly words: readonly string[];
}

/** A command that waits for keys, with the end of its wait. */
export interface Waiting {
  readonly command: Command;
  wait: Wait;
  readonly database: number;
  readonly timer: NodeJS.Timeout | undefined;
}

/** One connection, as the commands see it. */
export class Session {
  readonly id: number;
  readonly address: string;
  readonly sinceMs: number;
  readonly #write: (bytes: string) => void;
  readonly end: () => void;
  protocol: Protocol = 2;
  database = 0;
  identity: Identity | undefined;
  name = "";
  library = { name: "", version: "" };
  /** Set from MULTI to EXEC. */
  queue: Queued[] | undefined;
  /** A command of the transaction was refused, so EXEC will be refused too. */
  isQueueBroken = false;
  /** Keys that make EXEC do nothing if they are touched. */
  readonly watched = new Set<string>();
  isTouched = false;
  readonly channels = new Set<string>();
  readonly patterns = new Set<string>();
  readonly shards = new Set<string>();
  waiting: Waiting | undefined;
  /** Called when it stops waiting, so that the client's pending input is read. */
  onFree: () => void = () => {};
  lastCommand = "NULL";
  lastMs: number;

  constructor(id: number, address: string, nowMs: number, write: (bytes: string) => void, end: () => void) {
    this.id = id;
    this.address = address;
    this.sinceMs = nowMs;
    this.lastMs = nowMs;
    this.#write = write;
    this.end = end;
  }

  send(reply: Reply): void {
    this.#write(encode(reply, this.protocol));
  }

  /** Ends its wait. */
  free(): void {
    clearTimeout(this.waiting?.timer);
    this.waiting = undefined;
    // The client's pending input comes after the current work.
    queueMicrotask(this.onFree);
  }

  get subscriptions(): number {
    return this.channels.size + this.patterns.size + this.shards.size;
  }

  /** Ends a transaction, and forgets its watched keys. */
  endTransaction(): void {
    this.queue = undefined;
    this.isQueueBroken = false;
    this.unwatch();
  }

  unwatch(): void {
    this.watched.clear();
    this.isTouched = false;
  }

  /** Resets it to its state after connecting. */
  reset(): void {
    this.endTransaction();
    this.channels.clear();
    this.patterns.clear();
    this.shards.clear();
    this.protocol = 2;
    this.database = 0;
    this.identity = undefined;
    this.name = "";
  }
}
