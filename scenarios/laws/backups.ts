import type { LawfulWorld, Lookup } from "../../simulators/laws/lookup.ts";
import type { RecordIndex } from "./instance-records.ts";

/** The container in which the reference broker keeps backups; the name of each object begins with the id of its instance (broker/backup/backups.ts). */
const CONTAINER = "backups";

/** Each object in the container belongs to the record of a backup or to the log of an instance, and each object of a record exists. */
export function checkBackups({ openstack }: LawfulWorld, known: Lookup, { byId }: RecordIndex): readonly string[] {
  const container = openstack.state().swift.accounts.get(`AUTH_${known.project}`)?.get(CONTAINER);
  const stored = new Set(container?.objects.keys());
  const records = [...byId.values()];
  const named = new Set(records.flatMap(({ backups }) => backups.flatMap(({ objects }) => objects)));
  const isBeingMade = (object: string): boolean => (byId.get(object.split("/")[0] ?? "")?.operation ?? null) !== null;
  // The backup manager collects a log while no operation is in progress.
  const isLog = (object: string): boolean => {
    const [instance = "", folder = ""] = object.split("/");
    return byId.has(instance) && folder.startsWith("log-");
  };
  const stray = [...stored]
    .filter((object) => !named.has(object) && !isBeingMade(object) && !isLog(object))
    .map((object) => `the object ${CONTAINER}/${object} belongs to no backup`);
  const missing = records
    .filter(({ operation }) => operation === null)
    .flatMap(({ backups }) => backups.flatMap(({ objects }) => objects))
    .filter((object) => !stored.has(object))
    .map((object) => `the object ${CONTAINER}/${object} of a backup does not exist`);
  return [...stray, ...missing];
}
