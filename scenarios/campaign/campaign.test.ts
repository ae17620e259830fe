import fc from "fast-check";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPostgres } from "../../broker/store/testing.ts";
import type { PreparedScenario, SeedResult } from "../scenario.ts";
import { Board, type TakenUnit } from "./board.ts";
import { followCampaign } from "./follow.ts";
import type { Played } from "./result.ts";
import { cutUnits, seedsOfUnit, splitUnit, type Unit } from "./unit.ts";
import { work } from "./work.ts";

const SUBJECT = { scenario: "toy", campaign: "c" };

describe("units", () => {
  const seedsOf = ({ from, count }: Unit): readonly number[] => Array.from({ length: count }, (_, at) => from + at);
  const SEEDS = fc.oneof(
    fc.uniqueArray(fc.nat({ max: 60 })),
    fc.nat({ max: 60 }).map((count) => Array.from({ length: count }, (_, seed) => seed)),
  );

  it("hold each seed once, in order, and never more than asked for; a split loses none", () => {
    fc.assert(
      fc.property(SEEDS, fc.integer({ min: 1, max: 10 }), (seeds, size) => {
        const units = cutUnits(seeds, size, SUBJECT);
        expect(units.flatMap(seedsOf)).toEqual(seeds);
        for (const unit of units) {
          expect(unit.count).toBeLessThanOrEqual(size);
          if (unit.count > 1) expect(splitUnit(unit).flatMap(seedsOf)).toEqual(seedsOf(unit));
        }
      }),
      { numRuns: 50 },
    );
  });

  it("are as large as their cost allows, but hold at least one seed", () => {
    expect([seedsOfUnit(undefined), seedsOfUnit(100), seedsOfUnit(0), seedsOfUnit(60_000)]).toEqual([8, 30, 200, 1]);
  });
});

const postgres = await startPostgres("tcp");
if ("reason" in postgres) process.stderr.write(`skipped: a queue of seeds: ${postgres.reason}\n`);

/** Seeds divisible by seven fail; `lethal` ones never return, as when their process dies. */
const toy = (lethal: ReadonlySet<number> = new Set()): PreparedScenario => {
  const play = async (seed: number): Promise<SeedResult> => {
    if (lethal.has(seed)) throw new Error("the process dies");
    return { seed, verdict: seed % 7 === 0 ? "fail" : "pass", digest: `d${seed}`, steps: 1 };
  };
  return { run: play, replay: play };
};

describe.skipIf("reason" in postgres)("a queue of seeds", () => {
  const boards: Board[] = [];
  const url = "url" in postgres ? postgres.url : "";
  const open = async (version: string, expireS?: number): Promise<Board> => {
    const board = await Board.open(
      url,
      version,
      { supervises: true, ...(expireS !== undefined && { expireS }) },
      () => {},
    );
    boards.push(board);
    return board;
  };
  let board: Board;
  beforeAll(async () => {
    board = await open("v1");
  });
  afterAll(async () => {
    for (const each of boards) await each.close();
    if ("stop" in postgres) await postgres.stop();
  });

  const playAll = ({ from, count }: Unit): readonly Played[] =>
    Array.from({ length: count }, (_, at) => ({
      result: { seed: from + at, verdict: "pass", digest: "d", steps: 1 },
      durationMs: 5,
    }));

  const takeSoon = async (from = board): Promise<TakenUnit> => {
    for (;;) {
      const taken = await from.take();
      if (taken !== undefined) return taken;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  /** Makes a unit as old as one whose worker died: how long a test takes decides nothing. */
  const lose = async ({ id }: TakenUnit): Promise<void> => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const text = "update drydock_queue.job set started_on = started_on - interval '1 day' where id = $1";
    expect((await client.query(text, [id])).rowCount).toBe(1);
    await client.end();
  };

  it("writes verdicts and the completion of their unit together, and rejects a worker that counts as lost", async () => {
    await board.put(cutUnits([1, 2, 3], 3, { ...SUBJECT, campaign: "late" }));
    const first = await takeSoon();
    expect(await board.take()).toBeUndefined();
    await lose(first);
    const again = await takeSoon();
    expect([again.id, again.retryCount]).toEqual([first.id, 1]);
    expect(await board.complete(first, playAll(first.unit), "slow")).toBe(false);
    expect(await board.verdicts("late", 0)).toEqual([]);
    expect(await board.complete(again, playAll(again.unit), "quick")).toBe(true);
    expect(await board.complete(again, playAll(again.unit), "quick")).toBe(false);
    expect((await board.verdicts("late", 0)).map(({ result }) => result.seed)).toEqual([1, 2, 3]);
    expect(await board.costOf(SUBJECT)).toBe(5);
  });

  it("hands out urgent units first, and only those cut by the same version of the code", async () => {
    const other = await open("v2");
    await other.put(cutUnits([5], 1, SUBJECT));
    await other.put(cutUnits([6], 1, SUBJECT), 2);
    expect(await board.take()).toBeUndefined();
    const order = [await takeSoon(other), await takeSoon(other)];
    expect(order.map(({ unit }) => unit.from)).toEqual([6, 5]);
    for (const each of order) await other.complete(each, [], "w");
  });

  it("has the verdicts that one process gives, whatever dies: a unit is split until the seed that kills its worker is alone", async () => {
    const lethal = new Set([13]);
    const over = new AbortController();
    // Long enough for a unit whose worker is only slow.
    const patient = await open("v3", 3);
    const dyingWorker = async (name: string): Promise<void> => {
      const options = {
        board: patient,
        worker: name,
        signal: over.signal,
        say: () => {},
        prepare: async () => toy(lethal),
      };
      while (!over.signal.aborted) await work(options).catch(() => undefined);
    };
    // The second begins after the first verdict: of two that begin together, either may be the first to end.
    const workers = [dyingWorker("a")];
    const verdicts = new Map<number, string>();
    // Twelve and thirteen are the only neighbours, so they make a unit.
    const seeds = [2, 4, 6, 8, 10, 12, 13, 21, 28];
    const campaign = { subject: { scenario: "dies" }, urgent: [21], seeds };
    let first: number | undefined;
    for await (const { result } of followCampaign(patient, campaign, over.signal, () => {})) {
      if (first === undefined) workers.push(dyingWorker("b"));
      first ??= result.seed;
      expect(verdicts.has(result.seed)).toBe(false);
      verdicts.set(result.seed, result.reason ?? result.verdict);
    }
    over.abort();
    await Promise.all(workers);
    expect(first).toBe(21);
    const expected = seeds.map((seed): [number, string] => [seed, seed % 7 === 0 ? "fail" : "pass"]);
    expect(new Map([...verdicts].toSorted(([a], [b]) => a - b))).toEqual(
      new Map(expected).set(13, "the process that plays this seed dies: it was lost 3 times"),
    );
  });
});
