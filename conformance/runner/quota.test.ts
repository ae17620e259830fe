import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Berth } from "./berth.ts";
import { NoRoom, Quota } from "./quota.ts";

it("a place that cannot be reclaimed is waited for, and given when somebody releases it", async () => {
  const quota = new Quota(1, () => Promise.reject(new Error("it cannot be removed")));
  await quota.acquire(1);
  const second = quota.acquire(1);
  quota.release(1);
  await expect(second).resolves.toBeUndefined();
});

it("checks that wait for places get them in order of arrival", async () => {
  const quota = new Quota(2);
  await quota.acquire(2);
  const served: string[] = [];
  const wait = (name: string, units: number) => quota.acquire(units).then(() => void served.push(name));
  const waiting = [wait("wants two", 2), wait("wants one", 1)];
  quota.release(1);
  await Promise.resolve();
  expect(served).toEqual([]);
  quota.release(1);
  await waiting[0];
  quota.release(2);
  await waiting[1];
  expect(served).toEqual(["wants two", "wants one"]);
});

it("a deadlock is ended by refusing one of those that have places", async () => {
  const quota = new Quota(4);
  const check = (name: string) =>
    quota.actors.act(name, async () => {
      const berth = new Berth(quota, "check", 1);
      try {
        for (const nth of [1, 2, 3]) await berth.take(`${name} ${nth}`);
      } finally {
        for (const nth of [1, 2, 3]) berth.free(`${name} ${nth}`);
        berth.close();
      }
    });
  const ends = await Promise.allSettled([check("a"), check("b")]);
  expect(ends.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  expect(ends.find((end) => end.status === "rejected")?.reason).toBeInstanceOf(NoRoom);
  expect(quota.tryAcquire(4)).toBe(true);
});

it("the places in use never exceed the maximum, everybody ends, and nothing leaks, even after errors", async () => {
  const jobs = fc.array(
    fc.record({ wants: fc.integer({ min: 1, max: 3 }), isStory: fc.boolean(), fails: fc.boolean(), turns: fc.nat(3) }),
    { maxLength: 12 },
  );
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 5 }), jobs, async (max, all) => {
      const quota = new Quota(max);
      let live = 0;
      let most = 0;
      const work = async ({ wants, isStory, fails, turns }: (typeof all)[number], at: number) => {
        const berth = new Berth(quota, isStory ? "story" : "check", isStory ? 1 : wants);
        const made: string[] = [];
        try {
          for (let nth = 0; nth < wants; nth++) {
            await berth.take(`${at} ${nth}`);
            made.push(`${at} ${nth}`);
            most = Math.max(most, ++live);
            for (let turn = 0; turn < turns; turn++) await Promise.resolve();
            if (fails && nth > 0) throw new Error("a defect");
          }
        } finally {
          live -= made.length;
          for (const id of made) berth.free(id);
          berth.close();
        }
      };
      await Promise.allSettled(all.map((job, at) => quota.actors.act(`job ${at}`, () => work(job, at))));
      expect(most).toBeLessThanOrEqual(max);
      expect(live).toBe(0);
      expect(quota.tryAcquire(max)).toBe(true);
    }),
  );
});

describe("a broker that is full", () => {
  it("is never asked for more at once than this run held when it refused", async () => {
    const quota = new Quota(8);
    const berth = new Berth(quota, "check", 0);
    for (const id of ["a", "b", "c"]) await berth.take(id);
    expect(berth.yield("c", true)).toBe(true);
    expect([quota.max, quota.limiter]).toEqual([2, "broker"]);
    const again = berth.take("c");
    berth.free("a");
    await expect(again).resolves.toBeUndefined();
  });

  it("is not waited for if this run holds nothing there", async () => {
    const quota = new Quota(8);
    const berth = new Berth(quota, "check", 0);
    await berth.take("a");
    expect(berth.yield("a", true)).toBe(false);
    expect(quota.max).toBe(8);
  });

  it("leads to an immediate refusal of those that want more than it has room for", async () => {
    const quota = new Quota(3);
    const berth = new Berth(quota, "check", 0);
    for (const id of ["a", "b"]) await berth.take(id);
    const wantsThree = quota.acquire(3);
    berth.yield("b", true);
    await expect(wantsThree).rejects.toThrow("the broker has room for (1: a quota)");
    await expect(quota.acquire(2)).rejects.toBeInstanceOf(NoRoom);
  });

  it("brings the number down with each refusal, so that asking again comes to an end", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 20 }), async (max) => {
        const quota = new Quota(max);
        const berth = new Berth(quota, "check", 0);
        for (let at = 0; at < max; at++) await berth.take(String(at));
        for (let at = max - 1; at > 0; at--) {
          const before = quota.max;
          expect(berth.yield(String(at), true)).toBe(true);
          expect(quota.max).toBeLessThan(before);
        }
        berth.free("0");
        await berth.take("0");
        expect(berth.yield("0", true)).toBe(false);
      }),
    );
  });
});

describe("a deadlock over places", () => {
  it("ends for everybody who still asks, even if others wait for something that is over", async () => {
    const quota = new Quota(1);
    await quota.acquire(1);
    const asks = quota.actors.act("asks", () => quota.acquire(1));
    await quota.actors.act("is over", async () => void quota.acquire(1).catch(() => {}));
    await expect(asks).rejects.toBeInstanceOf(NoRoom);
  });
});
