import { type Behaviour, RIGHT, type ToyInstance } from "../../toy/behaviour.ts";
import type { ToyCloud } from "../../toy/cloud.ts";
import { copyOf, replay, type Store } from "../../toy/engine.ts";
import { type DataMutant, dataMutant as mutant } from "../../toy/mutants.ts";

/** How far a replica is behind, in milliseconds. */
const LAG_MS = 1000;

/** A dump with some tables from one moment, and the others from a later one. */
const tearing: Partial<Behaviour> = {
  finishDump: (dump, { store }) => {
    const torn = copyOf(dump);
    const later = [...copyOf(store).tables].filter(([name]) => !/_a$|causes$/.test(name));
    for (const [name, table] of later) if (torn.tables.has(name)) torn.tables.set(name, table);
    return torn;
  },
};

/** Loses everything after the third part. */
function loseParts(dump: Store): Store {
  const cut = copyOf(dump);
  let bytes = 0;
  for (const { rows } of cut.tables.values())
    for (const [key, row] of rows) {
      bytes += row.reduce((sum, value) => sum + (value?.length ?? 0), 0);
      if (bytes > 12 * 1024 * 1024) rows.delete(key);
    }
  return cut;
}

/** The instance from which a dump was taken. */
const sourceOf = (cloud: ToyCloud, dump: Store): ToyInstance | undefined => {
  const backup = cloud.vault.tasks().find((each) => each.kind === "backup" && each.dump === dump);
  return cloud.instances.get(backup?.instance ?? "");
};

/** Does something else as well when a backup is restored into another instance. */
const elsewhere = (harm: (target: ToyInstance, source: ToyInstance) => void): Partial<Behaviour> => ({
  restore: (instance, dump, cloud) => {
    RIGHT.restore(instance, dump, cloud);
    const source = sourceOf(cloud, dump);
    if (source !== undefined && source !== instance) harm(instance, source);
  },
});

