import { createHash } from "node:crypto";
import type { Store } from "./engine.ts";
import type { Task, ToyVault } from "./vault.ts";

/** An object of the store. */
interface StoredObject {
  readonly name: string;
  readonly text: string;
}

const asJson = ({ tables, sequences, objects }: Store): string =>
  JSON.stringify({
    tables: [...tables].map(([name, { rows }]) => [name, [...rows.values()]]),
    sequences: [...sequences],
    objects,
  });

/** A keystream that is good enough for a toy: nobody attacks it. */
export function seal(text: string, key: string): string {
  const bytes = Buffer.from(text);
  const pad = createHash("sha512").update(key).digest();
  return Buffer.from(bytes.map((byte, at) => byte ^ (pad[at % pad.length] ?? 0) ^ ((at * 31) & 0xff))).toString(
    "base64",
  );
}

/** The object that a sound platform stores for a backup, sealed under the backup's own key. */
export function objectOf(backup: Task, _vault: ToyVault): StoredObject {
  const { id, instance, dump, key = "the platform's" } = backup;
  return { name: `${instance}/${id}/part-0`, text: dump === undefined ? "" : seal(asJson(dump), `${key} ${id}`) };
}

/** The stored form of a backup, unless it has been damaged. */
export function openObject({ dump, damage }: Task, _vault: ToyVault): Store | undefined {
  return damage === undefined ? dump : undefined;
}
