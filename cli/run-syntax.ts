import type { Command } from "commander";
import type { ReplayOptions, RunOptions } from "./run.ts";
import { UserError } from "./errors.ts";
import { wholeNumber } from "./whole-number.ts";

type EndWith = (code: Promise<number>) => Promise<void>;

/** Options that choose what a scenario is played on. */
const addSubject = (to: Command): Command =>
  to
    .option("--planted-bug <name>", "on a broker with this defect, to see it found")
    .option("--target <url>", "on an external broker instead of the reference broker; only for provisioning")
    .option(
      "--username <name>",
      "the external broker's user of basic authentication; the password comes from DRYDOCK_PASSWORD",
    )
    .option("--ca <file>", "PEM file of the external broker's private CA")
    .option("--service <name>", "the external broker's service, by name or id; default: the first of the catalog")
    .option(
      "--start <command>",
      "the command that starts the external broker, with the cloud in its environment: each seed has its own cloud and its own process, which faults may kill",
    )
    .option(
      "--restart <command>",
      "the command that restarts the external broker, if it already runs on the cloud of this environment (drydock env)",
    )
    .option("--listing <path>", "the external broker's own list of instances: [{id, deployment?}]")
    .option("--patience <duration>", "how long everything may take to end once nothing fails any more; default: 60s")
    .option("--shrinks <n>", "how many plans to try in order to shrink a failure; default: 40", wholeNumber(0, 10_000));

const EXAMPLES = `
Examples:
  $ drydock run provisioning --seeds 200
  $ drydock run provisioning --seeds 50 --planted-bug leak-volume-after-failed-deploy
  $ drydock run ./mine.ts --seeds 100
  $ drydock run provisioning --seeds 10000 --workers 4
  $ drydock run provisioning --target http://127.0.0.1:8080 --username admin --start 'python3 broker.py' --seeds 5
  $ drydock run --faults plan.yml -- npm run smoke-test`;

type Words = RunOptions & { readonly faults?: string };

/** The arguments are the scenario or, after `--`, the command that makes the traffic for --faults. */
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
      .option("--workers <n>", "play the seeds in this many processes of this machine", wholeNumber(1, 256))
      .option(
        "--queue [url]",
        "put the seeds on a queue in this PostgreSQL (default: DRYDOCK_QUEUE), at which drydock worker works",
      )
      .option(
        "--faults <plan.yml>",
        "instead of a scenario, a file of faults for a fake cloud; the command after -- makes the traffic",
      )
      .option("--ui", "serve a live page of the seeds meanwhile; its address is on standard error")
      .option("--list", "name the scenarios")
      .option("--json", "print one line of JSON for each seed: seed, verdict, digest")
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
      .option("--step", "walk through it: the state before and after each step; Enter shows the next")
      .option("--out <dir>", "write the page of the seed here: lanes in time, states, records, shrunk beside drawn")
      .option("--until <step>", "stop after this step, and keep the cloud open, as up does", wholeNumber(1, 1000))
      .option("--json", "one line of JSON"),
  )
    .addHelpText(
      "after",
      "\nExamples:\n  $ drydock replay provisioning --seed 7\n  $ drydock replay provisioning --seed 7 --step\n  $ drydock replay provisioning --seed 7 --until 3",
    )
    .action(async (scenario: string, options: ReplayOptions) =>
      endWith((await import("./run.ts")).replay(scenario, options)),
    );
}

function addWorker(drydock: Command, endWith: EndWith): void {
  drydock
    .command("worker")
    .description("play the seeds that drydock run --queue has put on a queue in PostgreSQL")
    .option("--queue <url>", "postgres://USER@HOST/DATABASE; better: the environment variable DRYDOCK_QUEUE")
    .option("--idle <duration>", "end once nothing has been waiting for this long; default: wait forever")
    .option("--expire <duration>", "how long until a unit that a worker took counts as lost; default: 60s")
    .option("--quiet", "print nothing about what is played")
    .addHelpText("after", "\nExample:\n  $ drydock worker --queue postgres://drydock@db/drydock --idle 30s")
    .action(async (options) => endWith((await import("./worker.ts")).worker(options)));
}

/** `drydock run`, `drydock replay` and `drydock worker`. */
export function addRunCommands(drydock: Command, version: () => string, endWith: EndWith): void {
  addRun(drydock, version, endWith);
  addReplay(drydock, endWith);
  addWorker(drydock, endWith);
}
