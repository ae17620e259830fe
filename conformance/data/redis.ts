import { DataError, type DataSession, type Extra, type Login } from "./plane.ts";
import type { DataLimits } from "./postgresql.ts";
import { openSocket, RedisConnection } from "./redis-connection.ts";
import type { RespReply } from "./resp.ts";
import { PREFIX, ROWS_MAX, type Statement, type TableRow, type TableRows, type TableShape } from "./statement.ts";

/** The key of the set with the names of the suites' tables; each table is a hash of rows. */
const TABLES = `${PREFIX}tables`;

const EXTRAS: ReadonlySet<Extra> = new Set<Extra>(["native"]);

/** A row as the value of its hash's field. */
const encodeRow = (row: TableRow): string => JSON.stringify(row);
const decodeRow = (text: RespReply): TableRow => (typeof text === "string" ? JSON.parse(text) : []);

const textsOf = (reply: RespReply): readonly string[] =>
  Array.isArray(reply)
    ? reply.map((each) => (typeof each === "string" ? each : JSON.stringify(each)))
    : reply === null
      ? []
      : [String(reply)];

class RedisSession implements DataSession {
  readonly extras = EXTRAS;
  readonly server: string | undefined;
  readonly #connection: RedisConnection;
  #isInTransaction = false;

  constructor(connection: RedisConnection, server: string | undefined) {
    this.server = server;
    this.#connection = connection;
  }

  async #rows({ name }: TableShape): Promise<TableRows> {
    const found = textsOf(await this.#connection.send("HVALS", name));
    if (found.length > ROWS_MAX) throw new DataError("failed", `more than ${ROWS_MAX} rows`);
    return found.map(decodeRow).toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1));
  }

  async #put(table: string, ...rows: TableRows): Promise<TableRows> {
    await this.#connection.send("HSET", table, ...rows.flatMap((row) => [String(row[0]), encodeRow(row)]));
    return [];
  }

  async #update({ table, key, column, value }: Extract<Statement, { do: "update" }>): Promise<TableRows> {
    const at = table.columns.findIndex(({ name }) => name === column.name);
    // Within a transaction there are no answers before the end, so the whole row is written.
    const row = this.#isInTransaction ? [key, value] : decodeRow(await this.#connection.send("HGET", table.name, key));
    if (row.length === 0) return [];
    return this.#put(
      table.name,
      row.map((old, index) => (index === at ? value : old)),
    );
  }

  /** Changes both rows in one step; retries if somebody else writes them meanwhile. */
  async #transfer({ from, to, amount }: Extract<Statement, { do: "transfer" }>): Promise<TableRows> {
    const places = [
      [from, -amount],
      [to, amount],
    ] as const;
    await this.#connection.send("WATCH", from.table.name, to.table.name);
    const rows: [string, string, string][] = [];
    for (const [{ table, key }, change] of places) {
      const [, held = "0"] = decodeRow(await this.#connection.send("HGET", table.name, key));
      rows.push([table.name, key, encodeRow([key, String(Number(held) + change)])]);
    }
    await this.#connection.send("MULTI");
    for (const row of rows) await this.#connection.send("HSET", ...row);
    if ((await this.#connection.send("EXEC")) === null) throw new DataError("failed", "somebody else wrote the rows");
    return [];
  }

  async #create({ name }: TableShape): Promise<TableRows> {
    const isNew = await this.#connection.send("SADD", TABLES, name);
    if (isNew === 0) throw new DataError("failed", `table "${name}" exists already`);
    return [];
  }

  /** @throws DataError failed, lost */
  async run(statement: Statement): Promise<TableRows> {
    const { send } = { send: (...words: readonly string[]) => this.#connection.send(...words) };
    switch (statement.do) {
      case "create-table":
        return this.#create(statement.table);
      case "drop-table":
        await send("SREM", TABLES, statement.table);
        await send("DEL", statement.table);
        return [];
      case "insert":
        return this.#put(statement.table.name, ...statement.rows);
      case "update":
        return this.#update(statement);
      case "transfer":
        return this.#transfer(statement);
      case "delete":
        await send("HDEL", statement.table.name, statement.key);
        return [];
      case "create-sequence":
      case "columns":
        return [];
      case "next":
        return [[String(await send("INCR", statement.sequence))]];
      case "begin":
        this.#isInTransaction = true;
        await send("MULTI");
        return [];
      case "tables":
        return textsOf(await send("SMEMBERS", TABLES))
          .toSorted((a, b) => (a < b ? -1 : 1))
          .map((name) => [name]);
      case "rows":
        return this.#rows(statement.table);
      case "native":
        return textsOf(await send(...wordsOf(statement.text))).map((text) => [text]);
      case "create-index":
      case "create-view":
      case "grant":
      case "create-type":
      case "objects":
        throw new DataError("failed", `Redis has no ${statement.do}`);
    }
  }

  /** The command, or the step with its table if it takes several. */
  describe(statement: Statement): string {
    if (statement.do === "native") return statement.text;
    if (statement.do === "insert") return `HSET ${statement.table.name} … (${statement.rows.length} rows)`;
    if (statement.do === "rows") return `HVALS ${statement.table.name}`;
    if (statement.do === "delete") return `HDEL ${statement.table.name} "${statement.key}"`;
    if (statement.do === "drop-table") return `DEL ${statement.table}`;
    if (statement.do === "next") return `INCR ${statement.sequence}`;
    if (statement.do === "begin") return "MULTI";
    return statement.do === "tables" ? `SMEMBERS ${TABLES}` : `# ${statement.do}`;
  }

  async close(): Promise<void> {
    this.#connection.close();
  }
}

/** The words of a command as typed; blanks within quotes do not separate. */
const wordsOf = (text: string): readonly string[] =>
  [...text.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");

/**
 * The server's name for itself (HELLO, which every user may call): "redis 7.0.15". Servers before 6 do not
 * reveal it.
 */
async function serverOf(connection: RedisConnection): Promise<string | undefined> {
  try {
    const said = textsOf(await connection.send("HELLO"));
    const valueOf = (key: string): string | undefined => said[said.indexOf(key) + 1];
    return said.includes("server") && said.includes("version")
      ? `${valueOf("server")} ${valueOf("version")}`
      : undefined;
  } catch (error) {
    if (error instanceof DataError && error.fault !== "lost") return undefined;
    throw error;
  }
}

/** Logs in to a Redis or Valkey server. @throws DataError unreachable, denied, failed, nowhere */
export async function openRedis(
  login: Login,
  address: string,
  source: string | undefined,
  limits: DataLimits,
): Promise<DataSession> {
  const connection = new RedisConnection(await openSocket(login, address, source, limits.connectMsMax), limits);
  const { username, password } = login;
  try {
    if (username !== "" || password !== "")
      await connection.send("AUTH", ...(username === "" ? [] : [username]), password);
    await connection.send("PING");
    return new RedisSession(connection, await serverOf(connection));
  } catch (error) {
    connection.close();
    if (!(error instanceof DataError)) throw error;
    // A server that accepts a connection and drops it without a word counts as closed.
    throw error.fault === "lost" ? new DataError("unreachable", error.message, undefined, { cause: error }) : error;
  }
}
