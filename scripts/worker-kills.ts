/**
 * `npm run worker-kills`: a campaign whose workers are killed. Several processes work at one queue, and every few seconds one of them gets SIGKILL
 * and another takes its place; then the table of verdicts must be that of one process that plays every seed: none lost, none double.
 *
 * Exit code 0 if it is, 1 otherwise.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import pg from "pg";
import { startPostgres } from "../broker/store/testing.ts";
import { scenarioVersion } from "../cli/scenario-version.ts";
import { Board } from "../scenarios/campaign/board.ts";
import { followCampaign } from "../scenarios/campaign/follow.ts";
import short from "../scenarios/campaign/testing/short.ts";
import { fileOf, scriptCommand, wholeNumber } from "./command.ts";

const options = scriptCommand(
  "npm run worker-kills --",
  "Play a campaign of short seeds with workers of which one is killed every few seconds, and compare its verdicts with those of one process.",
)
  .option("--seeds <n>", "seeds of the campaign", wholeNumber(1), 100_000)
  .option("--workers <n>", "processes that work at once", wholeNumber(1), 4)
  .option("--every <ms>", "a worker is killed every so many ms; 0: none is", wholeNumber(0), 5000)
  .option("--waiting", "seeds that wait a millisecond each, to compare numbers of workers whatever the cores do")
  .parse()
  .opts<{ seeds: number; workers: number; every: number; waiting?: boolean }>();

const SCENARIO = fileOf("../scenarios/campaign/testing/short.ts");
/** A unit of a killed worker is taken again after this time. */
const EXPIRES = "5s";

/** Workers, of which one that is at work is killed at a time: one that still starts would lose nothing. */
class Workers {
  readonly #url: string;
  readonly #running = new Set<ChildProcess>();
  /** Those that have played a unit, the one that began first in front. */
  readonly #atWork = new Set<ChildProcess>();
  kills = 0;

  constructor(url: string) {
    this.#url = url;
    for (let at = 0; at < options.workers; at++) this.#start();
  }

  #start(): void {
    const args = [fileOf("../cli/main.ts"), "worker", "--queue", this.#url, "--expire", EXPIRES];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
    this.#running.add(child);
    // It says a line for each unit.
    child.stderr.once("data", () => this.#running.has(child) && this.#atWork.add(child));
    child.stderr.resume();
  }

  killOne(): void {
    const [child] = this.#atWork;
    if (child === undefined) return;
    child.kill("SIGKILL");
    this.#atWork.delete(child);
    this.#running.delete(child);
    this.kills++;
    this.#start();
  }

  async stop(): Promise<void> {
    const over = [...this.#running].map((child) => once(child, "close"));
    for (const child of this.#running) child.kill("SIGKILL");
    await Promise.all(over);
  }
}

interface Outcome {
  /** Verdict and digest by seed, as the campaign's own process heard them. */
  readonly heard: ReadonlyMap<number, string>;
  /** Verdicts that were heard more than once. */
  readonly double: number;
  readonly kills: number;
  readonly ms: number;
}

const subject = { scenario: SCENARIO, ...(options.waiting === true && { plantedBug: "waiting" }) };
const seedsTo = (last: number): readonly number[] => Array.from({ length: last }, (_, at) => at + 1);

/** Follows a campaign to its end. Returns what was heard of each seed, and how often something was heard again. */
async function follow(
  board: Board,
  last: number,
  onHeard: (count: number) => void,
): Promise<Pick<Outcome, "heard" | "double">> {
  const heard = new Map<number, string>();
  let double = 0;
  const campaign = { subject, urgent: [], seeds: seedsTo(last) };
  for await (const { result } of followCampaign(board, campaign, new AbortController().signal, console.log)) {
    if (heard.has(result.seed)) double++;
    heard.set(result.seed, `${result.verdict} ${result.digest}`);
    onHeard(heard.size);
  }
  return { heard, double };
}

/** Seeds whose cost is measured first, so that units are as long as they will be. */
const MEASURED = 64;

async function playKilled(url: string): Promise<Outcome> {
  const complain = (error: Error): void => console.error(error.message);
  const board = await Board.open(url, scenarioVersion(), { supervises: true, expireS: 5 }, complain);
  const workers = new Workers(url);
  let timer: NodeJS.Timeout | undefined;
  try {
    await follow(board, MEASURED, () => {});
    if (options.every > 0) timer = setInterval(() => workers.killOne(), options.every);
    const startedMs = performance.now();
    let tenths = 0;
    const outcome = await follow(board, options.seeds, (count) => {
      if (count < (tenths + 1) * (options.seeds / 10)) return;
      tenths = Math.floor((count / options.seeds) * 10);
      console.log(`  ${count} of ${options.seeds} · ${workers.kills} killed`);
    });
    return { ...outcome, kills: workers.kills, ms: performance.now() - startedMs };
  } finally {
    clearInterval(timer);
    await workers.stop();
    await board.close();
  }
}

/** Rows of the campaign that came last. */
async function countRows(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ rows: string }>(
    `select count(*) as rows from drydock_verdicts
     where campaign = (select campaign from drydock_verdicts order by at desc limit 1)`,
  );
  await client.end();
  return Number(rows[0]?.rows);
}

async function main(): Promise<number> {
  const postgres = await startPostgres("tcp");
  if ("reason" in postgres) throw new Error(postgres.reason);
  try {
    const { heard, double, kills, ms } = await playKilled(postgres.url);
    const rows = await countRows(postgres.url);
    const alone = await short.prepare({});
    let [lost, differing] = [0, 0];
    for (let seed = 1; seed <= options.seeds; seed++) {
      const { verdict, digest } = await alone.run(seed);
      const other = heard.get(seed);
      if (other === undefined) lost++;
      else if (other !== `${verdict} ${digest}`) differing++;
    }
    const doubled = double + rows - heard.size;
    const pace = `${Math.round((1000 * heard.size) / ms)} seeds a second`;
    console.log(
      `${options.seeds} seeds, ${options.workers} workers, ${kills} killed: ${lost} lost, ${doubled} double, ${differing} differing; ${pace}`,
    );
    return lost + doubled + differing === 0 ? 0 : 1;
  } finally {
    await postgres.stop();
  }
}

process.exitCode = await main();
