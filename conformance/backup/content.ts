import type { Conversation } from "../data/evidence.ts";
import { type Picture, writtenFacts } from "../data/picture.ts";
import type { Row, Rows, TableShape } from "../data/statement.ts";

/** A table with what is to be in it. */
export interface Filled {
  readonly shape: TableShape;
  readonly rows: Rows;
}

/** One column for each type, and rows that are hard to keep: extremes, NULL, what is empty, what is not ASCII. */
export const TYPES: Filled = {
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

const many = (count: number): Rows =>
  Array.from(
    { length: count },
    (_, at): Row => [`r${String(at).padStart(4, "0")}`, `row ${at} ${"·".repeat(at % 50)}`],
  );

/** Many rows, and one that is too long for a page of the engine. */
export const MANY_ROWS: Filled = {
  shape: {
    name: "drydock_rows",
    columns: [
      { name: "id", type: "text" },
      { name: "value", type: "text" },
    ],
  },
  rows: [["long", "0123456789abcdef".repeat(BIG_CHARS / 16)], ...many(MANY)],
};

/** Rows of one statement: its parameters are bounded by the protocol. */
const BATCH = 500;

/** Makes a table and fills it. @throws DataError */
export async function fill(session: Conversation, { shape, rows }: Filled): Promise<void> {
  await session.run({ do: "create-table", table: shape });
  for (let at = 0; at < rows.length; at += BATCH)
    await session.run({ do: "insert", table: shape, rows: rows.slice(at, at + BATCH) });
}

/** The facts that filled tables must be. */
export function factsOf(...tables: readonly Filled[]): Picture {
  return new Map(tables.flatMap(({ shape, rows }) => [...writtenFacts(shape, rows)]));
}

/** A small table with rows that carry a mark, so that the tables of two tenants can't be taken for each other. */
export function marked(name: string, mark: string, ...keys: readonly string[]): Filled {
  const columns = [
    { name: "id", type: "text" },
    { name: "value", type: "text" },
  ] as const;
  return { shape: { name, columns }, rows: keys.map((key) => [key, `${key} of ${mark}`]) };
}
