import type { JsonObject } from "../client/http/json.ts";
import type { Offer } from "../client/catalog.ts";
import { answerOrSilence } from "../client/no-answer.ts";
import type { OsbClient } from "../client/osb-client.ts";
import type { Room } from "../client/room.ts";
import { Verdicted } from "../runner/check.ts";
import { Berth } from "../runner/berth.ts";
import { NoRoom } from "../runner/quota.ts";
import type { RunContext } from "../runner/suite.ts";
import { obstacleIn } from "./model/stages.ts";
import { provisionBodyFor } from "./request-bodies.ts";
import { provisionPatiently } from "./sequences/patient-provision.ts";
import type { EndedOperation } from "../client/polling.ts";

/** An instance that exists. */
export interface LiveInstance {
  readonly offer: Offer;
  readonly id: string;
  readonly provisioned: EndedOperation;
}

/** What the checks of one run share: stories that are played once, and instances that checks borrow. */
export class Shared {
  readonly run: RunContext;
  readonly #stories = new Map<string, Promise<unknown>>();
  readonly #idle = new Map<string, LiveInstance[]>();

  constructor(run: RunContext) {
    this.run = run;
  }

  /** Plays a story once, with a client of its own; cleans up after it in the background. Asking again gives the same result. */
  once<T>(key: string, play: (platform: OsbClient) => Promise<T>): Promise<T> {
    const { actors } = this.run.quota;
    const known = this.#stories.get(key);
    if (known !== undefined) return actors.waitFor(known as Promise<T>);
    const story = this.#play(key, play);
    this.#stories.set(key, story);
    story.catch((error: unknown) => {
      // Whoever asks once there is room again gets it.
      if (error instanceof NoRoom) this.#stories.delete(key);
    });
    return actors.waitFor(story);
  }

  async #play<T>(key: string, play: (platform: OsbClient) => Promise<T>): Promise<T> {
    const { quota, platform: parent, tidy } = this.run;
    const berth = new Berth(quota, "story", 1);
    const platform = parent.scope(berth);
    try {
      return await quota.actors.act(key, async () => play(platform));
    } catch (error) {
      await platform.end();
      throw error;
    } finally {
      tidy(key, () => platform.ledger.clean().finally(() => berth.close()));
    }
  }

  /** An instance that nobody else uses until it is given back; it takes up room of `room`. */
  async borrow(offer: Offer, room: Room = this.run.platform.room): Promise<LiveInstance> {
    const idle = this.#idle.get(offer.plan.id)?.pop();
    if (idle !== undefined) {
      this.run.platform.room.hand(idle.id, room);
      return idle;
    }
    const platform = this.run.platform.scope(room);
    try {
      const live = await provisionInstance(this, platform, offer);
      platform.ledger.moveTo(this.run.platform.ledger);
      return live;
    } finally {
      this.run.tidy(`instance of plan ${offer.plan.name}`, () => platform.ledger.clean());
    }
  }

  /** Takes it back for the next user, unless it was changed or somebody waits for room. */
  async giveBack(live: LiveInstance, isTouched: boolean, room: Room = this.run.platform.room): Promise<void> {
    room.hand(live.id, this.run.platform.room);
    if (isTouched || !this.run.quota.isRoomy) return this.#remove(live);
    const idle = this.#idle.get(live.offer.plan.id) ?? [];
    this.#idle.set(live.offer.plan.id, [...idle, live]);
  }

  async reclaim(): Promise<boolean> {
    for (const [planId, idle] of this.#idle) {
      const live = idle.at(-1);
      if (live === undefined) continue;
      this.#idle.set(planId, idle.slice(0, -1));
      await this.#remove(live);
      return true;
    }
    return false;
  }

  /** What can't be removed now is removed at the end: it must not keep its room, or checks would wait for that for ever. */
  async #remove(live: LiveInstance): Promise<void> {
    const { platform } = this.run;
    try {
      const removing = platform.deprovision(live.offer, live.id, { intent: "cleanup" });
      await answerOrSilence(removing.then((answer) => platform.settle(live.offer, answer)));
    } finally {
      platform.room.free(live.id);
    }
  }
}

/**
 * Provisions an instance and waits until it exists. If provisions of the plan do not end (TIMEOUTS_MAX of them in a row), no more are begun.
 *
 * @throws Verdicted unknown if that does not succeed
 */
export async function provisionInstance(
  shared: Shared,
  platform: OsbClient,
  offer: Offer,
  parameters?: JsonObject,
): Promise<LiveInstance> {
  const id = platform.newId();
  await platform.room.take(id);
  const endless = platform.memory.endlessOf(offer, "provision");
  if (endless !== undefined) {
    platform.room.free(id);
    throw new Verdicted(obstacleIn("provision", endless));
  }
  const answer = await provisionPatiently(shared, platform, offer, id, {
    query: { accepts_incomplete: "true" },
    body: { ...provisionBodyFor(shared.run, offer), ...(parameters === undefined ? {} : { parameters }) },
  });
  const provisioned = await platform.settle(offer, answer);
  if (provisioned.state === "succeeded") return { offer, id: answer.instanceId, provisioned };
  throw new Verdicted(obstacleIn("provision", provisioned));
}
