import { openCloud } from "../scenarios/cloud/opened.ts";
import type { Scenario } from "../scenarios/scenario.ts";
import { claimBlock } from "../simulators/live/block.ts";
import { reportDefect } from "./cloud.ts";
import { keysFile, publishCloud } from "./cloud-state.ts";
import { EXIT, UserError } from "./errors.ts";
import { prepareLivePage } from "./live/open.ts";
import { catchSignals } from "./signals.ts";
import { summary } from "./up.ts";

/** Where a replay stops. */
interface UntilOptions {
  readonly seed: number;
  readonly path?: string;
  readonly plantedBug?: string;
  /** The last step that is played, counted from 1. */
  readonly until: number;
}

/**
 * `drydock replay --until`: plays a seed up to a step, opens its cloud as `drydock up` does, and keeps it until it is interrupted. Returns the exit
 * code.
 *
 * @throws UserError CLI_BAD_OPTION
 */
export async function replayUntil(scenario: Scenario, options: UntilOptions): Promise<number> {
  const { seed, path, plantedBug, until } = options;
  await using ends = new AsyncDisposableStack();
  const claimed = await claimBlock();
  ends.defer(() => claimed.release());
  const interrupted = catchSignals();
  const prepared = await scenario.prepare({ block: claimed.block, ...(plantedBug !== undefined && { plantedBug }) });
  const stopped = await prepared.stopAfter?.(seed, until, path).catch((error: unknown) => {
    if (error instanceof RangeError) throw new UserError("CLI_BAD_OPTION", `--until ${until}: ${error.message}`);
    throw error;
  });
  if (stopped === undefined) throw new UserError("CLI_BAD_OPTION", `--until: ${scenario.name} can't be stopped`);
  const live = prepareLivePage();
  const opening = { seed, claimed, keysFile: keysFile(), hear: live.hear, report: reportDefect };
  const cloud = await openCloud(stopped.world, stopped.brokers, opening);
  ends.defer(() => cloud.close());
  await using page = await live.open(cloud);
  const forget = publishCloud(cloud, { name: cloud.description.block, liveUrl: page.url });
  ends.defer(forget);
  for (const [at, step] of stopped.steps.entries()) process.stdout.write(`${at + 1}  ${step}\n`);
  process.stdout.write(summary(cloud.description, page.url));
  const signal = await interrupted.first;
  process.stderr.write(`\ndrydock: ${signal}: ending the cloud; again to leave at once\n`);
  return EXIT.interrupted;
}
