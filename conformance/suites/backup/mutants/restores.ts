import { endSessions, RIGHT } from "../../toy/behaviour.ts";
import { neighboursOf } from "../../toy/cloud.ts";
import { copyOf, replace } from "../../toy/engine.ts";
import { hiding } from "./vaults.ts";
import { dumping, eachRow, withoutKind, withUsers, loseTail, loseReads, keepViews, append } from "./dumps.ts";
import { type DataMutant, dataMutant as mutant } from "../../toy/mutants.ts";

const FIDELITY = "BK-10";
const REPLACEMENT = "BK-11";
const NEIGHBOUR = "BK-48";
const SESSIONS = "BK-12";
const CREDENTIALS = "BK-19";
const GONE = "BK-24";

/** Mistakes of dumps and restores. */
export const RESTORE_MUTANTS: readonly DataMutant[] = [
  mutant(
    [FIDELITY, REPLACEMENT],
    "restore-does-nothing",
    "A restore reports success but changes nothing.",
    {
      restore: () => {},
    },
    ["BK-*"],
  ),
  mutant(
    [FIDELITY, REPLACEMENT],
    "dump-is-empty",
    "A backup holds nothing; its restore empties the instance.",
    {
      dump: () => ({ tables: new Map(), sequences: new Map(), objects: [] }),
    },
    ["BK-*"],
  ),
  mutant(
    FIDELITY,
    "dump-loses-tail",
    "A backup is silently short: the later rows of its last table are missing.",
    dumping(loseTail),
    ["BK-*"],
  ),
  mutant(
    FIDELITY,
    "dump-null-is-empty",
    "A backup can't tell NULL from an empty text.",
    eachRow((row) => row.map((value) => value ?? "")),
  ),
  mutant(
    FIDELITY,
    "dump-ascii-only",
    "A backup turns every character that is not ASCII into a question mark.",
    eachRow((row) => row.map((value) => value?.replaceAll(/[^\p{ASCII}]/gu, "?") ?? null)),
  ),
  mutant(
    FIDELITY,
    "dump-cuts-long-values",
    "A backup cuts values that are longer than 64 KiB.",
    eachRow((row) => row.map((value) => value?.slice(0, 65_536) ?? null)),
  ),
  mutant(
    FIDELITY,
    "dump-keeps-views-of-a-reused-buffer",
    "A backup keeps views of a receive buffer that is reused: the number of rows is right, but megabytes of them have the values of others.",
    dumping(({ tables }) => {
      for (const { rows } of tables.values()) keepViews(rows);
    }),
    ["BK-17"],
  ),
  mutant(
    FIDELITY,
    "dump-loses-a-read",
    "A backup loses each row at which a read of the socket ends.",
    dumping(({ tables }) => {
      for (const { rows } of tables.values()) loseReads(rows);
    }),
    ["BK-17"],
  ),
  mutant(FIDELITY, "dump-without-indexes", "A backup holds no indexes.", withoutKind("index")),
  mutant(FIDELITY, "dump-without-views", "A backup holds no views.", withoutKind("view")),
  mutant(FIDELITY, "dump-without-grants", "A backup holds no rights.", withoutKind("grant")),
  mutant(FIDELITY, "dump-without-types", "A backup holds no types.", withoutKind("type")),
  mutant(
    FIDELITY,
    "restore-rewinds-sequences",
    "After a restore, sequences begin again and hand out numbers that are in use.",
    dumping(({ sequences }) => {
      for (const name of sequences.keys()) sequences.set(name, 0);
    }),
  ),
  mutant(
    [FIDELITY, REPLACEMENT],
    "dump-of-the-neighbour",
    "As soon as there is another instance, a backup is taken from that one, whose data it discloses.",
    { dump: (instance, cloud) => copyOf((neighboursOf(cloud, instance)[0] ?? instance).store) },
    ["BK-*"],
  ),
  mutant(
    REPLACEMENT,
    "restore-appends",
    "A restore writes the rows of the backup over the existing ones: what was added after the backup stays.",
    { restore: (instance, dump) => append(instance, dump, "dump") },
    ["BK-*"],
  ),
  mutant(
    REPLACEMENT,
    "restore-keeps-changes",
    "A restore adds the missing rows and touches no others: what was changed after the backup stays changed.",
    { restore: (instance, dump) => append(instance, dump, "present") },
    ["BK-*"],
  ),
  mutant(
    REPLACEMENT,
    "restore-keeps-new-tables",
    "A restore replaces the tables of the backup but leaves newer ones.",
    {
      restore: (instance, dump, cloud) => {
        const { store } = instance;
        const newer = [...store.tables].filter(([name]) => !dump.tables.has(name));
        RIGHT.restore(instance, dump, cloud);
        for (const [name, table] of newer) store.tables.set(name, table);
      },
    },
    ["BK-09"],
  ),
  mutant(
    NEIGHBOUR,
    "restore-overwrites-the-neighbour",
    "A restore overwrites another instance as well.",
    {
      restore: (instance, dump, cloud) => {
        RIGHT.restore(instance, dump, cloud);
        for (const each of neighboursOf(cloud, instance)) replace(each.store, dump);
      },
    },
    ["BK-20"],
  ),
  mutant(
    NEIGHBOUR,
    "restore-empties-the-neighbour",
    "A restore empties another instance.",
    {
      restore: (instance, dump, cloud) => {
        RIGHT.restore(instance, dump, cloud);
        for (const { store } of neighboursOf(cloud, instance)) store.tables.clear();
      },
    },
    ["BK-20"],
  ),
  mutant(NEIGHBOUR, "restore-locks-the-neighbour-out", "A restore revokes the rights of users of another instance.", {
    restore: (instance, dump, cloud) => {
      RIGHT.restore(instance, dump, cloud);
      for (const { users } of neighboursOf(cloud, instance)) users.clear();
    },
  }),
  mutant(
    SESSIONS,
    "restore-appends-to-open-sessions",
    "While sessions are open, a restore adds to the data instead of replacing them.",
    {
      restore: (instance, dump, cloud) => {
        if (instance.sessions.size === 0) return RIGHT.restore(instance, dump, cloud);
        endSessions(instance);
        append(instance, dump, "dump");
      },
    },
  ),
  mutant(SESSIONS, "restore-keeps-sessions", "Open sessions continue in the restored data.", {
    restore: ({ store }, dump) => replace(store, dump),
  }),
  mutant(
    CREDENTIALS,
    "restore-brings-users-back",
    "A backup holds the users as well, and its restore reinstates them: a removed user is back.",
    withUsers((users, backedUp) => {
      for (const [name, password] of backedUp) users.set(name, password);
    }),
    ["BK-20"],
  ),
  mutant(
    CREDENTIALS,
    "restore-drops-later-users",
    "A restore drops the users that were created after the backup.",
    withUsers((users, backedUp) => {
      for (const name of users.keys()) if (!backedUp.has(name)) users.delete(name);
    }),
    ["BK-2*", "BK-30"],
  ),
  mutant(GONE, "removed-backup-is-restored", "A removed backup is only hidden, and can still be restored.", hiding(), [
    "BK-45",
  ]),
];
