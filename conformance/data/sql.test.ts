import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { sqlOf, sqlText } from "./sql.ts";
import type { Statement, TableShape } from "./statement.ts";

const T: TableShape = {
  name: "drydock_t",
  columns: [
    { name: "id", type: "text" },
    { name: "n", type: "integer" },
  ],
};

const value = fc.option(fc.string({ unit: "binary" }), { nil: null });

describe("sqlOf", () => {
  test.prop([fc.array(fc.tuple(value, value), { minLength: 1 })])("never puts a value into the text", (rows) => {
    const { text, values } = sqlOf({ do: "insert", table: T, rows });
    expect(text).toMatch(
      /^INSERT INTO drydock_t \(id, n\) VALUES (\(\$\d+::text::text, \$\d+::text::integer\)(, )?)+$/,
    );
    expect(values).toEqual(rows.flat());
  });

  it("selects rows in a fixed order, and no more than will be read", () => {
    expect(sqlOf({ do: "rows", table: T }).text).toBe(
      'SELECT id::text, n::text FROM drydock_t ORDER BY id COLLATE "C" LIMIT 10001',
    );
  });
});

describe("sqlText", () => {
  it("can be pasted into psql", () => {
    const statement: Statement = { do: "insert", table: T, rows: [["it's $2", null]] };
    expect(sqlText(statement)).toBe(
      "INSERT INTO drydock_t (id, n) VALUES ('it''s $2'::text::text, NULL::text::integer)",
    );
  });

  it("is cut if it is long", () => {
    const rows = Array.from({ length: 100 }, (_, at) => [`key ${at}`, "1"]);
    expect(sqlText({ do: "insert", table: T, rows })).toMatch(/^.{400}… \(\d+ characters\)$/);
  });
});
