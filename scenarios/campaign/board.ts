import { PgBoss, type Job, type JobWithMetadata } from "pg-boss";
import pg from "pg";
import Type from "typebox";
import { parseAs } from "../clients/answers.ts";
import type { SeedResult } from "../scenario.ts";
import { parseResult, type Played } from "./result.ts";
import { inLock, insertVerdicts, isDuplicate, noteCost, TABLES } from "./tables.ts";
import { splitUnit, Unit } from "./unit.ts";

/** How long a killed worker's unit waits until another worker takes it, in s. */
interface BoardOptions {
  /** Default 60. A unit that takes longer counts as lost. */
  readonly expireS?: number;
  /** Whether this process looks after lost units. Exactly one must. */
  readonly supervises: boolean;
}

/** A unit that a worker has taken, and the number of the attempt. */
export interface TakenUnit {
  readonly unit: Unit;
  readonly id: string;
  /** 0: no worker has lost it yet. */
  readonly retryCount: number;
}

const Completion = Type.Object({ affected: Type.Integer() });

const SCHEMA = "drydock_queue";
const EXPIRE_S = 60;
/** A unit is lost once before it is split; a single seed is lost three times before it becomes a dead letter. */
const RETRIES = 2;

/** Where campaigns put their units and find their verdicts: a queue of pg-boss and a table, in one PostgreSQL. */
export class Board {
  readonly #pool: pg.Pool;
  readonly #boss: PgBoss;
  readonly #queue: string;
  readonly #dead: string;

  private constructor(pool: pg.Pool, boss: PgBoss, version: string) {
    this.#pool = pool;
    this.#boss = boss;
    this.#queue = `seeds-${version}`;
    this.#dead = `dead-${version}`;
  }

