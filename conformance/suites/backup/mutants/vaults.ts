import { type Behaviour, RIGHT } from "../../toy/behaviour.ts";
import type { Task } from "../../toy/vault.ts";

/** A removal that only hides: the backup can no longer be listed or fetched, but still be restored. */
export function hiding(): Partial<Behaviour> {
  const hidden = new WeakSet<Task>();
  return {
    forget: (backup) => void hidden.add(backup),
    owns: (operation, instance, backup, vault) =>
      RIGHT.owns(operation, instance, backup, vault) && (operation === "restore" || !hidden.has(backup)),
  };
}
