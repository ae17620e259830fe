import { isObject, type JsonObject } from "../../client/http/json.ts";
import { bodyOf } from "../../client/http/observation.ts";
import { type LiveBinding, OsbContext } from "../../osb/context.ts";
import type { Answer } from "../../client/answer.ts";
import { areBindingsRetrievable, isBindable, type Offer } from "../../client/catalog.ts";
import type { OsbClient } from "../../client/osb-client.ts";
import { type Evidence, notApplicable, type Outcome, unknown, Verdicted } from "../../runner/check.ts";
import type { RunContext } from "../../runner/suite.ts";
import { loginOf } from "../../data/credentials.ts";
import { DataRecorder } from "../../data/recorder.ts";
import type { RecordedSession } from "../../data/recorded-session.ts";
import type { Access } from "../../data/step-evidence.ts";
import { DataError, type DataPlane } from "../../data/plane.ts";
import { entryFor } from "../../runner/parameters.ts";
import { BINDABLE } from "../../osb/plan-requirements.ts";
import type { Shared, LiveInstance } from "../../osb/shared-instances.ts";

/** An instance with a binding and credentials that work. */
export interface Tenant {
  readonly live: LiveInstance;
  readonly binding: LiveBinding;
  readonly access: Access;
  /** The answer with the credentials. */
  readonly bound: Answer;
}

/** How many services are tried to find credentials for which there is a client. */
const SERVICES_MAX = 4;

/** A plan whose credentials work, or the outcome of the checks that need one. */
type ScoutResult = { readonly offer: Offer } | { readonly offer?: undefined; readonly outcome: Outcome };

function candidates(run: RunContext): readonly Offer[] {
  const bindable = run.offers.filter(isBindable);
  const firsts = bindable.filter(
    (offer, at) => bindable.findIndex((each) => each.service.id === offer.service.id) === at,
  );
  return firsts.slice(0, SERVICES_MAX);
}

/** The context of a check of tenants and their data. */
export class TenantContext {
  readonly osb: OsbContext;
  readonly shared: Shared;
  #recorder: DataRecorder | undefined;
  #isSpoilt = false;

  constructor(platform: OsbClient, shared: Shared) {
    this.osb = new OsbContext(platform, shared);
    this.shared = shared;
  }

  get platform(): OsbClient {
    return this.osb.platform;
  }

  get run(): RunContext {
    return this.osb.run;
  }

  /** Access to the data. Ends the check as not applicable if there is none. */
  get recorder(): DataRecorder {
    const { clock, signal } = this.platform.settings;
    this.#recorder ??= new DataRecorder(this.#plane(), clock, signal);
    return this.#recorder;
  }