  /**
   * Opens a board, and creates its tables if there are none.
   *
   * @param url `postgres://…`
   * @param version of the code: only the code that cut a unit plays it
   * @param onError called with errors that nobody waits for, such as a lost connection
   */
  static async open(
    url: string,
    version: string,
    { expireS = EXPIRE_S, supervises }: BoardOptions,
    onError: (error: Error) => void,
  ): Promise<Board> {
    const pool = new pg.Pool({ connectionString: url, max: 4 });
    pool.on("error", onError);
    await inLock(pool, async (client) => void (await client.query(TABLES)));
    const boss = new PgBoss({
      connectionString: url,
      schema: SCHEMA,
      max: 3,
      supervise: supervises,
      schedule: false,
      superviseIntervalSeconds: 1,
      monitorIntervalSeconds: 1,
    });
    boss.on("error", onError);
    const board = new Board(pool, boss, version);
    await inLock(pool, async () => {
      await boss.start();
      await boss.createQueue(board.#dead, { retryLimit: 0 });
      await boss.createQueue(board.#queue, { retryLimit: RETRIES, expireInSeconds: expireS, deadLetter: board.#dead });
    });
    return board;
  }

  /** Puts units on the board; those of a higher priority are taken first. */
  async put(units: readonly Unit[], priority = 0): Promise<void> {
    await this.#boss.insert(
      this.#queue,
      units.map((data) => ({ data, priority })),
    );
  }

  /** Takes a unit; undefined when none waits. */
  async take(): Promise<TakenUnit | undefined> {
    const options = { batchSize: 1, includeMetadata: true } as const;
    const [job]: JobWithMetadata<unknown>[] = await this.#boss.fetch(this.#queue, options);
    return job && { unit: parseAs(Unit, job.data, "a unit"), id: job.id, retryCount: job.retryCount };
  }

  /** Writes the verdicts of a unit and completes it, or does neither: a worker that counts as lost comes too late. Returns whether it did. */
  complete(taken: TakenUnit, played: readonly Played[], worker: string): Promise<boolean> {
    return this.#settle(taken, async (client) => {
      await insertVerdicts(client, taken.unit.campaign, played, worker);
      await noteCost(client, subjectOf(taken.unit), played);
    });
  }

  /** Replaces a unit with others, or does nothing if it counts as lost. Returns whether it did. */
  replace(taken: TakenUnit, units: readonly Unit[]): Promise<boolean> {
    return this.#settle(taken, async (_client, db) => {
      await this.#boss.insert(
        this.#queue,
        units.map((data) => ({ data, priority: 1 })),
        { db },
      );
    });
  }

  async #settle(
    { id, retryCount }: TakenUnit,
    work: (client: pg.PoolClient, db: TransactionDb) => Promise<void>,
  ): Promise<boolean> {
    const client = await this.#pool.connect();
    const db: TransactionDb = { executeSql: (text, values) => client.query(text, values) };
    let hasSettled = false;
    try {
      await client.query("begin");
      await work(client, db);
      // The library's types do not say what it returns.
      const answer: unknown = await this.#boss.complete(this.#queue, { id, retryCount }, {}, { db });
      const { affected } = parseAs(Completion, answer, "a completion");
      hasSettled = affected === 1;
      await client.query(hasSettled ? "commit" : "rollback");
      client.release();
      return hasSettled;
    } catch (error) {
      client.release(true);
      if (isDuplicate(error)) return false;
      throw error;
    }
  }

  /** Turns seeds that killed their workers into verdicts; several that were lost together, before anybody could split them, are put back. */
  async judgeDead(worker: string): Promise<void> {
    const jobs: Job<unknown>[] = await this.#boss.fetch(this.#dead, { batchSize: 20 });
    for (const { id, data } of jobs) {
      const unit = parseAs(Unit, data, "a unit");
      if (unit.count > 1) {
        await this.#putBack(id, splitUnit(unit));
        continue;
      }
      const { campaign, from } = unit;
      const reason = `the process that plays this seed dies: it was lost ${RETRIES + 1} times`;
      const result: SeedResult = { seed: from, verdict: "fail", digest: "", steps: 0, reason };
      const client = await this.#pool.connect();
      try {
        await insertVerdicts(client, campaign, [{ result, durationMs: 0 }], worker);
        await this.#boss.complete(this.#dead, id);
      } catch (error) {
        if (!isDuplicate(error)) throw error;
        await this.#boss.complete(this.#dead, id);
      } finally {
        client.release();
      }
    }
  }

  /** Puts a dead letter's halves in its place, or does nothing where somebody else has. */
  async #putBack(id: string, halves: readonly Unit[]): Promise<void> {
    const client = await this.#pool.connect();
    const db: TransactionDb = { executeSql: (text, values) => client.query(text, values) };
    try {
      await client.query("begin");
      await this.#boss.insert(
        this.#queue,
        halves.map((data) => ({ data, priority: 1 })),
        { db },
      );
      const answer: unknown = await this.#boss.complete(this.#dead, id, {}, { db });
      const { affected } = parseAs(Completion, answer, "a completion");
      await client.query(affected === 1 ? "commit" : "rollback");
      client.release();
    } catch (error) {
      client.release(true);
      throw error;
    }
  }

  /** Verdicts of a campaign that came after `after`, in the order of their arrival. */
  async verdicts(campaign: string, after: number): Promise<readonly (Played & { readonly at: number })[]> {
    const { rows } = await this.#pool.query<{ result: unknown; duration_ms: number; at: string }>(
      "select result, duration_ms, at from drydock_verdicts where campaign = $1 and at > $2 order by at",
      [campaign, after],
    );
    return rows.map(({ result, duration_ms: durationMs, at }) => ({
      result: parseResult(result),
      durationMs,
      at: Number(at),
    }));
  }

  /** The average time of a subject's seed so far, in ms; undefined if none has been played. */
  async costOf(unit: Pick<Unit, "scenario" | "plantedBug">): Promise<number | undefined> {
    const { rows } = await this.#pool.query<{ ms: number; seeds: string }>(
      "select ms, seeds from drydock_costs where subject = $1",
      [subjectOf(unit)],
    );
    const [cost] = rows;
    return cost && cost.ms / Math.max(1, Number(cost.seeds));
  }

  /** Removes the units of this version that no worker has taken. */
  async clear(): Promise<void> {
    await this.#boss.deleteQueuedJobs(this.#queue);
  }

  async close(): Promise<void> {
    await this.#boss.stop({ graceful: false });
    await this.#pool.end();
  }
}

type TransactionDb = { executeSql(text: string, values?: unknown[]): Promise<pg.QueryResult> };

const subjectOf = ({ scenario, plantedBug }: Pick<Unit, "scenario" | "plantedBug">): string =>
  plantedBug === undefined ? scenario : `${scenario}+${plantedBug}`;
