import { expect, it } from "vitest";
import type { Offer } from "../client/catalog.ts";
import { EMPTY_FILE } from "../settings/file.ts";
import type { Room } from "../client/room.ts";
import { Ledger } from "../client/ledger.ts";
import { Berth } from "../runner/berth.ts";
import { Quota } from "../runner/quota.ts";
import type { RunContext } from "../runner/suite.ts";
import { Shared } from "./shared-instances.ts";

const offer: Offer = {
  service: { id: "s", name: "s", raw: {}, plans: [] },
  plan: { id: "p", name: "p", raw: {} },
};

it("gives back the place of an idle instance that cannot be removed, so that nobody waits for it for ever", async () => {
  const quota = new Quota(1);
  const room = new Berth(quota, "check", 0);
  const platform = {
    newId: () => "i",
    memory: { endlessOf: () => undefined },
    provision: async (_offer: Offer, id: string) => room.take(id).then(() => ({ status: 201, instanceId: id })),
    settle: async (_offer: Offer, answer: unknown) => ({ state: "succeeded", answer, polls: [] }),
    deprovision: () => Promise.reject(new Error("hung up")),
  };
  const client = { ...platform, room, ledger: new Ledger(), scope: (own: Room) => ({ ...client, room: own }) };
  const tidy = (_what: string, work: () => Promise<void>) => void work();
  const shared = new Shared({ quota, platform: client, tidy, file: EMPTY_FILE } as unknown as RunContext);
  const live = await shared.borrow(offer);
  await shared.giveBack(live, false);
  await expect(shared.reclaim()).rejects.toThrow("hung up");
  expect(quota.tryAcquire(1)).toBe(true);
});
