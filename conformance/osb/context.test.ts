import { expect, it } from "vitest";
import type { Offer } from "../client/catalog.ts";
import { EMPTY_FILE } from "../settings/drydock-file.ts";
import { Quota } from "../runner/quota.ts";
import type { RunContext } from "../runner/suite.ts";
import { Shared } from "./context.ts";

const offer: Offer = {
  service: { id: "s", name: "s", raw: {}, plans: [] },
  plan: { id: "p", name: "p", raw: {} },
};

it("gives back the place of an idle instance that cannot be removed, so that nobody waits for it for ever", async () => {
  const quota = new Quota(1);
  const platform = {
    newId: () => "i",
    provision: async () => ({ status: 201 }),
    settle: async (_offer: Offer, answer: unknown) => ({ state: "succeeded", answer, polls: [] }),
    deprovision: () => Promise.reject(new Error("hung up")),
  };
  const shared = new Shared({ quota, platform, file: EMPTY_FILE } as unknown as RunContext);
  await quota.acquire(1);
  const live = await shared.borrow(offer);
  quota.release(1);
  await shared.giveBack(live, false);
  await expect(shared.reclaim()).rejects.toThrow("hung up");
  expect(quota.tryAcquire(1)).toBe(true);
});
