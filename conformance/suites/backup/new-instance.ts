import { type Tenant } from "../tenants/tenants.ts";
import { notApplicable, unknown, Verdicted } from "../../runner/check.ts";
import type { Offer } from "../../client/catalog.ts";
import type { LiveInstance } from "../../osb/shared-instances.ts";
import type { BackupClient, BackupOperation } from "./client.ts";
import type { BackupContext } from "./context.ts";
import { fillBody, type Values } from "./fill.ts";

/** An instance with the data of another's backup, and how they got there. */
export interface Copy {
  readonly live: LiveInstance;
  /** Absent if the provision itself restored. */
  readonly restore?: BackupOperation;
}

/** Restores a backup of one instance into a new one of a plan, as the interface does it. */
export async function restoreIntoNew(
  context: BackupContext,
  client: BackupClient,
  offer: Offer,
  { source, backup, key }: { readonly source: string; readonly backup: string; readonly key?: string },
): Promise<Copy> {
  const values: Values = { source, backup, ...(key !== undefined && { key }) };
  const { provision } = client.api;
  if (client.can("restoreNew")) {
    const live = await context.osb.freshOf(offer);
    return { live, restore: await client.start("restoreNew", { ...values, instance: live.id }) };
  }
  if (provision === undefined)
    throw new Verdicted(
      notApplicable(`the interface "${client.api.name}" has no "restoreNew" (backup in drydock.yml)`),
    );
  return { live: await context.osb.freshOf(offer, fillBody(provision.latest, values)) };
}

/** Binds a copy; ends the check as unknown if the restore did not succeed. */
export async function bindCopy(context: BackupContext, { live, restore }: Copy): Promise<Tenant> {
  if (restore !== undefined && restore.state !== "succeeded")
    throw new Verdicted(
      unknown(`it needs a restore into a new instance, but one ended ${restore.state}`, restore.began, restore.last),
    );
  return context.tenant(live.offer, live);
}
