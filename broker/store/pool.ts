import type { PostgresPool } from "kysely";

/** A pool of connections, and what the store must know of the database behind it. */
export interface StorePool extends PostgresPool {
  /** Whether only this process can reach the database: what is open in it belongs to whoever opens it next. Default: false. */
  readonly isPrivate?: boolean;
}
