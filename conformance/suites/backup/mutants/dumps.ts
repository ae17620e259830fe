import type { TableRow } from "../../../data/statement.ts";
import { type Behaviour, RIGHT, type ToyInstance } from "../../toy/behaviour.ts";
import { copyOf, replace, type Store, type Table } from "../../toy/engine.ts";

/** A dump that changes the data. */
export const dumping = (harm: (dump: Store) => void): Partial<Behaviour> => ({
  dump: ({ store }) => {
    const dump = copyOf(store);
    harm(dump);
    return dump;
  },
});

/** A dump in which every row is changed. */
export const eachRow = (change: (row: TableRow) => TableRow): Partial<Behaviour> =>
  dumping(({ tables }) => {
    for (const { rows } of tables.values()) for (const [key, row] of rows) rows.set(key, change(row));
  });

/** A dump without objects of one kind. */
export const withoutKind = (kind: "index" | "view" | "grant" | "type"): Partial<Behaviour> =>
  dumping(({ objects }) => objects.splice(0, objects.length, ...objects.filter((made) => made.kind !== kind)));

/** Backups that record the users of their instance, and restores that use them. */
export function withUsers(
  act: (users: Map<string, string>, backedUp: ReadonlyMap<string, string>) => void,
): Partial<Behaviour> {
  const remembered = new WeakMap<Store, ReadonlyMap<string, string>>();
  return {
    dump: (instance, cloud) => {
      const dump = RIGHT.dump(instance, cloud);
      remembered.set(dump, new Map(instance.users));
      return dump;
    },
    restore: (instance, dump, cloud) => {
      RIGHT.restore(instance, dump, cloud);
      act(instance.users, remembered.get(dump) ?? new Map());
    },
  };
}

function lastOf(tables: ReadonlyMap<string, Table>): Table | undefined {
  const name = [...tables.keys()].sort().at(-1);
  return name === undefined ? undefined : tables.get(name);
}

/** Loses the second half of the last table. */
export function loseTail({ tables }: Store): void {
  const rows = lastOf(tables)?.rows ?? new Map<string, TableRow>();
  for (const key of [...rows.keys()].slice(Math.floor(rows.size / 2))) rows.delete(key);
}

/** The most characters that one read of a socket returns. */
const READ_BYTES = 64 * 1024;

/** Drops each row in which a read ends. */
export function loseReads(rows: Map<string, TableRow>): void {
  let bytes = 0;
  for (const [key, row] of rows) {
    const reads = Math.floor(bytes / READ_BYTES);
    bytes += Buffer.byteLength(JSON.stringify(row));
    if (Math.floor(bytes / READ_BYTES) > reads) rows.delete(key);
  }
}

/**
 * The rows after they were kept as views of a reused buffer, which grows for a row that does not fit, and
 * starts again when it is full. Where a later row has overwritten an earlier one, both views show it; keys
 * and the number of rows are right.
 */
export function keepViews(rows: Map<string, TableRow>): void {
  let [capacity, used, place] = [READ_BYTES, 0, 0];
  let keys: string[][] = [];
  const show = (): void => {
    for (const here of keys) {
      const last = rows.get(here.at(-1) ?? "") ?? [];
      for (const key of here) rows.set(key, [key, ...last.slice(1)]);
    }
  };
  for (const [key, row] of rows) {
    const bytes = Buffer.byteLength(JSON.stringify(row));
    if (bytes > capacity) {
      // New memory from here on: the contents of the old one stay.
      show();
      [capacity, used, place, keys] = [2 * bytes, 0, 0, []];
    } else if (used + bytes > capacity) [used, place] = [0, 0];
    (keys[place] ??= []).push(key);
    used += bytes;
    place++;
  }
  show();
}

/** Merges the rows of a dump into the existing ones; `winner` decides which of two rows with one key stays. */
export function append({ store }: ToyInstance, dump: Store, winner: "dump" | "present"): void {
  const both = copyOf(dump);
  for (const [name, { columns, rows }] of store.tables) {
    const table = both.tables.get(name) ?? { columns, rows: new Map<string, TableRow>() };
    both.tables.set(name, table);
    for (const [key, row] of rows) if (winner === "present" || !table.rows.has(key)) table.rows.set(key, row);
  }
  replace(store, both);
}
