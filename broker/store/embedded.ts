import type { PostgresCursor, PostgresPoolClient, PostgresQueryResult } from "kysely";
import { DataType, type IBackup, newDb, type QueryOrAst } from "pg-mem";
import { isObject } from "../json.ts";
import type { StorePool } from "./pool.ts";

/** Parsed statements that are kept. The broker has some forty; further ones are parsed again. */
const STATEMENTS_MAX = 500;
/** Statements that are kept ready with their values: a broker looks for the same things again and again. The one not used for longest goes first. */
const READY_MAX = 500;
/** Statements that leave the tables' shapes alone. What is ready is of no use after any other. */
const OF_ROWS = /^(select|insert|update|delete|with)\b/;

/** A statement that changed something, as it was executed. */
export interface KeptStatement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
  /** The time of the database's clock, ms since the Unix epoch. */
  readonly atMs: number;
}

/** Keeps the changes of an embedded database, so that it can be made again. */
export interface StatementLog {
  /** The transactions kept so far, oldest first. */
  read(): Iterable<readonly KeptStatement[]>;
  /** Keeps a transaction before it is acknowledged. @throws Error when it can't be kept; the transaction is then undone */
  keep(transaction: readonly KeptStatement[]): void;
}

/** Statements that change nothing. */
const READS = /^select\b/;

/** Statements that change nothing if they change no row. */
const IDLE = /^(update|delete)\b/;

/** A node of a parsed statement. */
type SyntaxNode = Readonly<Record<string, unknown>>;
type Statements = Exclude<QueryOrAst, string>;
type Ready = ReturnType<ReturnType<typeof newDb>["public"]["prepare"]>;

const isStatements = (value: unknown): value is Statements => typeof value === "object" && value !== null;

/** pg-mem's schema parses; its types keep that to itself. */
const canParse = (schema: object): schema is { parse(text: string): Statements } =>
  "parse" in schema && typeof schema.parse === "function";

/** A value where a parsed statement has a parameter; bigger numbers and other types are not in the broker's rows. */
function literal(value: unknown): SyntaxNode {
  if (value === null || value === undefined) return { type: "null" };
  if (Number.isFinite(value)) return { type: Number.isInteger(value) ? "integer" : "numeric", value };
  if (typeof value === "boolean") return { type: "boolean", value };
  if (typeof value === "string") return { type: "string", value };
  throw new TypeError(`the embedded store takes no ${typeof value} of this kind`);
}

/** A parsed statement with values in place of its parameters. */
function fillParameters(node: unknown, values: readonly unknown[]): unknown {
  if (Array.isArray(node)) return node.map((each) => fillParameters(each, values));
  if (!isObject(node)) return node;
  if (node.type === "parameter") return literal(values[Number(String(node.name).slice(1)) - 1]);
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, fillParameters(value, values)]));
}

/** The commands that change rows; Kysely treats every other one as a query. */
const CHANGES = ["INSERT", "UPDATE", "DELETE"] as const;

/** A database of pg-mem that parses each statement once: most of the cost of pg-mem's own pool is parsing values in statements. */
class EmbeddedClient implements PostgresPoolClient {
  // The first time, pg-mem checks whether it understood every part of a statement.
  readonly #options = { noAstCoverageCheck: false };
  readonly #db = newDb(this.#options);
  readonly #schema = this.#db.public;
  readonly #parsed = new Map<string, Statements>();
  readonly #ready = new Map<string, Ready>();
  #before: IBackup | undefined;
  readonly #nowMs: () => number;
  readonly #log: StatementLog | undefined;
  /** The changes of the open transaction. */
  #changes: KeptStatement[] = [];
  /** The database's clock stands still while a statement runs, so that the statement can be repeated. */
  #atMs = 0;

