import type { Command } from "commander";
import type { ReplayOptions, RunOptions } from "./run.ts";
import { UserError } from "./errors.ts";
import { wholeNumber } from "./whole-number.ts";

type EndWith = (code: Promise<number>) => Promise<void>;

/** Options that choose what a scenario is played on. */
const addSubject = (to: Command): Command =>
  to
    .option("--planted-bug <name>", "on a broker with this defect, to see it found")
    .option("--target <url>", "on an external broker instead of the reference broker; provisioning alone")
    .option("--username <name>", "its user of basic authentication; the password comes from DRYDOCK_PASSWORD")
    .option("--ca <file>", "PEM file of its private CA")
    .option("--service <name>", "its service, by name or id; default: the first of the catalog")
    .option(
      "--start <command>",
      "starts it, with the cloud in its environment: each seed has a cloud and a process of its own, which faults kill as well",
    )
    .option("--restart <command>", "restarts it, where it runs already on the cloud of this environment (drydock env)")
    .option("--listing <path>", "its own list of instances: [{id, deployment?}]")
    .option("--patience <duration>", "within which everything must have ended once nothing fails; default: 60s")
    .option("--shrinks <n>", "plans that are tried to shrink a failure; default: 40", wholeNumber(0, 10_000));

const EXAMPLES = `
Examples:
  $ drydock run provisioning --seeds 200
  $ drydock run provisioning --seeds 50 --planted-bug leak-volume-after-failed-deploy
  $ drydock run ./mine.ts --seeds 100
  $ drydock run provisioning --seeds 10000 --workers 4
  $ drydock run provisioning --target http://127.0.0.1:8080 --username admin --start 'python3 broker.py' --seeds 5
  $ drydock run --faults plan.yml -- npm run smoke-test`;

type Words = RunOptions & { readonly faults?: string };

/** Words are the scenario, and behind `--` the traffic of --faults. */
async function runWords(words: readonly string[], options: Words): Promise<number> {
  if (options.faults !== undefined)
    return (await import("./run-faults.ts")).runWithFaults(words, { ...options, faults: options.faults });
  const [scenario = "provisioning", surplus] = words;
  if (surplus !== undefined) throw new UserError("CLI_BAD_OPTION", `${surplus}: one scenario at a time`);
  return (await import("./run.ts")).run(scenario, options);
}

function addRun(drydock: Command, version: () => string, endWith: EndWith): void {
  addSubject(
    drydock
      .command("run")
      .description("property-based scenarios under injected faults, from one seed each")
      .argument(
        "[scenario...]",
        "a name of --list, default provisioning, or a file of your own; with --faults, the command",
      )
      .option("--seeds <n>", "how many seeds", wholeNumber(1, 10_000_000), 100)
      .option("--from <n>", "the first seed", wholeNumber(0, 2 ** 31 - 1), 1)
      .option("--coverage", "print what the seeds exercised: steps, faults, laws, states, and pairs never met")
      .option("--workers <n>", "play the seeds in so many processes of this machine", wholeNumber(1, 256))
      .option(
        "--queue [url]",
        "put the seeds on a queue in this PostgreSQL (default: DRYDOCK_QUEUE), at which drydock worker works",
      )
      .option(
        "--faults <plan.yml>",
        "no scenario: these faults, on a fake cloud whose traffic the command behind -- makes",
      )
      .option("--ui", "serve a live page of the seeds meanwhile; its address is on standard error")
      .option("--list", "name the scenarios")
      .option("--json", "one line of JSON a seed: seed, verdict, digest")
      .option("--quiet", "no progress, and one line for the result")
      .option("--out <dir>", "write run.jsonl, junit.xml, report.json, report.html here"),
  )
    .addHelpText("after", EXAMPLES)
    .action(async (words: string[], options: Omit<Words, "version">) =>
      endWith(runWords(words, { ...options, version: version() })),
    );
}

function addReplay(drydock: Command, endWith: EndWith): void {
  addSubject(
    drydock
      .command("replay")
      .description("run one seed again, or one shrunk counterexample of it")
      .argument("<scenario>")
      .requiredOption("--seed <n>", "the seed", wholeNumber(0, 2 ** 31 - 1))
      .option("--path <path>", "the path of the counterexample, as the failure printed it")
      .option("--step", "walk through it: the state before and after each step; Enter goes on")
      .option("--out <dir>", "write the page of the seed here: lanes in time, states, records, shrunk beside drawn")
      .option("--json", "one line of JSON"),
  )
    .addHelpText(
      "after",
      "\nExamples:\n  $ drydock replay provisioning --seed 7\n  $ drydock replay provisioning --seed 7 --step",
    )
    .action(async (scenario: string, options: ReplayOptions) =>
      endWith((await import("./run.ts")).replay(scenario, options)),
    );
}

function addWorker(drydock: Command, endWith: EndWith): void {
  drydock
    .command("worker")
    .description("play seeds that drydock run --queue has put on a queue in PostgreSQL")
    .option("--queue <url>", "postgres://USER@HOST/DATABASE; better: the environment variable DRYDOCK_QUEUE")
    .option("--idle <duration>", "end once nothing has waited for so long; default: wait for ever")
    .option("--expire <duration>", "after which a unit that was taken counts as lost; default: 60s")
    .option("--quiet", "say nothing of what is played")
    .addHelpText("after", "\nExample:\n  $ drydock worker --queue postgres://drydock@db/drydock --idle 30s")
    .action(async (options) => endWith((await import("./worker.ts")).worker(options)));
}

/** `drydock run`, `drydock replay` and `drydock worker`. */
export function addRunCommands(drydock: Command, version: () => string, endWith: EndWith): void {
  addRun(drydock, version, endWith);
  addReplay(drydock, endWith);
  addWorker(drydock, endWith);
}