/** Mistakes of platforms with backups under load, copies and moments. */
export const MOMENT_MUTANTS: readonly DataMutant[] = [
  mutant(
    ["BK-13", "BK-14", "BK-15"],
    "torn-snapshot",
    "A backup takes one table after the other, each at another moment.",
    tearing,
    ["BK-05"],
  ),
  mutant(
    ["BK-13", "BK-16"],
    "stale-replica-is-the-source",
    "A backup is taken from a replica that is a second behind.",
    {
      dump: (instance, cloud) => RIGHT.at(instance, cloud.nowMs() - LAG_MS),
    },
    ["BK-*"],
  ),
  mutant(
    "BK-16",
    "loses-the-last-writes",
    "A backup lacks the last three writes, which were acknowledged.",
    { dump: ({ log }) => replay(log.slice(0, -3)) },
    ["BK-*"],
  ),
  mutant("BK-17", "large-artifact-is-cut", "Everything after the third part of an upload is lost.", {
    dump: (instance, cloud) => loseParts(RIGHT.dump(instance, cloud)),
  }),
  mutant("BK-09", "empty-backup-restores-nothing", "The restore of a backup without data does nothing at all.", {
    restore: (instance, dump, cloud) => (dump.tables.size === 0 ? undefined : RIGHT.restore(instance, dump, cloud)),
  }),
  mutant(
    "BK-20",
    "copy-takes-the-users-along",
    "A restore into a new instance also copies the users of the source.",
    elsewhere(({ users }, source) => {
      for (const [name, password] of source.users) users.set(name, password);
    }),
  ),
  mutant(
    "BK-20",
    "copy-empties-its-source",
    "A restore into a new instance moves the data: the source is empty afterwards.",
    elsewhere((_target, { store }) => store.tables.clear()),
  ),
  mutant(
    "BK-20",
    "copy-is-empty",
    "A restore into a new instance succeeds, but the instance is empty.",
    elsewhere(({ store }) => store.tables.clear()),
    ["BK-2*"],
  ),
  mutant(
    "BK-21",
    "other-plan-loses-rows",
    "A restore into an instance of another plan loses half of the rows.",
    elsewhere(({ store, request }, source) => {
      if (request["plan_id"] === source.request["plan_id"]) return;
      for (const { rows } of store.tables.values()) rows.delete([...rows.keys()][0] ?? "");
    }),
    ["BK-22"],
  ),
  mutant(
    "BK-22",
    "other-version-loses-rows",
    "A restore into another version of the engine leaves a row out.",
    elsewhere(({ store, request }, source) => {
      if (request["service_id"] === source.request["service_id"]) return;
      for (const { rows } of store.tables.values()) rows.delete([...rows.keys()][0] ?? "");
    }),
  ),
  mutant("BK-18", "restore-resets-settings", "After a restore the server has the settings of the plan.", {
    restore: (instance, dump, cloud) => {
      RIGHT.restore(instance, dump, cloud);
      instance.settings.clear();
    },
  }),
  mutant(
    "BK-30",
    "idle-segment-is-not-collected",
    "A segment of the log is collected when the next one begins: the last write of an idle instance is with its node alone.",
    {
      onNodeLost: (instance) => {
        RIGHT.onNodeLost(instance);
        instance.log.pop();
      },
    },
  ),
  mutant(
    "BK-23",
    "kept-backup-is-no-use",
    "After a deprovision a backup is listed for its owner, but its restore is refused.",
    {
      onDeprovision: ({ id }, { vault }) => vault.keep(id),
      opens: (backup, ...rest) => RIGHT.opens(backup, ...rest) && !backup.instance.endsWith("which is gone"),
    },
  ),
  mutant(
    "BK-23",
    "kept-backup-is-not-listed",
    "After a deprovision anybody who remembers its id can restore a backup; no list shows it.",
    { onDeprovision: ({ id }, { vault }) => vault.keep(id) },
    [],
    async (request, next) => {
      const answer = await next(request);
      return request.path.at(-1) === "sources" ? { ...answer, text: '{"sources":[]}' } : answer;
    },
  ),
  mutant("BK-47", "backups-are-inherited", "An instance with the id of a removed one has its backups.", {
    onDeprovision: () => {},
  }),
  mutant(
    "BK-25",
    "backup-is-used-up",
    "A backup can be restored only once: the second time it is empty.",
    {
      restore: (instance, dump, cloud) => {
        RIGHT.restore(instance, dump, cloud);
        dump.tables.clear();
      },
    },
    ["BK-*"],
  ),
  mutant(
    "BK-26",
    "restore-forgets-later-backups",
    "A restore removes the backups that are newer than the restored one.",
    {
      restore: (instance, dump, cloud) => {
        RIGHT.restore(instance, dump, cloud);
        const tasks = cloud.vault
          .tasks()
          .filter((each) => each.kind === "backup" && each.instance === instance.id && each.dump !== undefined);
        for (const each of tasks.slice(tasks.findIndex((other) => other.dump === dump) + 1)) cloud.does.forget(each);
      },
    },
    ["BK-05", "BK-33", "BK-37", "BK-41"],
  ),
  mutant(
    "BK-27",
    "moments-outside-are-taken",
    "A moment outside the window is replaced by the nearest one within.",
    { isInWindow: () => true },
    ["BK-29"],
  ),
  mutant(
    "BK-27",
    "window-promises-too-much",
    "The window ends now, although what was written within the last three seconds is not in it yet.",
    { at: (instance, atMs) => RIGHT.at(instance, atMs - 3000) },
    ["BK-28", "BK-29"],
  ),
  mutant(
    "BK-28",
    "moment-is-rounded",
    "A moment is rounded up to the next end of a segment.",
    { at: (instance, atMs) => RIGHT.at(instance, atMs + 1500) },
    ["BK-29"],
  ),
  mutant("BK-29", "moment-on-the-old-branch", "A moment after a restore leads to the data as if there had been none.", {
    at: ({ log }, atMs) => replay(log.filter((entry) => entry.atMs <= atMs && entry.did.do !== "restore")),
  }),
];
