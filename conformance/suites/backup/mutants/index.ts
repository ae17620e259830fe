import { type Behaviour, endSessions, neighboursOf, RIGHT, type ToyInstance } from "../../toy/cloud.ts";
import { copyOf, replace, type Store, type Table } from "../../toy/engine.ts";
import { type DataMutant, toyMutantSet, dataMutant as mutant } from "../../toy/mutants.ts";
import type { TableRow } from "../../../data/statement.ts";
import type { MutantSet } from "../../../runner/mutant-set.ts";
import { backupSuite } from "../suite.ts";

const FIDELITY = "BK-10";
const REPLACEMENT = "BK-11";
const NEIGHBOUR = "BK-48";
const SESSIONS = "BK-12";
const CREDENTIALS = "BK-19";
const GONE = "BK-24";

/** A dump that changes what it takes. */
const dumping = (harm: (dump: Store) => void): Partial<Behaviour> => ({
  dump: ({ store }) => {
    const dump = copyOf(store);
    harm(dump);
    return dump;
  },
});

const eachRow = (change: (row: TableRow) => TableRow): Partial<Behaviour> =>
  dumping(({ tables }) => {
    for (const { rows } of tables.values()) for (const [key, row] of rows) rows.set(key, change(row));
  });

const withoutKind = (kind: "index" | "view" | "grant"): Partial<Behaviour> =>
  dumping(({ objects }) => objects.splice(0, objects.length, ...objects.filter((made) => made.kind !== kind)));

/** Backups that remember the users of their instance, and restores that do something with them. */
function withUsers(
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

function loseTail({ tables }: Store): void {
  const rows = lastOf(tables)?.rows ?? new Map<string, TableRow>();
  for (const key of [...rows.keys()].slice(Math.floor(rows.size / 2))) rows.delete(key);
}

/** What a read of a socket brings at most. */
const READ_BYTES = 64 * 1024;

/** Takes away each row that a read ends within. */
function loseReads(rows: Map<string, TableRow>): void {
  let bytes = 0;
  for (const [key, row] of rows) {
    const reads = Math.floor(bytes / READ_BYTES);
    bytes += Buffer.byteLength(JSON.stringify(row));
    if (Math.floor(bytes / READ_BYTES) > reads) rows.delete(key);
  }
}

/**
 * What becomes of rows that are kept as views of a buffer which is used again: it grows for a row that does not fit, and begins anew
 * when it is full. Where a later row has come to lie, earlier views show it; keys and the number of rows are right.
 */
function keepViews(rows: Map<string, TableRow>): void {
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
      // Memory of its own from here on: what lies in the old one stays.
      show();
      [capacity, used, place, keys] = [2 * bytes, 0, 0, []];
    } else if (used + bytes > capacity) [used, place] = [0, 0];
    (keys[place] ??= []).push(key);
    used += bytes;
    place++;
  }
  show();
}

/** Puts the rows of a dump over what is there; `winner` says which of two rows of one key stays. */
function append({ store }: ToyInstance, dump: Store, winner: "dump" | "present"): void {
  const both = copyOf(dump);
  for (const [name, { columns, rows }] of store.tables) {
    const table = both.tables.get(name) ?? { columns, rows: new Map<string, TableRow>() };
    both.tables.set(name, table);
    for (const [key, row] of rows) if (winner === "present" || !table.rows.has(key)) table.rows.set(key, row);
  }
  replace(store, both);
}

