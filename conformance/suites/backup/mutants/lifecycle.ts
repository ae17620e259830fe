import { jsonOf } from "../../../osb/memory-broker/http.ts";
import { type Behaviour, DAY_MS, RIGHT } from "../../toy/behaviour.ts";
import { objectOf } from "../../toy/objects.ts";
import { type DataMutant, dataMutant as mutant } from "../../toy/mutants.ts";

/** A stored backup in the clear. */
const inClear: Behaviour["store"] = ({ id, instance, dump }) => ({
  name: `${instance}/${id}`,
  text: JSON.stringify([...(dump?.tables ?? [])].map(([name, { rows }]) => [name, [...rows.values()]])),
});

/** Mistakes of platforms with keys, retention, schedules and their claims. */
export const LIFECYCLE_MUTANTS: readonly DataMutant[] = [
  mutant("BK-40", "stored-in-clear", "Stored backups are legible.", { store: inClear }, ["BK-43"]),
  mutant("BK-40", "key-beside-the-artifact", "A tenant's key is stored beside the backup that is sealed with it.", {
    store: (backup, vault) => ({ ...objectOf(backup, vault), name: `${backup.id}?key=${backup.key ?? ""}` }),
  }),
  mutant("BK-41", "wrong-key-opens", "A backup is restored whatever key is given.", { opens: () => true }),
  mutant("BK-41", "short-key-is-taken", "A key of three characters is accepted.", { keyCharsMin: 1 }),
  mutant("BK-41", "only-the-newest-key-opens", "A backup can't be restored any more once the key has been changed.", {
    opens: (backup, key, vault) => key === undefined || key === vault.settingsOf(backup.instance).key,
  }),
  mutant("BK-42", "key-echoed", "The settings of an instance show the key.", {
    moreSettings: ({ key }) => ({ key: key ?? null }),
  }),
  mutant("BK-42", "key-in-the-log", "The key of a tenant is logged when it is set.", {
    moreSettings: (settings, vault) => {
      vault.cloud.logLines.push(`settings changed: ${JSON.stringify(settings)}`);
      return {};
    },
  }),
  mutant("BK-43", "download-without-a-key", "A backup without a tenant's key can be downloaded, unsealed.", {
    mayDownload: () => true,
    store: (backup, vault) => (backup.key === undefined ? inClear(backup, vault) : objectOf(backup, vault)),
  }),
  mutant("BK-43", "download-for-anybody", "A backup can be downloaded without credentials.", {
    authorizes: (request, cloud) => request.path.at(-1) === "download" || RIGHT.authorizes(request, cloud),
  }),
  mutant(
    "BK-44",
    "retention-eats-the-last-good-one",
    "Backups are removed when they are old enough, even the last good one.",
    {
      findExpired: (backups, { keepDays }, nowMs) =>
        backups.filter((each) => nowMs - each.finishedMs > keepDays * DAY_MS),
    },
  ),
  mutant(
    "BK-44",
    "retention-counts-alone",
    "Backups are removed as soon as there are enough newer ones, however young they are.",
    {
      findExpired: (backups, { keepMin }) => backups.slice(0, Math.max(0, backups.length - Math.min(keepMin, 2))),
    },
    ["BK-*"],
  ),
  mutant("BK-44", "retention-never-comes", "No backup is ever removed.", { findExpired: () => [] }),
  mutant(
    "BK-45",
    "object-outlives-its-removal",
    "A removed backup is shown as gone, but its object stays in the store.",
    {
      forget: (backup) => void (backup.state = "deleted"),
    },
  ),
  mutant("BK-46", "schedule-runs-twice", "A schedule runs twice at each of its slots.", {
    slots: (...span) => RIGHT.slots(...span).flatMap((at) => [at, at]),
  }),
  mutant(
    "BK-46",
    "schedule-misses-in-silence",
    "A schedule runs every other day, without reporting the days that it missed.",
    {
      slots: (...span) => RIGHT.slots(...span).filter((at) => Math.floor(at / DAY_MS) % 2 === 0),
    },
  ),
  mutant(
    "BK-49",
    "loses-more-than-is-claimed",
    "A loss of one second at most is claimed; a backup is taken from a replica that is two seconds behind.",
    {
      dump: (instance, cloud) => RIGHT.at(instance, cloud.nowMs() - 2000),
    },
    ["BK-*"],
  ),
  mutant(
    "BK-50",
    "restore-takes-longer-than-is-claimed",
    "A restore within five seconds is claimed; it takes a minute.",
    {
      describe: (task, vault) =>
        task.kind === "restore" && task.state === "succeeded" && vault.cloud.nowMs() < task.finishedMs + 60_000
          ? { ...task, state: "running" }
          : task,
    },
    ["BK-12"],
  ),
  mutant("BK-51", "writes-stand-still", "Writes are locked during a backup for longer than is claimed.", {
    lock: (instance) => void (instance.isLocked = true),
  }),
  mutant(
    "BK-52",
    "stores-more-than-is-claimed",
    "A backup stores ten times what is claimed.",
    {},
    [],
    async (request, next) => {
      const answer = await next(request);
      const body = jsonOf(answer);
      return typeof body["size_bytes"] === "number"
        ? { ...answer, text: JSON.stringify({ ...body, size_bytes: 30 * 1024 * 1024 }) }
        : answer;
    },
  ),
];