  constructor(nowMs: () => number, log: StatementLog | undefined) {
    this.#nowMs = nowMs;
    this.#log = log;
    this.#schema.registerFunction({
      name: "clock_timestamp",
      returns: DataType.timestamptz,
      implementation: () => new Date(this.#atMs),
      impure: true,
    });
    for (const transaction of log?.read() ?? [])
      for (const { sql, parameters, atMs } of transaction) this.#execute(sql, parameters, atMs);
  }

  query<R>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  query<R>(
    statement: string | PostgresCursor<R>,
    parameters: readonly unknown[] = [],
  ): Promise<PostgresQueryResult<R>> | PostgresCursor<R> {
    if (typeof statement !== "string") throw new TypeError("the embedded store has no cursors");
    const control = this.#transactions[statement];
    if (control === undefined) return this.#run<R>(statement, parameters);
    control();
    return Promise.resolve({ command: "SELECT", rowCount: 0, rows: [] });
  }

  release(): void {}

  /** pg-mem accepts these and does nothing. Nobody else is connected meanwhile, so a copy of the data serves as well. */
  readonly #transactions: Readonly<Record<string, () => void>> = {
    begin: () => {
      this.#before = this.#db.backup();
    },
    commit: () => this.#commit(),
    rollback: () => this.#rollBack(),
  };

  #commit(): void {
    try {
      if (this.#changes.length > 0) this.#log?.keep(this.#changes);
    } catch (error) {
      this.#rollBack();
      throw error;
    }
    this.#before = undefined;
    this.#changes = [];
  }

  #rollBack(): void {
    this.#before?.restore();
    this.#before = undefined;
    this.#changes = [];
  }

  async #run<R>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>> {
    const atMs = this.#nowMs();
    if (this.#log === undefined || READS.test(sql)) return this.#execute<R>(sql, parameters, atMs);
    const isAlone = this.#before === undefined;
    if (isAlone) this.#before = this.#db.backup();
    let result: PostgresQueryResult<R>;
    try {
      result = this.#execute<R>(sql, parameters, atMs);
    } catch (error) {
      if (isAlone) this.#rollBack();
      throw error;
    }
    // After a conflict pg-mem miscounts what was inserted, but not what was updated or deleted.
    const isIdle = result.rowCount === 0 && IDLE.test(sql);
    if (!isIdle) this.#changes.push({ sql, parameters, atMs });
    if (isAlone) this.#commit();
    return result;
  }

  #execute<R>(sql: string, parameters: readonly unknown[], atMs: number): PostgresQueryResult<R> {
    this.#atMs = atMs;
    const { command, rowCount, rows } = this.#prepare(sql, parameters).bind().executeAll();
    return {
      command: CHANGES.find((each) => each === command) ?? "SELECT",
      rowCount,
      rows: rows.map((row) => ({ ...row })),
    };
  }

  #prepare(sql: string, parameters: readonly unknown[]): Ready {
    const isOfRows = OF_ROWS.test(sql);
    if (!isOfRows) this.#ready.clear();
    const key = JSON.stringify([sql, ...parameters.map(literal)]);
    const ready = this.#ready.get(key) ?? this.#make(sql, parameters);
    if (!isOfRows) return ready;
    this.#ready.delete(key);
    this.#ready.set(key, ready);
    if (this.#ready.size > READY_MAX) for (const oldest of this.#ready.keys().take(1)) this.#ready.delete(oldest);
    return ready;
  }

  #make(sql: string, parameters: readonly unknown[]): Ready {
    const filled = fillParameters(this.#parse(sql), parameters);
    if (!isStatements(filled)) throw new TypeError("the embedded store got no statement");
    return this.#schema.prepare(filled);
  }

  #parse(sql: string): Statements {
    const known = this.#parsed.get(sql);
    this.#options.noAstCoverageCheck = known !== undefined;
    if (known !== undefined) return known;
    const schema: object = this.#schema;
    if (!canParse(schema)) throw new TypeError("this version of pg-mem does not parse");
    const parsed = schema.parse(sql);
    if (this.#parsed.size < STATEMENTS_MAX) this.#parsed.set(sql, parsed);
    return parsed;
  }
}

/** One connection, for one user at a time, so that nobody sees somebody else's transaction. */
class OneConnection {
  readonly #client: EmbeddedClient;
  #last: Promise<void> = Promise.resolve();

  constructor(nowMs: () => number, log: StatementLog | undefined) {
    this.#client = new EmbeddedClient(nowMs, log);
  }

  async connect(): Promise<PostgresPoolClient> {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const before = this.#last;
    this.#last = released;
    await before;
    return { query: this.#client.query.bind(this.#client), release: () => release() };
  }
}

/**
 * A pool on an embedded database (pg-mem), lost with the process unless a log keeps its changes.
 *
 * @param nowMs the database's clock, in ms since the Unix epoch. Default: this machine's
 * @param log what it is made from and what keeps its changes. Default: it begins empty, and nothing is kept
 */
export function embeddedPool(nowMs: () => number = Date.now, log?: StatementLog): StorePool {
  const connection = new OneConnection(nowMs, log);
  return { connect: () => connection.connect(), end: () => Promise.resolve(), options: {}, isPrivate: true };
}