const MUTANTS: readonly DataMutant[] = [
  mutant(
    "restore-does-nothing",
    [FIDELITY, REPLACEMENT],
    "A restore says that it has succeeded and leaves all as it was.",
    {
      restore: () => {},
    },
    [SESSIONS],
  ),
  mutant(
    "dump-is-empty",
    [FIDELITY, REPLACEMENT],
    "A backup holds nothing; its restore empties the instance.",
    {
      dump: () => ({ tables: new Map(), sequences: new Map(), objects: [] }),
    },
    [SESSIONS],
  ),
  mutant(
    "dump-loses-tail",
    FIDELITY,
    "A backup is silently short: the later rows of its last table are missing.",
    dumping(loseTail),
    [REPLACEMENT, SESSIONS],
  ),
  mutant(
    "dump-null-is-empty",
    FIDELITY,
    "A backup can't tell NULL from an empty text.",
    eachRow((row) => row.map((value) => value ?? "")),
  ),
  mutant(
    "dump-ascii-only",
    FIDELITY,
    "A backup turns every character that is not ASCII into a question mark.",
    eachRow((row) => row.map((value) => value?.replaceAll(/[^\p{ASCII}]/gu, "?") ?? null)),
  ),
  mutant(
    "dump-cuts-long-values",
    FIDELITY,
    "A backup cuts values that are longer than 64 KiB.",
    eachRow((row) => row.map((value) => value?.slice(0, 65_536) ?? null)),
  ),
  mutant(
    "dump-keeps-views-of-a-reused-buffer",
    FIDELITY,
    "A backup keeps views of a receive buffer that is used again: as many rows, but megabytes of them with the values of others.",
    dumping(({ tables }) => {
      for (const { rows } of tables.values()) keepViews(rows);
    }),
  ),
  mutant(
    "dump-loses-a-read",
    FIDELITY,
    "A backup loses the row at which a read of the socket ends.",
    dumping(({ tables }) => {
      for (const { rows } of tables.values()) loseReads(rows);
    }),
  ),
  mutant("dump-without-indexes", FIDELITY, "A backup holds no indexes.", withoutKind("index")),
  mutant("dump-without-views", FIDELITY, "A backup holds no views.", withoutKind("view")),
  mutant("dump-without-grants", FIDELITY, "A backup holds no rights.", withoutKind("grant")),
  mutant(
    "restore-rewinds-sequences",
    FIDELITY,
    "After a restore sequences begin again and give out numbers that are taken.",
    dumping(({ sequences }) => {
      for (const name of sequences.keys()) sequences.set(name, 0);
    }),
  ),
  mutant(
    "dump-of-the-neighbour",
    [FIDELITY, REPLACEMENT],
    "A backup is taken from another instance, whose data it discloses, as soon as there is one.",
    { dump: (instance, cloud) => copyOf((neighboursOf(cloud, instance)[0] ?? instance).store) },
    [SESSIONS],
  ),
  mutant(
    "restore-appends",
    REPLACEMENT,
    "A restore puts the rows of the backup over what is there: what came after the backup stays.",
    { restore: (instance, dump) => append(instance, dump, "dump") },
    [SESSIONS],
  ),
  mutant(
    "restore-keeps-changes",
    REPLACEMENT,
    "A restore adds the rows that are missing and touches no other: what was changed after the backup stays so.",
    { restore: (instance, dump) => append(instance, dump, "present") },
    [SESSIONS],
  ),
  mutant(
    "restore-keeps-new-tables",
    REPLACEMENT,
    "A restore replaces the tables of the backup and leaves newer ones standing.",
    {
      restore: (instance, dump, cloud) => {
        const { store } = instance;
        const newer = [...store.tables].filter(([name]) => !dump.tables.has(name));
        RIGHT.restore(instance, dump, cloud);
        for (const [name, table] of newer) store.tables.set(name, table);
      },
    },
  ),
  mutant("restore-overwrites-the-neighbour", NEIGHBOUR, "A restore overwrites another instance as well.", {
    restore: (instance, dump, cloud) => {
      RIGHT.restore(instance, dump, cloud);
      for (const each of neighboursOf(cloud, instance)) replace(each.store, dump);
    },
  }),
  mutant("restore-empties-the-neighbour", NEIGHBOUR, "A restore empties another instance.", {
    restore: (instance, dump, cloud) => {
      RIGHT.restore(instance, dump, cloud);
      for (const { store } of neighboursOf(cloud, instance)) store.tables.clear();
    },
  }),
  mutant("restore-locks-the-neighbour-out", NEIGHBOUR, "A restore ends the rights of users of another instance.", {
    restore: (instance, dump, cloud) => {
      RIGHT.restore(instance, dump, cloud);
      for (const { users } of neighboursOf(cloud, instance)) users.clear();
    },
  }),
  mutant(
    "restore-appends-to-open-sessions",
    SESSIONS,
    "While sessions are open, a restore adds to what is there instead of replacing it.",
    {
      restore: (instance, dump, cloud) => {
        if (instance.sessions.size === 0) return RIGHT.restore(instance, dump, cloud);
        endSessions(instance);
        append(instance, dump, "dump");
      },
    },
  ),
  mutant("restore-keeps-sessions", SESSIONS, "Sessions that were open go on in the restored data.", {
    restore: ({ store }, dump) => replace(store, dump),
  }),
  mutant(
    "restore-brings-users-back",
    CREDENTIALS,
    "A backup holds the users as well, and its restore makes them what they were: who was removed is back.",
    withUsers((users, backedUp) => {
      for (const [name, password] of backedUp) users.set(name, password);
    }),
  ),
  mutant(
    "restore-drops-later-users",
    CREDENTIALS,
    "A restore drops the users that were made after the backup.",
    withUsers((users, backedUp) => {
      for (const name of users.keys()) if (!backedUp.has(name)) users.delete(name);
    }),
  ),
  mutant("removed-backup-is-restored", GONE, "A backup that was removed is only hidden, and can still be restored.", {
    owns: (operation, instance, backup, ...rest) =>
      operation === "restore" ? backup.instance === instance.id : RIGHT.owns(operation, instance, backup, ...rest),
  }),
];

/** The proof of the backup suite. */
export const backupMutants: MutantSet = toyMutantSet(backupSuite, MUTANTS);
