import { expect, it } from "vitest";
import { Quota } from "./quota.ts";

it("a place that cannot be reclaimed is waited for, and given when somebody releases it", async () => {
  const quota = new Quota(1, () => Promise.reject(new Error("it cannot be removed")));
  await quota.acquire(1);
  const second = quota.acquire(1);
  quota.release(1);
  await expect(second).resolves.toBeUndefined();
});
