import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { copyOf, emptyStore, replace, run, type Store, ALL_EXTRAS } from "../suites/toy/engine.ts";
import { describeDifferences, differences, readContents, type DatabaseContents, writtenFacts } from "./contents.ts";
import { RecordedSession } from "./recorded-session.ts";
import type { TableRow, TableShape } from "./statement.ts";

const SHAPES: readonly TableShape[] = ["drydock_a", "drydock_b", "drydock_c"].map((name) => ({
  name,
  columns: [
    { name: "id", type: "text" },
    { name: "x", type: "text" },
    { name: "y", type: "integer" },
  ],
}));

function sessionOf(store: Store): RecordedSession {
  const session = {
    extras: ALL_EXTRAS,
    run: async (asked: Parameters<typeof run>[1]) => run(store, asked),
    close: async () => {},
  };
  return new RecordedSession(
    session,
    () => 0,
    () => {},
  );
}

const see = (store: Store): Promise<DatabaseContents> => readContents(sessionOf(store), SHAPES);

const value = fc.option(fc.string({ unit: "binary", maxLength: 8 }), { nil: null });
const rowsOf = fc.uniqueArray(fc.tuple(fc.string({ unit: "binary", maxLength: 5 }), value, value), {
  selector: ([key]) => key,
  maxLength: 8,
});
const contents = fc.tuple(rowsOf, rowsOf, rowsOf);

function fillStore(tables: readonly (readonly TableRow[])[]): Store {
  const store = emptyStore();
  for (const [at, table] of SHAPES.entries()) {
    run(store, { do: "create-table", table });
    run(store, { do: "insert", table, rows: tables[at] ?? [] });
  }
  run(store, { do: "create-index", name: "drydock_i", table: SHAPES[0] as TableShape, column: "x" });
  return store;
}

/** Makes one drawn change to a store: table, row, kind of change. False if there is nothing to change. */
function change(store: Store, table: number, row: number, kind: number): boolean {
  const shape = SHAPES[table] as TableShape;
  const keys = [...(store.tables.get(shape.name)?.rows.keys() ?? [])];
  const key = keys[row % Math.max(1, keys.length)];
  const old = store.tables.get(shape.name)?.rows.get(key ?? "");
  if (kind === 0) return run(store, { do: "drop-table", table: shape.name }).length === 0;
  if (kind === 1) return store.objects.splice(0).length > 0;
  if (kind === 2) {
    const fresh = `${keys.join("")}+`;
    return run(store, { do: "insert", table: shape, rows: [[fresh, null, null]] }).length === 0;
  }
  if (key === undefined || old === undefined) return false;
  if (kind === 3) return run(store, { do: "delete", table: shape, key }).length === 0;
  const other = old[1] === null ? "" : old[1] === "" ? null : `${old[1]}'`;
  const column = { name: "x", type: "text" } as const;
  return run(store, { do: "update", table: shape, key, column, value: other }).length === 0;
}

describe("the contents of a tenant's database", () => {
  test.prop([contents])("survives a faithful round trip, whatever the content", async (tables) => {
    const store = fillStore(tables);
    const [before, dump] = [await see(store), copyOf(store)];
    change(store, 0, 0, 0);
    change(store, 1, 0, 2);
    replace(store, dump);
    expect(differences(before, await see(store))).toEqual([]);
  });

  test.prop([contents, fc.nat(2), fc.nat(7), fc.nat(4)])(
    "differs after any single change",
    async (tables, table, row, kind) => {
      const store = fillStore(tables);
      const before = await see(store);
      fc.pre(change(store, table, row, kind));
      expect(differences(before, await see(store))).not.toEqual([]);
    },
  );

  test.prop([contents])("holds each written row under its own name", async (tables) => {
    const contents = await see(fillStore(tables));
    const written = SHAPES.flatMap((shape, at) => [...writtenFacts(shape, tables[at] ?? [])]);
    expect(written.length).toBe(tables.flat().length);
    for (const [fact, text] of written) expect(contents.get(fact)).toBe(text);
  });

  it("names the first few differences one by one", () => {
    const expected: DatabaseContents = new Map([1, 2, 3, 4, 5].map((at) => [`row t/${at}`, `["${at}"]`]));
    const seen: DatabaseContents = new Map([
      ["row t/1", '["x"]'],
      ["table u", ""],
    ]);
    expect(describeDifferences(differences(expected, seen))).toBe(
      'row t/1 is ["x"] instead of ["1"]; row t/2 is missing; row t/3 is missing; and 3 more',
    );
  });

  it("does not read the rows of a table with a changed shape", async () => {
    const store = fillStore([[["k", "v", null]], [], []]);
    const table = store.tables.get("drydock_a");
    store.tables.set("drydock_a", { columns: table?.columns.slice(0, 2) ?? [], rows: table?.rows ?? new Map() });
    const found = await see(store);
    expect(found.get("table drydock_a")).toBe("id text, x text");
    expect(found.has("row drydock_a/k")).toBe(false);
  });
});
