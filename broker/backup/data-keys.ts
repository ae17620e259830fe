import { FinalError } from "../errors.ts";
import type { OperationContext } from "../operations/context.ts";
import type { BackupRow, InstanceRow } from "../store/schema.ts";
import { openText, sealText } from "../store/seal.ts";
import type { ArtifactKey } from "./backups.ts";
import { newDataKey, unwrapKey, wrapKey } from "./keys.ts";

/** The columns of a row that hold the key of its data. */
type KeyColumns = Pick<BackupRow, "data_key" | "wrapped_key" | "key_version">;

const toText = (key: Uint8Array): string => Buffer.from(key).toString("base64");

/** The tenant's key of a version; undefined when there is none. */
async function tenantKeyOf(
  { store, seal }: OperationContext,
  { instance_id: id, deployment }: Pick<BackupRow, "instance_id" | "deployment">,
  version: number,
): Promise<string | undefined> {
  const keys = await store.backupKeysOf(id);
  const key = keys.find((each) => each.version === version && each.deployment === deployment);
  return key && openText(seal, key.sealed);
}

/** A key for a new backup of an instance, and the columns of its row: the tenant's key wraps it if one is set; otherwise the platform's seals it. */
export async function makeKey(
  context: OperationContext,
  { id, deployment }: Pick<InstanceRow, "id" | "deployment">,
): Promise<{ readonly key: ArtifactKey; readonly columns: KeyColumns }> {
  const { host, seal, store } = context;
  const key = newDataKey(host);
  const settings = await store.backupSettings(id);
  const version = settings?.deployment === deployment ? settings.key_version : 0;
  if (version === 0)
    return { key: { key }, columns: { data_key: sealText(seal, toText(key)), wrapped_key: "", key_version: 0 } };
  const tenantKey = await tenantKeyOf(context, { instance_id: id, deployment }, version);
  if (tenantKey === undefined) throw new FinalError(`instance ${id} has no key of version ${version}`);
  const wrapped = await wrapKey(host, tenantKey, key);
  return { key: { key, wrapped }, columns: { data_key: "", wrapped_key: wrapped, key_version: version } };
}

/**
 * The key of a backup.
 *
 * @param given the tenant's key that came with an order. Default: the one that the tenant had set when the backup was made
 * @throws FinalError if it is not the backup's
 */
export async function keyOf(context: OperationContext, backup: BackupRow, given?: string): Promise<Uint8Array> {
  const { host, seal } = context;
  if (backup.wrapped_key === "") {
    if (given !== undefined) throw new FinalError("the backup can't be opened: it has no tenant's key");
    return Buffer.from(openText(seal, backup.data_key), "base64");
  }
  const tenantKey = given ?? (await tenantKeyOf(context, backup, backup.key_version));
  if (tenantKey === undefined) throw new FinalError("the backup can't be opened: its key is gone");
  return unwrapKey(host, tenantKey, backup.wrapped_key);
}

/** A key for a file of a log, sealed by the platform's key. */
export function makeLogKey({ host, seal }: OperationContext): { readonly key: Uint8Array; readonly sealed: string } {
  const key = newDataKey(host);
  return { key, sealed: sealText(seal, toText(key)) };
}

/** The key that was sealed by `makeLogKey`. */
export const openLogKey = ({ seal }: OperationContext, sealed: string): Uint8Array =>
  Buffer.from(openText(seal, sealed), "base64");
