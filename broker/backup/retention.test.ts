import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backupRow } from "../store/testing/rows.ts";
import { expiredBackups } from "./retention.ts";

const DAY_MS = 86_400_000;
const NOW_MS = 1000 * DAY_MS;

const backup = fc.record({
  state: fc.constantFrom("succeeded", "succeeded", "failed", "running", "deleted"),
  ageDays: fc.nat({ max: 100 }),
});

describe("retention", () => {
  it("removes only good backups: old ones with enough newer good ones, and never the newest", () => {
    fc.assert(
      fc.property(
        fc.array(backup, { maxLength: 20 }),
        fc.nat({ max: 5 }),
        fc.nat({ max: 60 }),
        (drawn, keepMin, keepDays) => {
          const rows = drawn.map(({ state, ageDays }, at) => {
            const endedMs = NOW_MS - ageDays * DAY_MS;
            return backupRow(`b${at}`, "a", { state, triggered_ms: endedMs - 1, finished_ms: endedMs });
          });
          const gone = new Set(expiredBackups(rows, { keepMin, keepDays }, NOW_MS));
          const good = rows.filter(({ state }) => state === "succeeded");
          const kept = good.filter((row) => !gone.has(row));
          expect([...gone].every((row) => row.state === "succeeded")).toBe(true);
          expect(kept.length).toBeGreaterThanOrEqual(Math.min(good.length, Math.max(1, keepMin)));
          // Those removed are older than keepDays, and than every one that is kept; those kept are young or among the newest.
          for (const row of gone) expect(row.finished_ms).toBeLessThan(NOW_MS - keepDays * DAY_MS);
          const oldestKept = Math.min(...kept.map(({ triggered_ms: ms }) => ms));
          for (const row of gone) expect(row.triggered_ms).toBeLessThanOrEqual(oldestKept);
          const old = kept.filter(({ finished_ms: ms }) => ms < NOW_MS - keepDays * DAY_MS);
          if (old.length > 0) expect(kept.length).toBe(Math.min(good.length, Math.max(1, keepMin)));
        },
      ),
    );
  });
});
