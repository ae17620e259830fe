import { type ClientSession, MongoClient, type MongoClientOptions, MongoNetworkError, MongoServerError } from "mongodb";
import { isIP } from "node:net";
import { DataError, type DataSession, type Extra, type Login } from "./plane.ts";
import type { DataLimits } from "./postgresql.ts";
import { openSocket } from "./redis-connection.ts";
import { PREFIX, ROWS_MAX, type Statement, type TableRow, type TableRows } from "./statement.ts";

/** A row as a document: its values in the order of the columns. */
interface RowDocument {
  readonly _id: string;
  readonly row: (string | null)[];
}

interface Counter {
  readonly _id: string;
  readonly next: number;
}

/** The collection that holds the sequences. */
const SEQUENCES = `${PREFIX}sequences`;

const EXTRAS: ReadonlySet<Extra> = new Set<Extra>(["index", "view", "native"]);

/** Codes of a refused login (AuthenticationFailed, or Unauthorized before there is a session). */
const AUTHENTICATION_FAILED = 18;

/** Classifies a failure: a server that answered has refused the login, or a statement. */
function faultOf(error: unknown, isLogin: boolean): DataError {
  if (error instanceof DataError) return error;
  if (error instanceof MongoServerError) {
    const code = String(error.code ?? "");
    const isDenied = isLogin && error.code === AUTHENTICATION_FAILED;
    return new DataError(isDenied ? "denied" : "failed", error.message, code, { cause: error });
  }
  const message = error instanceof Error ? error.message : String(error);
  const isAway = isLogin || error instanceof MongoNetworkError;
  return new DataError(isLogin ? "unreachable" : isAway ? "lost" : "failed", message, undefined, { cause: error });
}

/** The command of a native statement: a database, and a document as JSON. */
function commandOf(text: string): { readonly database: string; readonly command: object } {
  const at = text.indexOf(" ");
  const command: unknown = JSON.parse(text.slice(at + 1));
  if (typeof command !== "object" || command === null) throw new DataError("failed", "a command is a document");
  return { database: text.slice(0, at), command };
}

class MongoSession implements DataSession {
  readonly extras = EXTRAS;
  readonly #client: MongoClient;
  readonly #database: string;
  #transaction: ClientSession | undefined;

  constructor(client: MongoClient, database: string) {
    this.#client = client;
    this.#database = database;
  }

