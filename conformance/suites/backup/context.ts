import type { RecordedSession } from "../../data/recorded-session.ts";
import type { Access } from "../../data/step-evidence.ts";
import type { Difference } from "../../data/contents.ts";
import { DataError } from "../../data/plane.ts";
import { PREFIX } from "../../data/statement.ts";
import { type Tenant, TenantContext } from "../tenants/tenants.ts";
import type { Offer } from "../../client/catalog.ts";
import { type Evidence, fail, notApplicable, unknown, Verdicted } from "../../runner/check.ts";
import type { OsbClient } from "../../client/osb-client.ts";
import type { FaultHook, LookHook } from "../../runner/hooks.ts";
import { BINDABLE } from "../../osb/plan-requirements.ts";
import type { LiveInstance } from "../../osb/shared-instances.ts";
import type { BackupClaim } from "../../settings/backup-words.ts";
import type { BackupOperationName } from "./interface.ts";
import { BackupClient, type BackupOperation } from "./client.ts";
import { discover } from "./discover.ts";

/** The starting point of a check of backups. */
export interface Stage {
  readonly offer: Offer;
  readonly client: BackupClient;
  readonly tenant: Tenant;
}

const CLAIM_WORDS: Readonly<Record<BackupClaim, string>> = {
  B1: "backups and restores in place",
  B2: "restores into new instances",
  B3: "restores to a moment",
  B4: "what becomes of backups after a deprovision",
  B5: "keys, retention and schedules",
};

/** The obligation of a claim. */
const CORE: Readonly<Record<BackupClaim, readonly BackupOperationName[]>> = {
  B1: ["list", "create", "restore"],
  B2: ["restoreNew"],
  B3: ["window", "restoreTo"],
  B4: [],
  B5: [],
};

/** The context of a check of backups. */
export class BackupContext extends TenantContext {
  /**
   * The client of the vendor's backups; ends the check as not applicable if there is no interface, if the claim is not made, or if an operation
   * that it needs can't be requested. An operation that is claimed but can't be requested is a failure.
   */
  async backups(
    offer: Offer,
    claim: BackupClaim = "B1",
    ...operations: readonly BackupOperationName[]
  ): Promise<BackupClient> {
    const found = await this.shared.once(`backups of ${offer.service.id}`, (platform) =>
      this.with(platform).#discover(offer),
    );
    if (found.api === undefined) throw new Verdicted(found.outcome);
    const client = new BackupClient(this.platform, found.api);
    const { claims } = found.api;
    if (!(claims ?? ["B1"]).includes(claim))
      throw new Verdicted(notApplicable(`not claimed: ${claim}, ${CLAIM_WORDS[claim]} (backup.claims in drydock.yml)`));
    const missing = operations.filter((each) => !client.can(each));
    if (missing.length === 0) return client;
    const seen = `the interface "${found.api.name}" has no ${missing.map((each) => `"${each}"`).join(", ")}`;
    const isCore = missing.every((each) => CORE[claim].includes(each));
    if (claims === undefined || !isCore) throw new Verdicted(notApplicable(`${seen} (backup in drydock.yml)`));
    throw new Verdicted(fail(`${claim}, which is claimed, to be shown`, seen, this.run.catalog));
  }

  override with(platform: OsbClient): BackupContext {
    return new BackupContext(platform, this.shared);
  }

  async #discover(offer: Offer): ReturnType<typeof discover> {
    const live = await this.shared.borrow(offer, this.platform.room);
    try {
      return await discover(this.platform, this.run, offer, live.id);
    } finally {
      await this.shared.giveBack(live, false, this.platform.room);
    }
  }

  /** A new tenant with backups, if they are claimed. */
  async stage(claim: BackupClaim = "B1", ...operations: readonly BackupOperationName[]): Promise<Stage> {
    const offer = await this.requireUsableOffer();
    const client = await this.backups(offer, claim, ...operations);
    return { offer, client, tenant: await this.tenant(offer) };
  }

  /** A new instance with backups, whether or not its data can be reached. */
  async apiStage(
    claim: BackupClaim = "B1",
    ...operations: readonly BackupOperationName[]
  ): Promise<Omit<Stage, "tenant"> & { readonly live: LiveInstance }> {
    const offer = (await this.findUsableOffer()) ?? this.osb.offer(BINDABLE);
    const client = await this.backups(offer, claim, ...operations);
    return { offer, client, live: await this.osb.freshOf(offer) };
  }

  /**
   * The hook that breaks one thing; ends the check as not applicable if there is none. Call it before
   * anything is created.
   */
  requireFault(name: string): FaultHook {
    const hook = this.run.backend.faults?.[name];
    if (hook !== undefined) return hook;
    throw new Verdicted(notApplicable(`nobody can break it on purpose (hooks.faults.${name} in drydock.yml)`));
  }

  /** The hook that looks where only an operator can; ends the check as not applicable if there is none. */
  requireLook(name: string): LookHook {
    const hook = this.run.backend.looks?.[name];
    if (hook !== undefined) return hook;
    throw new Verdicted(notApplicable(`nobody can look there (hooks.looks.${name} in drydock.yml)`));
  }

  /** Breaks one thing during some work, and always repairs it afterwards. */
  async withFault<T>(name: string, instance: string, work: () => Promise<T>): Promise<T> {
    const mend = await this.requireFault(name)(instance);
    try {
      return await work();
    } finally {
      await mend();
    }
  }

  /** The operator's view. */
  look(name: string, instance: string): Promise<readonly string[]> {
    return this.requireLook(name)(instance);
  }

  /** A backup that succeeded; ends the check as unknown if there is none, as there is nothing to judge. */
  async backup(client: BackupClient, { live }: Pick<Tenant, "live">): Promise<BackupOperation> {
    const deed = await client.create(live.id);
    if (deed.state === "succeeded") return deed;
    throw new Verdicted(unknown(`it needs a backup, but one ended ${describeEnd(deed)}`, deed.began, deed.last));
  }

  /** A restore that reports success; otherwise fails the check. */
  async restore(
    client: BackupClient,
    { live }: Pick<Tenant, "live">,
    backup: BackupOperation,
  ): Promise<BackupOperation> {
    return this.requireSuccess(await client.restore(live.id, backup.id), backup);
  }

  /** The same for a restore of any kind. */
  requireSuccess(deed: BackupOperation, backup: BackupOperation): BackupOperation {
    if (deed.state === "succeeded") return deed;
    const expected = "the restore of a backup that succeeded to succeed";
    throw new Verdicted(fail(expected, describeEnd(deed), backup.last, deed.began, deed.last));
  }

  /** Reads the data again after a restore. If the tenant can't, that is a finding with `evidence`. */
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
export function describeEnd({ state, began, last }: BackupOperation): string {
  if (state === "refused") return `refused with ${began.status}`;
  return state === "lost" ? `lost: asked about, it is answered ${last.status}` : state;
}
