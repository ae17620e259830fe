import { duration } from "../reports/duration.ts";
import { paintFor } from "../reports/terminal.ts";
import { orderAndBind } from "../scenarios/story/customer.ts";
import { inception } from "../scenarios/story/inception.ts";
import { Brokers } from "../scenarios/cloud/brokers.ts";
import { createWorld } from "../simulators/world.ts";
import { DEFAULTS } from "./defaults.ts";
import { certifyReference } from "./reference.ts";
import { runInterruptibly } from "./session.ts";
import type { StoryLine } from "../scenarios/story/story.ts";
import { storyPrinter } from "./story.ts";

/** The story of the platform on the virtual clock, from an empty cloud to a customer's binding. */
async function playStory(tell: (line: StoryLine) => void): Promise<void> {
  const defects: unknown[] = [];
  // No real server is behind these instances, so their passwords need no slow hash.
  const world = createWorld({ seed: 1, scramIterations: 1 });
  const brokers = new Brokers(world, { report: (error) => defects.push(error) });
  await world.run(async () => {
    await inception(world, { tell });
    const broker = brokers.list().find(({ service }) => service === "postgresql");
    if (broker === undefined) throw new Error("no broker for PostgreSQL is running");
    await orderAndBind(world, broker, tell);
  });
  await brokers.close();
  if (defects.length > 0) throw defects[0];
}

/** The options of `start`. */
interface StartOptions {
  readonly out: string;
  /** Print the event stream of the certification, one line an event, and nothing else. Default false. */
  readonly json?: boolean;
  /** Print one line for the result. Default false. */
  readonly quiet?: boolean;
  readonly version: string;
}

/** `npm start`: plays the story, then boots the cloud on sockets and certifies its broker over HTTP. Returns the exit code. */
export async function start({ json = false, quiet = false, ...options }: StartOptions): Promise<number> {
  const paint = paintFor(process.stdout);
  const isShown = !json && !quiet;
  const printHeading = (text: string): void => void (isShown && process.stdout.write(`\n${paint("bold", text)}\n\n`));
  return runInterruptibly(async (signal) => {
    printHeading("A platform for data services, deployed on an empty cloud (virtual time)");
    const startMs = performance.now();
    await playStory(isShown ? storyPrinter(process.stdout) : () => {});
    printHeading(
      `Done in ${duration(performance.now() - startMs)}. Now the same cloud on sockets, and its broker under test`,
    );
    return certifyReference({ ...options, ...DEFAULTS, json, quiet, ui: true, command: "npm start", signal });
  });
}
