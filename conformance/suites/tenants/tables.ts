import type { RecordedSession } from "../../data/recorded-session.ts";
import { type DatabaseContents, readContents, writtenFacts } from "../../data/contents.ts";
import type { TableRow, TableRows, TableShape } from "../../data/statement.ts";

/** A table with its intended rows. */
export interface FilledTable {
  readonly shape: TableShape;
  readonly rows: TableRows;
}

/**
 * One column for each type, and rows that are hard to preserve: extremes, NULL, empty values, characters
 * beyond ASCII.
 */
export const TYPES: FilledTable = {
  shape: {
    name: "drydock_types",
    columns: [
      { name: "id", type: "text" },
      { name: "a_text", type: "text" },
      { name: "an_integer", type: "integer" },
      { name: "a_bigint", type: "bigint" },
      { name: "a_numeric", type: "numeric" },
      { name: "a_double", type: "double precision" },
      { name: "a_boolean", type: "boolean" },
      { name: "some_bytes", type: "bytea" },
      { name: "a_date", type: "date" },
      { name: "a_time", type: "timestamptz" },
      { name: "a_uuid", type: "uuid" },
      { name: "a_json", type: "jsonb" },
      { name: "a_list", type: "text[]" },
    ],
  },
  rows: [
    // biome-ignore format: one row a line
    ["empty", "", "0", "0", "0", "0", "false", "\\x", "2000-01-01", "2000-01-01 00:00:00+00", "00000000-0000-0000-0000-000000000000", "{}", "{}"],
    // biome-ignore format: one row a line
    ["greatest", "\u{10FFFF}", "2147483647", "9223372036854775807", "99999999999999999999.99999", "1.7976931348623157e+308", "true", "\\xff00fe", "9999-12-31", "2038-01-19 03:14:08.123456+00", "ffffffff-ffff-ffff-ffff-ffffffffffff", '{"a": [1, null, {"b": "c"}]}', '{x,NULL,"y z"}'],
    // biome-ignore format: one row a line
    ["least", "a\tb\nc\\N\r\n'\"\\", "-2147483648", "-9223372036854775808", "-0.00001", "-5e-324", "false", "\\x00", "0001-01-01", "1900-02-28 23:59:59+00", "00000000-0000-4000-8000-000000000001", "[]", '{"",NULL}'],
    ["nothing", null, null, null, null, null, null, null, null, null, null, null, null],
    // biome-ignore format: one row a line
    ["unicode", "Grüße, Ελλάδα, Привет, 你好, שלום, 👩‍🚀, e\u0301", "1", "1", "1.10", "0.1", "true", "\\x64657261", "2024-02-29", "2024-02-29 12:00:00.5+00", "123e4567-e89b-12d3-a456-426614174000", '"ß"', '{ü}'],
  ],
};

const BIG_CHARS = 256 * 1024;
const MANY = 300;

const numberedRows = (count: number): TableRows =>
  Array.from(
    { length: count },
    (_, at): TableRow => [`r${String(at).padStart(4, "0")}`, `row ${at} ${"·".repeat(at % 50)}`],
  );

/** Many rows, and one that exceeds a page of the engine. */
export const MANY_ROWS: FilledTable = {
  shape: {
    name: "drydock_rows",
    columns: [
      { name: "id", type: "text" },
      { name: "value", type: "text" },
    ],
  },
  rows: [["long", "0123456789abcdef".repeat(BIG_CHARS / 16)], ...numberedRows(MANY)],
};

/**
 * Bytes of text in the large table: dumping it takes dozens of reads of a socket or a file, which exposes
 * anything that loses, repeats or mixes up the contents of one. More would be a burden on somebody else's
 * service.
 */
const VOLUME_BYTES = 4 * 1024 * 1024;
/** Widths of its rows, in characters, used in turn, so that no read ends where the previous one did. */
const WIDTHS = [0, 3, 40, 200, 1100, 64, 5000, 7, 700, 16_000, 90, 2500, 1, 320];
/** One row in this many has no text at all. */
const NULL_EVERY = 9;

const KNUTH = 2_654_435_761;
const scramble = (at: number): number => Math.imul(at + 1, KNUTH) >>> 0;

/** A text that shares no part with any other row. */
function textOf(at: number, chars: number): string {
  const words: string[] = [];
  for (let held = 0; held < chars; held += 9)
    words.push(
      scramble(at * 4099 + held)
        .toString(16)
        .padStart(8, "0"),
    );
  return words.join(at % 3 === 0 ? "ß" : at % 3 === 1 ? "\t" : " ").slice(0, chars);
}

function volumeRows(): TableRows {
  const rows: TableRow[] = [];
  for (let bytes = 0; bytes < VOLUME_BYTES; ) {
    const at = rows.length;
    const value = at % NULL_EVERY === 0 ? null : textOf(at, WIDTHS[at % WIDTHS.length] ?? 0);
    rows.push([
      `v${String(at).padStart(5, "0")}`,
      String(scramble(at)),
      value,
      `\\x${scramble(at).toString(16).padStart(8, "0")}`,
    ]);
    bytes += value?.length ?? 0;
  }
  return rows;
}

let volume: TableRows | undefined;

/**
 * Some thousand rows, all different, alternately narrow and wide. Created on first use, because most runs do
 * not need them.
 */
export const VOLUME: FilledTable = {
  shape: {
    name: "drydock_volume",
    columns: [
      { name: "id", type: "text" },
      { name: "a_number", type: "bigint" },
      { name: "value", type: "text" },
      { name: "some_bytes", type: "bytea" },
    ],
  },
  get rows() {
    return (volume ??= volumeRows());
  },
};

/**
 * The most rows and characters in one statement: the protocol limits its parameters, and a statement should
 * not be a burden.
 */
const BATCH = { rowsMax: 500, charsMax: 512 * 1024 } as const;

function* batchesOf(rows: TableRows): Generator<TableRows> {
  let batch: TableRow[] = [];
  let chars = 0;
  for (const row of rows) {
    const width = row.reduce((sum, value) => sum + (value?.length ?? 0), 0);
    if (batch.length === BATCH.rowsMax || (batch.length > 0 && chars + width > BATCH.charsMax)) {
      yield batch;
      [batch, chars] = [[], 0];
    }
    batch.push(row);
    chars += width;
  }
  if (batch.length > 0) yield batch;
}

/** Creates a table and fills it. @throws DataError */
export async function createFilled(session: RecordedSession, { shape, rows }: FilledTable): Promise<void> {
  await session.run({ do: "create-table", table: shape });
  for (const batch of batchesOf(rows)) await session.run({ do: "insert", table: shape, rows: batch });
}

/** The facts that filled tables must show. */
export function factsOf(...tables: readonly FilledTable[]): DatabaseContents {
  return new Map(tables.flatMap(({ shape, rows }) => [...writtenFacts(shape, rows)]));
}

/** A small table with a mark in its rows, so that the tables of two tenants can't be confused. */
export function markedTable(name: string, mark: string, ...keys: readonly string[]): FilledTable {
  const columns = [
    { name: "id", type: "text" },
    { name: "value", type: "text" },
  ] as const;
  return { shape: { name, columns }, rows: keys.map((key) => [key, `${key} of ${mark}`]) };
}

/** Reads the contents of a table, and what else there is. */
export const seeTable =
  ({ shape }: FilledTable) =>
  (session: RecordedSession): Promise<DatabaseContents> =>
    readContents(session, [shape]);
