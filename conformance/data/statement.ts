/** The prefix of every name that the suites create; they leave everything else alone. */
export const PREFIX = "drydock_";

type ColumnType =
  | "text"
  | "integer"
  | "bigint"
  | "numeric"
  | "double precision"
  | "boolean"
  | "bytea"
  | "date"
  | "timestamptz"
  | "uuid"
  | "jsonb"
  | "text[]";

/** A column of a table of the suites. */
export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

/** Values in the text form in which PostgreSQL prints them. */
export type CellValue = string | null;
/** One row, its values in the order of the columns. */
export type TableRow = readonly CellValue[];
/** Rows; from a data service, in the order of their keys. */
export type TableRows = readonly TableRow[];

/** A table of the suites. The first column, a text, is its key. */
export interface TableShape {
  readonly name: string;
  readonly columns: readonly Column[];
}

/** A row by its key. */
interface RowPlace {
  readonly table: TableShape;
  readonly key: string;
}

/** A statement of a suite, for any engine. Names are the suite's own and need no quoting. */
export type Statement =
  | { readonly do: "create-table"; readonly table: TableShape }
  | { readonly do: "drop-table"; readonly table: string }
  | { readonly do: "insert"; readonly table: TableShape; readonly rows: TableRows }
  | {
      readonly do: "update";
      readonly table: TableShape;
      readonly key: string;
      readonly column: Column;
      readonly value: CellValue;
    }
  | { readonly do: "delete"; readonly table: TableShape; readonly key: string }
  | { readonly do: "create-sequence"; readonly sequence: string }
  /** One row with the next number. */
  | { readonly do: "next"; readonly sequence: string }
  | { readonly do: "create-index"; readonly name: string; readonly table: TableShape; readonly column: string }
  | { readonly do: "create-view"; readonly name: string; readonly table: string }
  /** A new type, with the texts that it admits. */
  | { readonly do: "create-type"; readonly name: string; readonly labels: readonly string[] }
  /** Begins a transaction that nobody ends. */
  | { readonly do: "begin" }
  /** Takes an amount, a whole number, from the second column of one row and adds it to that of another, in one step. */
  | { readonly do: "transfer"; readonly from: RowPlace; readonly to: RowPlace; readonly amount: number }
  /** A statement in the engine's own dialect, for features that no other engine has. */
  | { readonly do: "native"; readonly text: string }
  /** Lets every user read a table. */
  | { readonly do: "grant"; readonly table: string }
  /** Rows of one column: the names of the suites' tables that the session's user sees, in order. */
  | { readonly do: "tables" }
  /** The rows of a table by key, columns as in the shape. */
  | { readonly do: "rows"; readonly table: TableShape }
  /** Rows of name and type: the columns of a table. */
  | { readonly do: "columns"; readonly table: string }
  /** Rows of kind, name and definition: indexes, views, grants, sequences, types and constraints of the suites', and extensions. */
  | { readonly do: "objects" };

/** The most rows that a statement may return; a table of the suites has far fewer. */
export const ROWS_MAX = 10_000;
