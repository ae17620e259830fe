import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { DataError, type DataSession, type Extra, type Login } from "./plane.ts";
import type { DataLimits } from "./postgresql.ts";
import { NOT_OURS, nowhere } from "./probe-port.ts";
import { encodeCommand, RespError, RespReader, type RespReply } from "./resp.ts";
import { PREFIX, ROWS_MAX, type Statement, type TableRow, type TableRows, type TableShape } from "./statement.ts";

/** The key of the set with the names of the suites' tables; each table is a hash of rows. */
const TABLES = `${PREFIX}tables`;

/** What a server answers to whom it does not let in. */
const DENIED = /^(WRONGPASS|NOAUTH|NOPERM)$/;

const codeOf = (error: unknown): string => (error instanceof Error && "code" in error ? String(error.code) : "");

/** A connection that answers one command after the other. */
class RedisConnection {
  readonly #socket: Socket;
  readonly #reader = new RespReader();
  readonly #waiting: { readonly resolve: (reply: RespReply) => void; readonly reject: (error: Error) => void }[] = [];
  readonly #limits: DataLimits;
  #ended: Error | undefined;

  constructor(socket: Socket, limits: DataLimits) {
    this.#socket = socket;
    this.#limits = limits;
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.on("error", (error) => this.#end(error));
    socket.on("close", () => this.#end(new Error("the connection was closed")));
  }

  #take(chunk: Buffer): void {
    if (this.#socket.bytesRead > this.#limits.sessionBytesMax)
      return this.#end(new Error(`the server sent more than ${this.#limits.sessionBytesMax} bytes`));
    try {
      for (const reply of this.#reader.push(chunk)) this.#waiting.shift()?.resolve(reply);
    } catch (error) {
      this.#end(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #end(error: Error): void {
    this.#ended ??= error;
    this.#socket.destroy();
    for (const { reject } of this.#waiting.splice(0)) reject(this.#ended);
  }

  /** @throws DataError failed, lost */
  async send(...words: readonly string[]): Promise<RespReply> {
    if (this.#ended !== undefined) throw new DataError("lost", this.#ended.message);
    const { promise, resolve, reject } = Promise.withResolvers<RespReply>();
    this.#waiting.push({ resolve, reject });
    const timer = setTimeout(() => this.#end(new Error("no answer in time")), this.#limits.statementMsMax);
    this.#socket.write(encodeCommand(words));
    const reply = await promise
      .catch((error: unknown) => {
        throw new DataError("lost", error instanceof Error ? error.message : String(error), undefined, {
          cause: error,
        });
      })
      .finally(() => clearTimeout(timer));
    if (!(reply instanceof RespError)) return reply;
    throw new DataError(DENIED.test(reply.code) ? "denied" : "failed", reply.message, reply.code);
  }

  close(): void {
    this.#socket.destroy();
  }
}

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
  readonly #connection: RedisConnection;
  #isInTransaction = false;

  constructor(connection: RedisConnection) {
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
    // Within a transaction nothing is answered before its end, so there the whole row is written.
    const row = this.#isInTransaction ? [key, value] : decodeRow(await this.#connection.send("HGET", table.name, key));
    if (row.length === 0) return [];
    return this.#put(
      table.name,
      row.map((old, index) => (index === at ? value : old)),
    );
  }

  /** Both rows in one step: nobody else writes them, or it is tried again. */
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
      case "objects":
        throw new DataError("failed", `Redis has no ${statement.do}`);
    }
  }

  /** The command, or the step with its table where it takes several. */
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

/** The words of a command as one types it; quotes hold blanks together. */
const wordsOf = (text: string): readonly string[] =>
  [...text.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");

function openSocket(login: Login, address: string, source: string | undefined, connectMsMax: number): Promise<Socket> {
  const from = source === undefined ? {} : { localAddress: source };
  const { tls } = login;
  return new Promise((resolve, reject) => {
    const options = { host: address, port: login.port, ...from };
    const socket =
      tls === undefined
        ? connectTcp(options)
        : connectTls({
            ...options,
            servername: login.host,
            rejectUnauthorized: tls.isVerified,
            ...(tls.ca && { ca: tls.ca }),
          });
    const timer = setTimeout(() => socket.destroy(new Error("no connection in time")), connectMsMax);
    socket.once(tls === undefined ? "connect" : "secureConnect", () => {
      clearTimeout(timer);
      socket.removeAllListeners("error");
      resolve(socket);
    });
    socket.once("error", (error) => {
      clearTimeout(timer);
      const isNowhere = source !== undefined && NOT_OURS.has(codeOf(error));
      reject(
        isNowhere
          ? nowhere(source)
          : new DataError("unreachable", error.message || codeOf(error), undefined, { cause: error }),
      );
    });
  });
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
    return new RedisSession(connection);
  } catch (error) {
    connection.close();
    if (!(error instanceof DataError)) throw error;
    // Whoever takes a connection and drops it without a word is as closed as one that takes none.
    throw error.fault === "lost" ? new DataError("unreachable", error.message, undefined, { cause: error }) : error;
  }
}
