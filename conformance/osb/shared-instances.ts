import type { JsonObject } from "../client/http/json.ts";
import type { Offer } from "../client/catalog.ts";
import type { OsbClient } from "../client/osb-client.ts";
import { unknown, Verdicted } from "../runner/check.ts";
import type { RunContext } from "../runner/suite.ts";
import { provisionBodyFor } from "./request-bodies.ts";
import type { EndedOperation } from "../client/polling.ts";

/** An instance that exists. */
export interface LiveInstance {
  readonly offer: Offer;
  readonly id: string;
  readonly provisioned: EndedOperation;
}

async function runAndClean<T>(platform: OsbClient, play: (platform: OsbClient) => Promise<T>): Promise<T> {
  try {
    return await play(platform);
  } finally {
    await platform.ledger.clean();
  }
}

/** What the checks of one run share: stories that are played once, and instances that checks borrow. */
export class Shared {
  readonly run: RunContext;
  readonly #stories = new Map<string, Promise<unknown>>();
  readonly #idle = new Map<string, LiveInstance[]>();

  constructor(run: RunContext) {
    this.run = run;
  }

  /** Plays a story once, with a client of its own, and cleans up after it. Whoever asks again gets the same. */
  once<T>(key: string, play: (platform: OsbClient) => Promise<T>): Promise<T> {
    const known = this.#stories.get(key);
    if (known !== undefined) return known as Promise<T>;
    const platform = this.run.platform.scope();
    const story = runAndClean(platform, play);
    this.#stories.set(key, story);
    return story;
  }

  /** An instance that nobody else uses until it is given back. */
  async borrow(offer: Offer): Promise<LiveInstance> {
    const idle = this.#idle.get(offer.plan.id)?.pop();
    if (idle !== undefined) {
      this.run.quota.release(1);
      return idle;
    }
    return provisionInstance(this, this.run.platform, offer);
  }

  /** Takes it back for the next, unless it was changed or there is no room for idle ones. */
  async giveBack(live: LiveInstance, isTouched: boolean): Promise<void> {
    if (isTouched || !this.run.quota.tryAcquire(1)) return this.#remove(live);
    const idle = this.#idle.get(live.offer.plan.id) ?? [];
    this.#idle.set(live.offer.plan.id, [...idle, live]);
  }

  async reclaim(): Promise<boolean> {
    for (const [planId, idle] of this.#idle) {
      const live = idle.at(-1);
      if (live === undefined) continue;
      this.#idle.set(planId, idle.slice(0, -1));
      // What can't be removed now is removed at the end: its place must not stay taken, or checks would wait for it for ever.
      try {
        await this.#remove(live);
      } finally {
        this.run.quota.release(1);
      }
      return true;
    }
    return false;
  }

  async #remove(live: LiveInstance): Promise<void> {
    const answer = await this.run.platform.deprovision(live.offer, live.id, { intent: "cleanup" });
    await this.run.platform.settle(live.offer, answer);
  }
}

/**
 * Provisions an instance and waits until it exists.
 *
 * @throws Verdicted unknown when that does not succeed
 */
export async function provisionInstance(
  shared: Shared,
  platform: OsbClient,
  offer: Offer,
  parameters?: JsonObject,
): Promise<LiveInstance> {
  const id = platform.newId();
  const answer = await platform.provision(offer, id, {
    query: { accepts_incomplete: "true" },
    body: { ...provisionBodyFor(shared.run, offer), ...(parameters === undefined ? {} : { parameters }) },
  });
  const provisioned = await platform.settle(offer, answer);
  if (provisioned.state === "succeeded") return { offer, id, provisioned };
  const seen = `${answer.status}${provisioned.polls.length > 0 ? `, then ${provisioned.state}` : ""}`;
  throw new Verdicted(
    unknown(`it needs an instance of plan "${offer.plan.name}", but provisioning one was answered ${seen}`, answer),
  );
}
