import type { OperationContext } from "../../broker/index.ts";
import { type NamedBug, withBackups, withRequests, withStore } from "./bug.ts";

type Store = OperationContext["store"];
type BackupRow = NonNullable<Awaited<ReturnType<Store["backup"]>>>;

/** A store that gives a restore another backup than the one ordered, if `choose` finds one. */
const restoringFrom = (
  choose: (store: Store, ordered: BackupRow) => Promise<BackupRow | undefined>,
): NamedBug["bug"] => {
  let isRestoring = false;
  return withStore((store) => ({
    setRestore: async (id, change) => {
      isRestoring = change.state === "running";
      return store.setRestore(id, change);
    },
    backup: async (id) => {
      const ordered = await store.backup(id);
      if (!isRestoring || ordered === undefined) return ordered;
      isRestoring = false;
      return (await choose(store, ordered)) ?? ordered;
    },
  }));
};

const isGood = ({ state }: BackupRow): boolean => state === "succeeded";

async function* noChunks(): AsyncGenerator<Uint8Array> {}

/** Bugs of the backup manager. */
export const BACKUP_BUGS: readonly NamedBug[] = [
  {
    name: "backup-succeeds-although-upload-failed",
    part: "backup manager",
    does: "reports success of a backup whose upload failed",
    bug: withBackups((backups) => ({
      put: (...order) => backups.put(...order).catch(() => ({ parts: [], bytes: 0 })),
    })),
  },
  {
    name: "backup-without-upload",
    part: "backup manager",
    does: "considers a part stored although Swift refused it",
    bug: withRequests("PUT", /\/backups\/./, async (send) => {
      const answer = await send().catch(() => undefined);
      return answer === undefined || answer.status >= 500 ? new Response(null, { status: 201 }) : answer;
    }),
  },
  {
    name: "backup-of-nothing",
    part: "backup manager",
    does: "stores an empty dump",
    bug: withBackups((backups) => ({ put: (folder, _stream, key) => backups.put(folder, noChunks(), key) })),
  },
  {
    name: "backup-without-its-end",
    part: "backup manager",
    does: "forgets the last part of a backup",
    bug: withBackups((backups) => ({
      put: async (...order) => {
        const { parts, bytes } = await backups.put(...order);
        return { parts: parts.slice(0, -1), bytes };
      },
    })),
  },
  {
    name: "failed-backup-leaves-objects",
    part: "backup manager",
    does: "leaves the objects of backups behind",
    bug: withBackups(() => ({ remove: async () => undefined })),
  },
  {
    name: "restore-not-done",
    part: "backup manager",
    does: "reports success of a restore that it never sent to the agent",
    bug: withRequests("POST", /\/v1\/restores/, async () => new Response("{}", { status: 200 })),
  },
  {
    name: "restore-error-swallowed",
    part: "backup manager",
    does: "reports success of a restore although the agent failed",
    bug: withRequests("POST", /\/v1\/restores/, async (send) => {
      const answer = await send().catch(() => undefined);
      return answer === undefined || answer.status >= 500 ? new Response("{}", { status: 200 }) : answer;
    }),
  },
  {
    name: "restore-of-a-neighbour",
    part: "backup manager",
    does: "restores the backup of another instance",
    bug: restoringFrom(async (store, { instance_id: own }) =>
      (await store.backups()).find((each) => isGood(each) && each.instance_id !== own),
    ),
  },
  {
    name: "restore-of-the-newest",
    part: "backup manager",
    does: "restores the newest backup, whichever was ordered",
    bug: restoringFrom(
      async (store, { instance_id: own }) =>
        (await store.backupsOf(own)).filter(isGood).toSorted((a, b) => b.triggered_ms - a.triggered_ms)[0],
    ),
  },
  {
    name: "restore-of-the-oldest",
    part: "backup manager",
    does: "restores the oldest backup, whichever was ordered",
    bug: restoringFrom(
      async (store, { instance_id: own }) =>
        (await store.backupsOf(own)).filter(isGood).toSorted((a, b) => a.triggered_ms - b.triggered_ms)[0],
    ),
  },
  {
    name: "backup-forgotten",
    part: "backup manager",
    does: "forgets a backup once it has ended",
    bug: withStore((store) => ({
      setBackup: async (id, change) => {
        await store.setBackup(id, change);
        if (change.state === "succeeded") await store.deleteBackup(id);
      },
    })),
  },
];
