import { hostname } from "node:os";
import { Board } from "../scenarios/campaign/board.ts";
import { prepareOnce, work } from "../scenarios/campaign/work.ts";
import { parseDuration } from "../scenarios/load/quantities.ts";
import { EXIT } from "./errors.ts";
import { complain, queueUrl } from "./run-queue.ts";
import { findScenario } from "./run-subject.ts";
import { scenarioVersion } from "./scenario-version.ts";
import { runInterruptibly } from "./session.ts";

/** The options of `worker`. */
export interface WorkerOptions {
  /** Default: the one in DRYDOCK_QUEUE. */
  readonly queue?: string;
  /** Ends once nothing has been waiting for this long. */
  readonly idle?: string;
  readonly expire?: string;
  readonly quiet?: boolean;
}

/** `drydock worker`. Returns the exit code. @throws UserError, QuantityError */
export async function worker({ queue, idle, expire, quiet }: WorkerOptions): Promise<number> {
  const say = (line: string): void => void (quiet !== true && process.stderr.write(`${line}\n`));
  const name = `${hostname()}/${process.pid}`;
  const prepare = prepareOnce(async ({ scenario, plantedBug }) =>
    (await findScenario(scenario, {}, say)).prepare(plantedBug === undefined ? {} : { plantedBug }),
  );
  const expireS = expire === undefined ? undefined : Math.ceil(parseDuration(expire) / 1000);
  const options = { supervises: false, ...(expireS !== undefined && { expireS }) };
  const board = await Board.open(queueUrl(queue), scenarioVersion(), options, complain);
  try {
    return await runInterruptibly(async (signal) => {
      const idleMs = idle === undefined ? {} : { idleMs: parseDuration(idle) };
      const seeds = await work({ board, prepare, worker: name, signal, say, ...idleMs });
      say(`${name}: ${seeds} seeds played`);
      return signal.aborted ? EXIT.interrupted : EXIT.ok;
    });
  } finally {
    await board.close();
  }
}
