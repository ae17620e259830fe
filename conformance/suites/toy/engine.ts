import { DataError, type Extra } from "../../data/plane.ts";
import type { Column, TableRow, TableRows, Statement } from "../../data/statement.ts";

/** A database in memory that knows the suites' statements and no others. Plain data, so that a copy of it is a faithful dump. */
export interface Store {
  readonly tables: Map<string, Table>;
  readonly sequences: Map<string, number>;
  readonly objects: Made[];
}

/** A table; its rows are kept by their key. */
export interface Table {
  readonly columns: readonly Column[];
  readonly rows: Map<string, TableRow>;
}

/** An index, a view, a right or a type, with the table that it belongs to. */
interface Made {
  readonly kind: Exclude<Extra, "native">;
  readonly name: string;
  readonly table: string;
}

/** The kinds of objects that the engine can hold besides tables. */
export const ALL_EXTRAS: ReadonlySet<Extra> = new Set<Extra>(["index", "view", "grant", "type", "native"]);

/** An empty database. */
export const emptyStore = (): Store => ({ tables: new Map(), sequences: new Map(), objects: [] });

/** A copy: changes to one do not show in the other, because rows are replaced and never changed. */
export const copyOf = ({ tables, sequences, objects }: Store): Store => ({
  tables: new Map([...tables].map(([name, { columns, rows }]) => [name, { columns, rows: new Map(rows) }])),
  sequences: new Map(sequences),
  objects: [...objects],
});

/** Replaces the contents of one store with those of another. */
export function replace(store: Store, by: Store): void {
  const { tables, sequences, objects } = copyOf(by);
  store.tables.clear();
  store.sequences.clear();
  for (const [name, table] of tables) store.tables.set(name, table);
  for (const [name, value] of sequences) store.sequences.set(name, value);
  store.objects.splice(0, store.objects.length, ...objects);
}

function tableIn(store: Store, name: string): Table {
  const table = store.tables.get(name);
  if (table === undefined) throw new DataError("failed", `relation "${name}" does not exist`, "42P01");
  return table;
}

const byText = (
  [a]: TableRow | readonly [string, ...unknown[]],
  [b]: TableRow | readonly [string, ...unknown[]],
): number => (String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0);

function make(store: Store, made: Made): TableRows {
  tableIn(store, made.table);
  store.objects.push(made);
  return [];
}

function drop(store: Store, name: string): TableRows {
  tableIn(store, name);
  store.tables.delete(name);
  store.objects.splice(0, store.objects.length, ...store.objects.filter(({ table }) => table !== name));
  return [];
}

function write(store: Store, table: string, ...rows: TableRows): TableRows {
  for (const row of rows) tableIn(store, table).rows.set(String(row[0]), row);
  return [];
}

function change(store: Store, { table, key, column, value }: Extract<Statement, { do: "update" }>): TableRows {
  const { columns, rows } = tableIn(store, table.name);
  const row = rows.get(key);
  if (row === undefined) return [];
  return write(
    store,
    table.name,
    row.map((old, at) => (columns[at]?.name === column.name ? value : old)),
  );
}

function draw(store: Store, sequence: string): TableRows {
  const last = store.sequences.get(sequence);
  if (last === undefined) throw new DataError("failed", `relation "${sequence}" does not exist`, "42P01");
  store.sequences.set(sequence, last + 1);
  return [[String(last + 1)]];
}

/** Moves an amount from one row to another, in one step. */
function transfer(store: Store, { from, to, amount }: Extract<Statement, { do: "transfer" }>): TableRows {
  const amountIn = ({ table, key }: typeof from): number => Number(tableIn(store, table.name).rows.get(key)?.[1] ?? 0);
  const put = ({ table, key }: typeof from, value: number): TableRows => write(store, table.name, [key, String(value)]);
  put(from, amountIn(from) - amount);
  return put(to, amountIn(to) + amount);
}

/** A store after a sequence of events. */
export function replay(
  log: readonly { readonly did: Statement | { readonly do: "restore"; readonly store: Store } }[],
): Store {
  const store = emptyStore();
  for (const { did } of log) {
    if (did.do === "restore") replace(store, did.store);
    else run(store, did);
  }
  return store;
}

/** @throws DataError failed */
export function run(store: Store, statement: Statement): TableRows {
  switch (statement.do) {
    case "create-table": {
      const { name, columns } = statement.table;
      if (store.tables.has(name)) throw new DataError("failed", `relation "${name}" already exists`, "42P07");
      store.tables.set(name, { columns, rows: new Map() });
      return [];
    }
    case "drop-table":
      return drop(store, statement.table);
    case "insert":
      return write(store, statement.table.name, ...statement.rows);
    case "update":
      return change(store, statement);
    case "delete":
      tableIn(store, statement.table.name).rows.delete(statement.key);
      return [];
    case "create-sequence":
      store.sequences.set(statement.sequence, 0);
      return [];
    case "next":
      return draw(store, statement.sequence);
    case "create-index":
      return make(store, { kind: "index", name: statement.name, table: statement.table.name });
    case "create-view":
      return make(store, { kind: "view", name: statement.name, table: statement.table });
    case "grant":
      return make(store, { kind: "grant", name: statement.table, table: statement.table });
    case "create-type":
      store.objects.push({ kind: "type", name: statement.name, table: "" });
      return [];
    case "begin":
    case "native":
      return [];
    case "transfer":
      return transfer(store, statement);
    case "tables":
      return [...store.tables.keys()].sort().map((name) => [name]);
    case "rows":
      return [...tableIn(store, statement.table.name).rows.values()].sort(byText);
    case "columns":
      return tableIn(store, statement.table).columns.map(({ name, type }) => [name, type]);
    case "objects":
      return [
        ...store.objects.map(({ kind, name, table }) => [kind, name, `on ${table}`]),
        ...[...store.sequences.keys()].map((name) => ["sequence", name, ""]),
      ];
  }
}
