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

/** What dumps and restores do wrong. */
export const RESTORE_MUTANTS: readonly DataMutant[] = [
  mutant(
    "restore-does-nothing",
    [FIDELITY, REPLACEMENT],
    "A restore says that it has succeeded and leaves all as it was.",
    {
      restore: () => {},
    },
    ["BK-*"],
  ),
  mutant(
    "dump-is-empty",
    [FIDELITY, REPLACEMENT],
    "A backup holds nothing; its restore empties the instance.",
    {
      dump: () => ({ tables: new Map(), sequences: new Map(), objects: [] }),
    },
    ["BK-*"],
  ),
  mutant(
    "dump-loses-tail",
    FIDELITY,
    "A backup is silently short: the later rows of its last table are missing.",
    dumping(loseTail),
    ["BK-*"],
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
    ["BK-17"],
  ),
  mutant(
    "dump-loses-a-read",
    FIDELITY,
    "A backup loses the row at which a read of the socket ends.",
    dumping(({ tables }) => {
      for (const { rows } of tables.values()) loseReads(rows);
    }),
    ["BK-17"],
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
    ["BK-*"],
  ),
  mutant(
    "restore-appends",
    REPLACEMENT,
    "A restore puts the rows of the backup over what is there: what came after the backup stays.",
    { restore: (instance, dump) => append(instance, dump, "dump") },
    ["BK-*"],
  ),
  mutant(
    "restore-keeps-changes",
    REPLACEMENT,
    "A restore adds the rows that are missing and touches no other: what was changed after the backup stays so.",
    { restore: (instance, dump) => append(instance, dump, "present") },
    ["BK-*"],
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
    ["BK-09"],
  ),
  mutant(
    "restore-overwrites-the-neighbour",
    NEIGHBOUR,
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
    "restore-empties-the-neighbour",
    NEIGHBOUR,
    "A restore empties another instance.",
    {
      restore: (instance, dump, cloud) => {
        RIGHT.restore(instance, dump, cloud);
        for (const { store } of neighboursOf(cloud, instance)) store.tables.clear();
      },
    },
    ["BK-20"],
  ),
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
    ["BK-20"],
  ),
  mutant(
    "restore-drops-later-users",
    CREDENTIALS,
    "A restore drops the users that were made after the backup.",
    withUsers((users, backedUp) => {
      for (const name of users.keys()) if (!backedUp.has(name)) users.delete(name);
    }),
    ["BK-2*", "BK-30"],
  ),
  mutant(
    "removed-backup-is-restored",
    GONE,
    "A backup that was removed is only hidden, and can still be restored.",
    hiding(),
    ["BK-45"],
  ),
];
