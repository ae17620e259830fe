import { byKey } from "../../kernel/index.ts";
import type { User } from "../state.ts";

/** A value of a virtual column: anything that JSON can hold. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [name: string]: Value };
/** The columns of one row, by name. */
export type Row = Readonly<Record<string, Value>>;

/** A change to a disk's contents, as a primary sends it to its replicas. Plain data. */
export type Mutation =
  | { readonly op: "write"; readonly table: string; readonly key: string; readonly row: Row | null }
  | { readonly op: "drop"; readonly table: string }
  | { readonly op: "next"; readonly sequence: string }
  | { readonly op: "user"; readonly user: User }
  | { readonly op: "no-user"; readonly username: string }
  /** Replaces the data with content, or writes the content over them. */
  | { readonly op: "content"; readonly content: Content; readonly isAppended: boolean };

/** The contents of a virtual data service. Plain data. */
export interface Content {
  readonly tables: Map<string, Table>;
  /** The last number drawn from each sequence. */
  readonly sequences: Map<string, number>;
}

/** A virtual table: its rows by key. Plain data. */
export interface Table {
  readonly rows: Map<string, Row>;
  /** The last write: its key, and the row that it replaced. A torn dump shows the table without it. */
  undo: { readonly key: string; readonly row: Row | null } | null;
}

/** The contents of a new data service. */
export const emptyContent = (): Content => ({ tables: new Map(), sequences: new Map() });

/** The table of this name, created if it does not exist. */
function tableOf(content: Content, name: string): Table {
  let table = content.tables.get(name);
  if (table === undefined) content.tables.set(name, (table = { rows: new Map(), undo: null }));
  return table;
}

/** Writes a row, or removes it with `null`. The table comes into being with its first row. */
export function writeRow(content: Content, name: string, key: string, row: Row | null): void {
  const table = tableOf(content, name);
  table.undo = { key, row: table.rows.get(key) ?? null };
  putOrDelete(table.rows, key, row);
}

function putOrDelete(rows: Map<string, Row>, key: string, row: Row | null): void {
  if (row === null) rows.delete(key);
  else rows.set(key, row);
}

/** Draws the next number of a sequence; the first is 1. */
export function nextValue(content: Content, sequence: string): number {
  const value = (content.sequences.get(sequence) ?? 0) + 1;
  content.sequences.set(sequence, value);
  return value;
}

/** Writes everything that `over` holds into `under`: the defect of a restore that appends. */
export function append(under: Content, over: Content): void {
  for (const [name, { rows }] of over.tables) for (const [key, row] of rows) writeRow(under, name, key, row);
  for (const [name, value] of over.sequences) under.sequences.set(name, value);
}

/** Every second table as it was before its last write, as a dump without a common snapshot may see it. */
export function tearLastWrites(content: Content): Content {
  const tables = [...content.tables].sort(byKey).map(([name, table], at): [string, Table] => {
    if (at % 2 === 0 || table.undo === null) return [name, table];
    const rows = new Map(table.rows);
    putOrDelete(rows, table.undo.key, table.undo.row);
    return [name, { rows, undo: null }];
  });
  return { tables: new Map(tables), sequences: content.sequences };
}
