import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { startPostgres } from "../broker/store/testing.ts";
import { Board } from "../scenarios/campaign/board.ts";
import { type Campaign, followCampaign } from "../scenarios/campaign/follow.ts";
import type { Played } from "../scenarios/campaign/result.ts";
import { UserError } from "./errors.ts";
import { scenarioVersion } from "./scenario-version.ts";

/** Where seeds are played, if not in this process. */
export interface QueueOptions {
  /** URL of a PostgreSQL whose queue other processes work on; true: the one in DRYDOCK_QUEUE. */
  readonly queue?: string | true;
  /** How many processes of this machine. */
  readonly workers?: number;
}

/** Describes what went wrong with the queue. */
export const complain = (error: Error): void =>
  void process.stderr.write(`drydock: the queue: ${error.message.split("\n")[0]}\n`);

/** Puts a campaign on the queue, and yields its verdicts as they come. @throws UserError CLI_NO_QUEUE */
export async function* playOnQueue(
  campaign: Campaign,
  options: QueueOptions,
  signal: AbortSignal,
  say: (line: string) => void,
): AsyncGenerator<Played> {
  await using ends = new AsyncDisposableStack();
  const url = options.queue === undefined ? await startDatabase(ends) : queueUrl(options.queue);
  const board = await openBoard(url);
  ends.defer(() => board.close());
  if (options.workers !== undefined) ends.use(new Workers(url, options.workers));
  yield* followCampaign(board, campaign, signal, say);
}

/** The URL of a queue: as it was given, or from the environment, where a password is better kept. @throws UserError CLI_NO_QUEUE */
export function queueUrl(given: string | true | undefined): string {
  const url = typeof given === "string" ? given : process.env["DRYDOCK_QUEUE"];
  if (url === undefined || !URL.canParse(url) || !/^postgres(ql)?:$/.test(new URL(url).protocol))
    throw new UserError("CLI_NO_QUEUE", "neither --queue nor DRYDOCK_QUEUE has the URL of a PostgreSQL");
  return url;
}

async function startDatabase(ends: AsyncDisposableStack): Promise<string> {
  const postgres = await startPostgres("tcp");
  if ("reason" in postgres) throw new UserError("CLI_NO_QUEUE", `--workers: ${postgres.reason}`);
  ends.defer(() => postgres.stop());
  return postgres.url;
}

async function openBoard(url: string): Promise<Board> {
  try {
    return await Board.open(url, scenarioVersion(), { supervises: true }, complain);
  } catch (error) {
    throw new UserError("CLI_NO_QUEUE", error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error));
  }
}

/** More deaths than this can't be accidents of single seeds. */
const DEATHS_MAX = 100;
const MAIN = fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "./main.ts" : "./main.js", import.meta.url));

/** Workers of this machine, each a process; one that dies is replaced. */
class Workers implements AsyncDisposable {
  readonly #url: string;
  readonly #children = new Set<ChildProcess>();
  #deaths = 0;
  #isOver = false;

  constructor(url: string, count: number) {
    this.#url = url;
    for (let at = 0; at < count; at++) this.#start();
  }

  #start(): void {
    const args = [MAIN, "worker", "--queue", this.#url, "--quiet"];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
    this.#children.add(child);
    child.once("close", () => {
      this.#children.delete(child);
      if (!this.#isOver && ++this.#deaths <= DEATHS_MAX) this.#start();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    const closing = [...this.#children].map((child) => once(child, "close"));
    // Nobody waits any longer for what they were playing.
    for (const child of this.#children) child.kill("SIGKILL");
    await Promise.all(closing);
  }
}
