import {
  clearData,
  listSnapshots,
  restoreSnapshot,
  type SavedCloud,
  saveSnapshot,
} from "../../scenarios/cloud/data/snapshots.ts";
import { EXIT, UserError } from "../errors.ts";

/** The options of `snapshot`. */
interface SnapshotOptions {
  readonly data: string;
  readonly json?: boolean;
}

/** The name that an action needs. @throws UserError CLI_BAD_OPTION */
function requireName(action: string, name: string | undefined): string {
  if (name !== undefined) return name;
  throw new UserError("CLI_BAD_OPTION", `snapshot ${action} needs a name`);
}

const rowOf = ({ name, savedMs }: SavedCloud): string => `${new Date(savedMs).toISOString()}  ${name}\n`;

/**
 * `drydock snapshot save|restore|list [NAME] --data DIR`: the saved states of a cloud in a folder, which is down meanwhile. Returns the exit code.
 *
 * @throws UserError CLI_BAD_OPTION
 * @throws KeptCloudError DATA_NOT_A_CLOUD, DATA_IN_USE, DATA_NO_SNAPSHOT, DATA_SNAPSHOT_NAME
 */
export async function snapshot(
  action: "save" | "restore" | "list",
  name: string | undefined,
  { data, json = false }: SnapshotOptions,
): Promise<number> {
  if (action === "save") await saveSnapshot(data, requireName(action, name));
  if (action === "restore") await restoreSnapshot(data, requireName(action, name));
  const saved = listSnapshots(data);
  if (json) process.stdout.write(`${JSON.stringify(saved)}\n`);
  else if (action === "list")
    process.stdout.write(saved.length === 0 ? "nothing is saved\n" : saved.map(rowOf).join(""));
  else process.stdout.write(`${action === "save" ? "saved" : "restored"} ${name}\n`);
  return EXIT.ok;
}

/**
 * `drydock reset --data DIR`: removes the cloud in a folder, so that the next start begins afresh. Returns
 * the exit code.
 */
export async function resetData(data: string): Promise<number> {
  await clearData(data);
  return EXIT.ok;
}
