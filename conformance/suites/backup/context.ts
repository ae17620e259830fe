import type { RecordedSession } from "../../data/recorded-session.ts";
import type { Access } from "../../data/step-evidence.ts";
import type { Difference } from "../../data/contents.ts";
import { DataError } from "../../data/plane.ts";
import { PREFIX } from "../../data/statement.ts";
import { type Tenant, TenantContext } from "../tenants/tenants.ts";
import type { Offer } from "../../client/catalog.ts";
import { type Evidence, fail, unknown, Verdicted } from "../../runner/check.ts";
import { BackupClient, type BackupOperation } from "./client.ts";
import { discover } from "./discover.ts";

/** What a check of backups works with. */
export class BackupContext extends TenantContext {
  /** The client of the vendor's backups; ends the check as not applicable when there is no interface. */
  async backups(offer: Offer, instanceId: string): Promise<BackupClient> {
    const found = await this.shared.once(`backups of ${offer.service.id}`, (platform) =>
      discover(platform, this.run, offer, instanceId),
    );
    if (found.api === undefined) throw new Verdicted(found.outcome);
    return new BackupClient(this.platform, found.api);
  }

  /** A backup that succeeded; ends the check as unknown when there is none, for then there is nothing to judge. */
  async backup(client: BackupClient, tenant: Tenant): Promise<BackupOperation> {
    const deed = await client.create(tenant.live.id);
    if (deed.state === "succeeded") return deed;
    throw new Verdicted(unknown(`it needs a backup, but one ended ${describeEnd(deed)}`, deed.began, deed.last));
  }

  /** A restore that says it succeeded; a failure of the check when it does not. */
  async restore(client: BackupClient, tenant: Tenant, backup: BackupOperation): Promise<BackupOperation> {
    const deed = await client.restore(tenant.live.id, backup.id);
    if (deed.state === "succeeded") return deed;
    const expected = "the restore of a backup that succeeded to succeed";
    throw new Verdicted(fail(expected, describeEnd(deed), backup.last, deed.began, deed.last));
  }

  /** Reads the data again after a restore. That a tenant can't is a finding: `evidence` goes with it. */
  async readAfterRestore<T>(
    key: Access,
    deeds: readonly BackupOperation[],
    read: (session: RecordedSession) => Promise<T>,
  ): Promise<T> {
    try {
      return await this.recorder.withSession(key, read);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      const seen = `${error.code ?? error.fault} ${error.message}`;
      throw new Verdicted(
        fail(
          "the data to be read after the restore, with the binding that was there before",
          seen,
          ...this.evidence(deeds),
        ),
      );
    }
  }

  /** The evidence of a finding: the exchanges with the last data-plane step that concerns a difference, or else the last of all. */
  evidence(deeds: readonly BackupOperation[], found: readonly Difference[] = []): readonly Evidence[] {
    const about = found[0]?.fact.replace(/^\w+ ([^/]*).*$/, "$1") ?? `FROM ${PREFIX}`;
    const { steps } = this.recorder;
    const step = steps.findLast(({ request }) => request.body?.includes(about)) ?? steps.at(-1);
    const answers = deeds.flatMap(({ began, last }) => (last === began ? [began] : [began, last]));
    return step === undefined ? answers : [...answers, step];
  }
}

/** How a backup or restore ended, for a reader. */
function describeEnd({ state, began, last }: BackupOperation): string {
  if (state === "refused") return `refused with ${began.status}`;
  return state === "lost" ? `lost: asked about, it is answered ${last.status}` : state;
}
