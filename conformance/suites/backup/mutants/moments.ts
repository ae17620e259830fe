import { type Behaviour, RIGHT, type ToyInstance } from "../../toy/behaviour.ts";
import type { ToyCloud } from "../../toy/cloud.ts";
import { copyOf, replay, type Store } from "../../toy/engine.ts";
import { type DataMutant, dataMutant as mutant } from "../../toy/mutants.ts";

/** How far a replica is behind, in milliseconds. */
const LAG_MS = 1000;

/** A dump of one moment in some of its tables, and of a later one in the others. */
const tearing: Partial<Behaviour> = {
  finishDump: (dump, { store }) => {
    const torn = copyOf(dump);
    const later = [...copyOf(store).tables].filter(([name]) => !/_a$|causes$/.test(name));
    for (const [name, table] of later) if (torn.tables.has(name)) torn.tables.set(name, table);
    return torn;
  },
};

/** Loses what lies behind the third part. */
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

/** The instance that a dump was taken of. */
const sourceOf = (cloud: ToyCloud, dump: Store): ToyInstance | undefined => {
  const backup = cloud.vault.tasks().find((each) => each.kind === "backup" && each.dump === dump);
  return cloud.instances.get(backup?.instance ?? "");
};

/** Does something more where a backup is restored into another instance. */
const elsewhere = (harm: (target: ToyInstance, source: ToyInstance) => void): Partial<Behaviour> => ({
  restore: (instance, dump, cloud) => {
    RIGHT.restore(instance, dump, cloud);
    const source = sourceOf(cloud, dump);
    if (source !== undefined && source !== instance) harm(instance, source);
  },
});

/** What backups under load, copies and moments do wrong. */
export const MOMENT_MUTANTS: readonly DataMutant[] = [
  mutant(
    "torn-snapshot",
    ["BK-13", "BK-14", "BK-15"],
    "A backup takes one table after the other, each at another moment.",
    tearing,
    ["BK-05"],
  ),
  mutant(
    "stale-replica-is-the-source",
    ["BK-13", "BK-16"],
    "A backup is taken from a replica that is a second behind.",
    {
      dump: (instance, cloud) => RIGHT.at(instance, cloud.nowMs() - LAG_MS),
    },
    ["BK-*"],
  ),
  mutant(
    "loses-the-last-writes",
    "BK-16",
    "A backup lacks the last three writes, which were acknowledged.",
    { dump: ({ log }) => replay(log.slice(0, -3)) },
    ["BK-*"],
  ),
  mutant("large-artifact-is-cut", "BK-17", "What lies behind the third part of an upload is lost.", {
    dump: (instance, cloud) => loseParts(RIGHT.dump(instance, cloud)),
  }),
  mutant(
    "empty-backup-restores-nothing",
    "BK-09",
    "The restore of a backup without data is taken for one that has nothing to do.",
    {
      restore: (instance, dump, cloud) => (dump.tables.size === 0 ? undefined : RIGHT.restore(instance, dump, cloud)),
    },
  ),
  mutant(
    "copy-takes-the-users-along",
    "BK-20",
    "A restore into a new instance brings the users of the source along.",
    elsewhere(({ users }, source) => {
      for (const [name, password] of source.users) users.set(name, password);
    }),
  ),
  mutant(
    "copy-empties-its-source",
    "BK-20",
    "A restore into a new instance moves the data: the source is empty afterwards.",
    elsewhere((_target, { store }) => store.tables.clear()),
  ),
  mutant(
    "copy-is-empty",
    "BK-20",
    "A restore into a new instance succeeds, and the instance is empty.",
    elsewhere(({ store }) => store.tables.clear()),
    ["BK-2*"],
  ),
  mutant(
    "other-plan-loses-rows",
    "BK-21",
    "A restore into an instance of another plan loses half of the rows.",
    elsewhere(({ store, request }, source) => {
      if (request["plan_id"] === source.request["plan_id"]) return;
      for (const { rows } of store.tables.values()) rows.delete([...rows.keys()][0] ?? "");
    }),
    ["BK-22"],
  ),
  mutant(
    "other-version-loses-rows",
    "BK-22",
    "A restore into another version of the engine leaves a row out.",
    elsewhere(({ store, request }, source) => {
      if (request["service_id"] === source.request["service_id"]) return;
      for (const { rows } of store.tables.values()) rows.delete([...rows.keys()][0] ?? "");
    }),
  ),
  mutant("restore-resets-settings", "BK-18", "After a restore the server has the settings of the plan.", {
    restore: (instance, dump, cloud) => {
      RIGHT.restore(instance, dump, cloud);
      instance.settings.clear();
    },
  }),
  mutant(
    "idle-segment-is-not-collected",
    "BK-30",
    "A segment of the log is collected when the next one begins: the last write of an idle instance is with its node alone.",
    {
      onNodeLost: (instance) => {
        RIGHT.onNodeLost(instance);
        instance.log.pop();
      },
    },
  ),
  mutant(
    "kept-backup-is-no-use",
    "BK-23",
    "After a deprovision a backup is listed for its owner, and its restore is refused.",
    {
      onDeprovision: ({ id }, { vault }) => vault.keep(id),
      opens: (backup, ...rest) => RIGHT.opens(backup, ...rest) && !backup.instance.endsWith("which is gone"),
    },
  ),
  mutant(
    "kept-backup-is-not-listed",
    "BK-23",
    "After a deprovision a backup can be restored by whoever remembers its id; no list shows it.",
    { onDeprovision: ({ id }, { vault }) => vault.keep(id) },
    [],
    async (request, next) => {
      const answer = await next(request);
      return request.path.at(-1) === "sources" ? { ...answer, text: '{"sources":[]}' } : answer;
    },
  ),
  mutant("backups-are-inherited", "BK-47", "An instance with the id of one that was removed has its backups.", {
    onDeprovision: () => {},
  }),
  mutant(
    "backup-is-used-up",
    "BK-25",
    "A backup can be restored once: the second time it is empty.",
    {
      restore: (instance, dump, cloud) => {
        RIGHT.restore(instance, dump, cloud);
        dump.tables.clear();
      },
    },
    ["BK-*"],
  ),
  mutant(
    "restore-forgets-later-backups",
    "BK-26",
    "A restore removes the backups that came after the one that is restored.",
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
    "moments-outside-are-taken",
    "BK-27",
    "A moment outside of the window is restored to whatever is next to it.",
    { isInWindow: () => true },
    ["BK-29"],
  ),
  mutant(
    "window-promises-too-much",
    "BK-27",
    "The window ends now; what was written within the last three seconds is not there yet.",
    { at: (instance, atMs) => RIGHT.at(instance, atMs - 3000) },
    ["BK-28", "BK-29"],
  ),
  mutant(
    "moment-is-rounded",
    "BK-28",
    "A moment is rounded up to the next end of a segment.",
    { at: (instance, atMs) => RIGHT.at(instance, atMs + 1500) },
    ["BK-29"],
  ),
  mutant("moment-on-the-old-branch", "BK-29", "A moment after a restore leads to the data as if there had been none.", {
    at: ({ log }, atMs) => replay(log.filter((entry) => entry.atMs <= atMs && entry.did.do !== "restore")),
  }),
];
