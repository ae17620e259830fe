import { type Command, Option } from "commander";
import { wholeNumber } from "./whole-number.ts";

function addTarget(load: Command): Command {
  return load
    .option("--target <url>", "the broker, without /v2")
    .option("--username <name>", "user of basic authentication")
    .option("--password <password>", "its password; better: the environment variable DRYDOCK_PASSWORD")
    .option("--token <token>", "a bearer token instead; better: the environment variable DRYDOCK_TOKEN")
    .option("--ca <file>", "PEM file of a private CA")
    .option("--service <name>", "the service, by name or id; default: the first of the catalog")
    .option("--plan <name>", "the plan, by name or id; default: the first of the service")
    .option("--parameters <json>", "parameters of provisions and updates, as a JSON object");
}

function addModel(load: Command): Command {
  return load
    .option("--rate <rate>", "open model: the rate at which requests are due, such as 50/s", "10/s")
    .option("--ramp-to <rate>", "open model: the rate at the end; it changes evenly")
    .addOption(
      new Option("--spacing <spacing>", "open model: at equal intervals, or at random, as from many customers")
        .choices(["even", "poisson"])
        .default("even"),
    )
    .option(
      "--users <n>",
      "closed model instead: the number of users, who each wait for an answer",
      wholeNumber(1, 100_000),
    )
    .option("--think <duration>", "closed model: how long a user pauses after an answer", "0")
    .option("--for <duration>", "how long, such as 30s or 2m", "30s")
    .option(
      "--mix <weights>",
      "which operations to order, by weight",
      "catalog=1,provision=1,bind=2,unbind=2,deprovision=1",
    )
    .option(
      "--instances <n>",
      "how many instances to make before anything is measured; default: 20, if the mix needs any",
      wholeNumber(0, 1_000_000),
    )
    .option("--processes <n>", "how many generators, each a process; default: one, in this process", wholeNumber(1, 64))
    .option("--seed <n>", "the seed that decides what is ordered and when", wholeNumber(0, 2 ** 31 - 1), 1);
}

function addLimits(load: Command): Command {
  return load
    .option("--timeout <duration>", "how long to wait for an answer", "60s")
    .option("--poll <duration>", "how long to pause between two polls of an operation", "1s")
    .option("--max-operation <duration>", "how long to wait for an operation to end", "10m")
    .option(
      "--connections <n>",
      "how many connections at once; default: as many as there are requests waiting",
      wholeNumber(1, 65_000),
    )
    .option(
      "--max-waiting <n>",
      "how many requests may wait for answers at once; a run that needs more is invalid",
      wholeNumber(1, 1_000_000),
      10_000,
    )
    .option(
      "--threshold <bound>",
      "such as p99<500ms, bind:p95<200ms, provision:finished:p99<30s, errors<1%, rate>45/s; repeatable",
      collect,
      [],
    )
    .option(
      "--beside <url>",
      "also request a URL that does no work, ten times a second, to measure the cost of machine and cloud alone",
    )
    .option("--keep", "keep the instances and bindings that were made");
}

const collect = (one: string, before: readonly string[]): readonly string[] => [...before, one];

const HELP = `
Latency counts from when a request was due, not from when it could be sent, so that a stall of the broker is not
hidden by those who wait for it. A run whose generator was later than the broker took to reply is invalid: exit 2.

Exit codes: 0 every threshold is met, 1 one is missed, 2 could not run, or the run is invalid, 130 interrupted.

Examples:
  $ DRYDOCK_PASSWORD=secret drydock load --target http://127.0.0.1:8080 --username admin --rate 50/s --for 2m
  $ drydock load --target $URL --mix provision=2,bind=5,unbind=5,deprovision=2 --threshold 'p99<500ms' --out report
  $ drydock load --target $URL --users 20 --think 100ms --for 1m`;

/** `drydock load`. */
export function addLoad(drydock: Command, endWith: (code: Promise<number>) => Promise<void>): void {
  const load = drydock
    .command("load")
    .description("put load on a broker: latencies count from when requests were due, thresholds decide the exit code");
  addLimits(addModel(addTarget(load)))
    .option("--config <file>", "options, in the sections target and load; default: drydock.yml if there is one")
    .option("--json", "the outcome as JSON: figures, with histograms that merge")
    .option("--quiet", "no progress line")
    .option("--out <dir>", "write load.json and load.html here")
    .addHelpText("after", HELP)
    .action(async (options) => endWith((await import("./load.ts")).load(options)));
}
