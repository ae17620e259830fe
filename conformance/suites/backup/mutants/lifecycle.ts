import { jsonOf } from "../../../osb/memory-broker/http.ts";
import { type Behaviour, DAY_MS, RIGHT } from "../../toy/behaviour.ts";
import { objectOf } from "../../toy/objects.ts";
import { type DataMutant, dataMutant as mutant } from "../../toy/mutants.ts";

/** What is stored of a backup, as it is. */
const inClear: Behaviour["store"] = ({ id, instance, dump }) => ({
  name: `${instance}/${id}`,
  text: JSON.stringify([...(dump?.tables ?? [])].map(([name, { rows }]) => [name, [...rows.values()]])),
});

/** What platforms do wrong with keys, retention, schedules, and with their promises. */
export const LIFECYCLE_MUTANTS: readonly DataMutant[] = [
  mutant("stored-in-clear", "BK-40", "What is stored of a backup can be read.", { store: inClear }, ["BK-43"]),
  mutant("key-beside-the-artifact", "BK-40", "The key of a tenant lies beside the backup that is sealed with it.", {
    store: (backup, vault) => ({ ...objectOf(backup, vault), name: `${backup.id}?key=${backup.key ?? ""}` }),
  }),
  mutant("wrong-key-opens", "BK-41", "A backup is restored whatever key is given.", { opens: () => true }),
  mutant("short-key-is-taken", "BK-41", "A key of three characters is taken.", { keyCharsMin: 1 }),
  mutant("only-the-newest-key-opens", "BK-41", "A backup can't be restored any more once the key has been changed.", {
    opens: (backup, key, vault) => key === undefined || key === vault.settingsOf(backup.instance).key,
  }),
  mutant("key-echoed", "BK-42", "The settings of an instance show the key.", {
    moreSettings: ({ key }) => ({ key: key ?? null }),
  }),
  mutant("key-in-the-log", "BK-42", "The key of a tenant is logged when it is set.", {
    moreSettings: (settings, vault) => {
      vault.cloud.logLines.push(`settings changed: ${JSON.stringify(settings)}`);
      return {};
    },
  }),
  mutant("download-without-a-key", "BK-43", "A backup that nobody has a key of is given out, as it is.", {
    mayDownload: () => true,
    store: (backup, vault) => (backup.key === undefined ? inClear(backup, vault) : objectOf(backup, vault)),
  }),
  mutant("download-for-anybody", "BK-43", "A backup is given out to whoever asks, without credentials.", {
    authorizes: (request, cloud) => request.path.at(-1) === "download" || RIGHT.authorizes(request, cloud),
  }),
  mutant("retention-eats-the-last-good-one", "BK-44", "Backups go when they are old enough, also the last good one.", {
    findExpired: (backups, { keepDays }, nowMs) =>
      backups.filter((each) => nowMs - each.finishedMs > keepDays * DAY_MS),
  }),
  mutant(
    "retention-counts-alone",
    "BK-44",
    "Backups go as soon as there are enough newer ones, however young they are.",
    {
      findExpired: (backups, { keepMin }) => backups.slice(0, Math.max(0, backups.length - Math.min(keepMin, 2))),
    },
    ["BK-*"],
  ),
  mutant("retention-never-comes", "BK-44", "Nothing ever goes.", { findExpired: () => [] }),
  mutant(
    "object-outlives-its-removal",
    "BK-45",
    "A backup that was removed is shown as gone, and its object stays in the store.",
    {
      forget: (backup) => void (backup.state = "deleted"),
    },
  ),
  mutant("schedule-runs-twice", "BK-46", "A schedule runs twice at each of its slots.", {
    slots: (...span) => RIGHT.slots(...span).flatMap((at) => [at, at]),
  }),
  mutant("schedule-misses-in-silence", "BK-46", "A schedule runs every other day, and says nothing of it.", {
    slots: (...span) => RIGHT.slots(...span).filter((at) => Math.floor(at / DAY_MS) % 2 === 0),
  }),
  mutant(
    "loses-more-than-is-claimed",
    "BK-49",
    "A second is claimed to be lost at most; a backup is taken from a replica that is two behind.",
    {
      dump: (instance, cloud) => RIGHT.at(instance, cloud.nowMs() - 2000),
    },
    ["BK-*"],
  ),
  mutant(
    "restore-takes-longer-than-is-claimed",
    "BK-50",
    "Five seconds are claimed for a restore; it takes a minute.",
    {
      describe: (task, vault) =>
        task.kind === "restore" && task.state === "succeeded" && vault.cloud.nowMs() < task.finishedMs + 60_000
          ? { ...task, state: "running" }
          : task,
    },
    ["BK-12"],
  ),
  mutant("writes-stand-still", "BK-51", "Writes are locked while a backup is taken, longer than is claimed.", {
    lock: (instance) => void (instance.isLocked = true),
  }),
  mutant(
    "stores-more-than-is-claimed",
    "BK-52",
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
