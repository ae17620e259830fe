import { sameJson } from "../../client/http/json.ts";
import { BackupContext } from "../backup/context.ts";
import type { Tenant } from "../tenants/tenants.ts";
import type { Answer } from "../../client/answer.ts";
import { areBindingsRetrievable, type Offer } from "../../client/catalog.ts";
import { type Evidence, notApplicable, Verdicted } from "../../runner/check.ts";
import { BINDABLE } from "../../osb/plan-requirements.ts";
import type { LiveBinding } from "../../osb/context.ts";
import type { LiveInstance } from "../../osb/shared-instances.ts";

/** An instance with a binding, whether or not there is a client for its credentials. */
export interface Owner {
  readonly live: LiveInstance;
  readonly binding: LiveBinding;
  /** Absent if there is no client. */
  readonly tenant?: Tenant;
}

/** How a binding has changed, with the evidence; undefined while it has not. */
type Harm = { readonly seen: string; readonly evidence: readonly Evidence[] } | undefined;

/** The context of a check of isolation. */
export class IsolationContext extends BackupContext {
  /** A bindable plan: the one for whose credentials there is a client, if any. */
  async chooseOffer(): Promise<Offer> {
    return (await this.findUsableOffer()) ?? this.osb.offer(BINDABLE);
  }

  async createOwner(offer: Offer, given?: LiveInstance): Promise<Owner> {
    const spoken = await this.findUsableOffer();
    if (spoken?.plan.id === offer.plan.id) {
      const tenant = await this.tenant(offer, given);
      return { live: tenant.live, binding: tenant.binding, tenant };
    }
    const live = given ?? (await this.osb.freshOf(offer));
    return { live, binding: await this.osb.bindTo(live) };
  }

  /** Checks that a binding can still be fetched unchanged, and its credentials still work. */
  async findHarm({ live, binding, tenant }: Owner, before: Answer | undefined): Promise<Harm> {
    if (before !== undefined) {
      const now = await this.fetchBinding(live, binding.id);
      if (now.status !== before.status || !sameJson(now.json, before.json))
        return { seen: `its owner fetches it and is answered ${now.status}`, evidence: [now] };
    }
    if (tenant === undefined) return undefined;
    const refusal = await this.recorder.tryLogin(tenant.access);
    if (refusal === undefined) return undefined;
    return { seen: `its credentials no longer let in: ${refusal.message}`, evidence: this.lastStep() };
  }

  /** The binding as its owner sees it; undefined if bindings can't be fetched. */
  async fetchIfRetrievable({ live, binding }: Owner): Promise<Answer | undefined> {
    if (this.osb.minor < 14 || !areBindingsRetrievable(live.offer)) return undefined;
    const answer = await this.fetchBinding(live, binding.id);
    return answer.status === 200 ? answer : undefined;
  }

  /** Ends the check as not applicable unless it is named as one that may burden others. */
  requireDangerous(id: "IS-42" | "IS-52"): void {
    if (this.run.file.data.dangerous?.includes(id) !== true)
      throw new Verdicted(
        notApplicable(`it may burden others, and runs only if it is named (data.dangerous: [${id}] in drydock.yml)`),
      );
  }

  /** Removes a binding and waits until it is gone. */
  async unbindAndWait({ live, binding }: Pick<Tenant, "live" | "binding">): Promise<void> {
    await this.platform.settle(live.offer, await this.platform.unbind(live.offer, live.id, binding.id));
  }

  fetchBinding(live: LiveInstance, bindingId: string): Promise<Answer> {
    return this.platform.send("fetch-binding", { instanceId: live.id, bindingId });
  }
}