  #plane(): DataPlane {
    const { data, catalog } = this.run;
    if (data === undefined)
      throw new Verdicted(notApplicable("there is no way to the data services (option data)", catalog));
    return data;
  }

  /** The first bindable plan whose credentials can be spoken and let in, or undefined. */
  async findUsableOffer(): Promise<Offer | undefined> {
    return this.run.data === undefined ? undefined : (await this.#scout()).offer;
  }

  /** Like `workable`; ends the check as not applicable if there is none. */
  async requireUsableOffer(): Promise<Offer> {
    this.osb.offer(BINDABLE);
    void this.recorder;
    const scouted = await this.#scout();
    if (scouted.offer !== undefined) return scouted.offer;
    throw new Verdicted(scouted.outcome);
  }

  #scout(): Promise<ScoutResult> {
    return this.shared.once("spoken offer", (platform) => this.with(platform).#look());
  }

  with(platform: OsbClient): TenantContext {
    return new TenantContext(platform, this.shared);
  }

  /** Binds an instance of each service in turn, until there is a client for the credentials. */
  async #look(): Promise<ScoutResult> {
    const reasons: string[] = [];
    const evidence: Evidence[] = [];
    for (const offer of candidates(this.run)) {
      const live = await this.shared.borrow(offer);
      try {
        const spoken = await this.#speak(await this.osb.bindTo(live));
        if ("key" in spoken) return await this.#reach(offer, spoken.key);
        reasons.push(`${offer.service.name}: ${spoken.reason}`);
        evidence.push(spoken.answer);
      } finally {
        await this.platform.ledger.clean();
        await this.shared.giveBack(live, false);
      }
    }
    return { outcome: notApplicable(reasons.join("; "), ...evidence) };
  }

  /** An unreachable service is waited for once, not by each check. */
  async #reach(offer: Offer, key: Access): Promise<ScoutResult> {
    const refusal = await this.recorder.tryLogin(key);
    if (refusal === undefined) return { offer };
    const reason = `the credentials of a binding do not let in (see "data" in drydock.yml): ${refusal.message}`;
    return { outcome: unknown(reason, ...this.lastStep()) };
  }

  /** The login of a binding, if there is a client for it. */
  async #speak(binding: LiveBinding): Promise<({ key: Access } | { reason: string }) & { answer: Answer }> {
    const { live, id } = binding;
    const { credentials, answer } = await this.credentialsOf(binding);
    const { service } = live.offer;
    const spoken = loginOf(
      credentials,
      service,
      entryFor(this.run.file.data.credentials, service)[0],
      this.run.data?.clients,
    );
    if ("reason" in spoken) return { reason: spoken.reason, answer };
    return { key: { login: spoken.login, of: `binding ${id} of instance ${live.id}` }, answer };
  }

  /** The login of a binding, if there is a client for it. */
  async loginOf(binding: LiveBinding): Promise<Access | undefined> {
    const spoken = await this.#speak(binding);
    return "key" in spoken ? spoken.key : undefined;
  }

  /** The newest step on the data plane, as evidence. */
  lastStep(): readonly Evidence[] {
    return this.recorder.last === undefined ? [] : [this.recorder.last];
  }

  /** The credentials of a binding, fetched if it was created asynchronously. */
  async credentialsOf(binding: LiveBinding): Promise<{ credentials: JsonObject; answer: Answer }> {
    const { live, id, bound } = binding;
    const isAsync = bound.polls.length > 0 && areBindingsRetrievable(live.offer);
    const answer = isAsync
      ? await this.platform.send("fetch-binding", { instanceId: live.id, bindingId: id })
      : bound.answer;
    const { credentials } = bodyOf(answer);
    return { credentials: isObject(credentials) ? credentials : {}, answer };
  }

  /** An instance with a binding: a new one, or a binding on an instance that is there. `bindingId`: default a new one. */
  async tenant(offer: Offer, given?: LiveInstance, bindingId?: string): Promise<Tenant> {
    const live = given ?? (await this.osb.freshOf(offer));
    const binding = await this.osb.bindTo(live, bindingId);
    const spoken = await this.#speak(binding);
    if ("reason" in spoken) throw new Verdicted(unknown(spoken.reason, spoken.answer));
    return { live, binding, access: spoken.key, bound: spoken.answer };
  }

  /**
   * Works in a session of a tenant; ends the check as unknown if its own credentials don't work, or a
   * statement fails.
   */
  async inSession<T>(tenant: Tenant, work: (session: RecordedSession) => Promise<T>): Promise<T> {
    try {
      return await this.recorder.withSession(tenant.access, work);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      throw new Verdicted(unknown(`it needs to work with the data of a binding: ${error.message}`, ...this.lastStep()));
    }
  }

  /** Marks a shared instance as changed, so that no later check gets it. */
  markChanged(): void {
    this.#isSpoilt = true;
  }

  /** Returns what was borrowed; removes what was, or may have been, changed. */
  close(outcome: Outcome): Promise<void> {
    return this.osb.close(this.#isSpoilt ? unknown("instances were changed") : outcome);
  }
}