  get #db() {
    return this.#client.db(this.#database);
  }

  get #options() {
    return this.#transaction === undefined ? {} : { session: this.#transaction };
  }

  #rowsOf(table: string) {
    return this.#db.collection<RowDocument>(table);
  }

  async #transfer({ from, to, amount }: Extract<Statement, { do: "transfer" }>): Promise<TableRows> {
    const move = (session: ClientSession) => async (): Promise<void> => {
      for (const [{ table, key }, change] of [
        [from, -amount],
        [to, amount],
      ] as const) {
        const rows = this.#rowsOf(table.name);
        const held = await rows.findOne({ _id: key }, { session });
        const row = [key, String(Number(held?.row[1] ?? 0) + change)];
        await rows.replaceOne({ _id: key }, { row }, { session, upsert: true });
      }
    };
    await this.#client.withSession((session) => session.withTransaction(move(session)));
    return [];
  }

  async #insert({ table, rows }: Extract<Statement, { do: "insert" }>): Promise<TableRows> {
    const documents = rows.map((row) => ({ _id: String(row[0]), row: [...row] }));
    await this.#rowsOf(table.name).insertMany(documents, this.#options);
    return [];
  }

  async #rows(table: string): Promise<TableRows> {
    const found = await this.#rowsOf(table)
      .find({}, { ...this.#options, sort: { _id: 1 }, limit: ROWS_MAX + 1 })
      .toArray();
    if (found.length > ROWS_MAX) throw new DataError("failed", `more than ${ROWS_MAX} rows`);
    return found.map(({ row }): TableRow => row);
  }

  async #names(kind: "collection" | "view"): Promise<readonly string[]> {
    const all = await this.#db.listCollections({ type: kind }, { nameOnly: true }).toArray();
    return all
      .map(({ name }) => name)
      .filter((name) => name.startsWith(PREFIX) && name !== SEQUENCES)
      .toSorted((a, b) => (a < b ? -1 : 1));
  }

  async #objects(): Promise<TableRows> {
    const found: TableRow[] = (await this.#names("view")).map((name) => ["view", name, ""]);
    for (const table of await this.#names("collection"))
      for (const { name, key } of await this.#db.collection(table).indexes())
        if (name?.startsWith(PREFIX)) found.push(["index", name, `on ${table} ${JSON.stringify(key)}`]);
    return found.toSorted(([a, b], [c, d]) => (`${a} ${b}` < `${c} ${d}` ? -1 : 1));
  }

  async #change(statement: Statement): Promise<TableRows> {
    switch (statement.do) {
      case "create-table":
        await this.#db.createCollection(statement.table.name, this.#options);
        return [];
      case "drop-table":
        await this.#rowsOf(statement.table).drop();
        return [];
      case "insert":
        return this.#insert(statement);
      case "update": {
        const { table, key, column, value } = statement;
        const at = table.columns.findIndex(({ name }) => name === column.name);
        await this.#rowsOf(table.name).updateOne({ _id: key }, { $set: { [`row.${at}`]: value } }, this.#options);
        return [];
      }
      case "delete":
        await this.#rowsOf(statement.table.name).deleteOne({ _id: statement.key }, this.#options);
        return [];
      case "create-index":
        await this.#db.collection(statement.table.name).createIndex({ row: 1 }, { name: statement.name });
        return [];
      case "create-view":
        await this.#db.createCollection(statement.name, { viewOn: statement.table, pipeline: [] });
        return [];
      case "begin":
        this.#transaction = this.#client.startSession();
        this.#transaction.startTransaction();
        return [];
      default:
        throw new DataError("failed", `MongoDB has no ${statement.do}`);
    }
  }

  async #perform(statement: Statement): Promise<TableRows> {
    switch (statement.do) {
      case "create-sequence":
        await this.#db.collection<Counter>(SEQUENCES).insertOne({ _id: statement.sequence, next: 0 });
        return [];
      case "next": {
        const counter = await this.#db
          .collection<Counter>(SEQUENCES)
          .findOneAndUpdate({ _id: statement.sequence }, { $inc: { next: 1 } }, { returnDocument: "after" });
        if (counter === null) throw new DataError("failed", `there is no sequence ${statement.sequence}`);
        return [[String(counter.next)]];
      }
      case "transfer":
        return this.#transfer(statement);
      case "tables":
        return (await this.#names("collection")).map((name) => [name]);
      case "rows":
        return this.#rows(statement.table.name);
      case "columns":
        return [];
      case "objects":
        return this.#objects();
      case "native": {
        const { database, command } = commandOf(statement.text);
        return [[JSON.stringify(await this.#client.db(database).command({ ...command }))]];
      }
      default:
        return this.#change(statement);
    }
  }

  /** @throws DataError failed, lost */
  async run(statement: Statement): Promise<TableRows> {
    try {
      return await this.#perform(statement);
    } catch (error) {
      throw faultOf(error, false);
    }
  }

  describe(statement: Statement): string {
    if (statement.do === "native") return statement.text;
    if (statement.do === "insert")
      return `db.${statement.table.name}.insertMany(…) (${statement.rows.length} documents)`;
    if (statement.do === "rows") return `db.${statement.table.name}.find()`;
    return `// ${statement.do}`;
  }

  async close(): Promise<void> {
    await this.#transaction?.endSession();
    await this.#client.close();
  }
}

function optionsOf({ username, password, database, tls, host }: Login, source: string | undefined, limits: DataLimits) {
  const options: MongoClientOptions = {
    directConnection: true,
    serverSelectionTimeoutMS: limits.connectMsMax,
    connectTimeoutMS: limits.connectMsMax,
    socketTimeoutMS: limits.statementMsMax,
    retryWrites: false,
    maxPoolSize: 2,
    ...(username !== "" && { auth: { username, password }, authSource: database }),
    ...(source !== undefined && { localAddress: source }),
    ...(tls !== undefined && {
      tls: true,
      tlsAllowInvalidCertificates: !tls.isVerified,
      ...(isIP(host) === 0 && { servername: host }),
      ...(tls.ca !== undefined && { ca: tls.ca }),
    }),
  };
  return options;
}

/**
 * Logs in to this MongoDB server only, not to others of its replica set. Without a login if the user name is
 * empty.
 * @throws DataError unreachable, denied, failed, nowhere
 */
export async function openMongo(
  login: Login,
  address: string,
  source: string | undefined,
  limits: DataLimits,
): Promise<DataSession> {
  // The driver keeps trying a port without a listener until its time is up.
  const { tls: _, ...plain } = login;
  (await openSocket(plain, address, source, limits.connectMsMax)).destroy();
  const client = new MongoClient(`mongodb://${address}:${login.port}/`, optionsOf(login, source, limits));
  try {
    await client.connect();
    await client.db(login.database).command({ ping: 1 });
    return new MongoSession(client, login.database);
  } catch (error) {
    await client.close();
    throw faultOf(error, true);
  }
}
