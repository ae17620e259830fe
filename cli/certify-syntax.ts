import { type Command, Option } from "commander";
import { DEFAULTS } from "./defaults.ts";
import { wholeNumber } from "./whole-number.ts";

/** Options that choose the broker, and the part of it to judge. */
function addTarget(certify: Command): Command {
  return certify
    .option("--username <name>", "user of basic authentication")
    .option("--password <password>", "its password; better: the environment variable DRYDOCK_PASSWORD")
    .option("--token <token>", "a bearer token instead; better: the environment variable DRYDOCK_TOKEN")
    .option("--ca <file>", "PEM file of a private CA")
    .option("--profile <profile>", "osb-2.11 … osb-2.17; default: the newest version that the broker accepts")
    .option(
      "--suite <names>",
      "osb, backup, isolation; comma separated; default: osb, and for the reference broker all three",
    )
    .option("--service <name>", "only this service, by name or id")
    .option("--plan <name>", "only this plan, by name or id")
    .option("--only <ids>", "only these checks, by id, comma separated; * stands for any characters")
    .option("--config <file>", "parameters and hooks; default: drydock.yml if there is one")
    .option(
      "--baseline <file>",
      "known failures that are accepted, each with a reason and a day: accept: [{check, reason, until}]",
    );
}

/** How much runs at once, and for how long. */
function addLimits(certify: Command): Command {
  return certify
    .addOption(
      new Option("--plans <which>", "plans that a check tries if they can differ")
        .choices(["first", "all"])
        .default(DEFAULTS.plans),
    )
    .option(
      "--jobs <n>",
      "checks that run side by side; most of the time they wait",
      wholeNumber(1, 1000),
      DEFAULTS.jobs,
    )
    .option(
      "--max-instances <n>",
      "service instances at once; checks that need more are left out",
      wholeNumber(1, 1000),
      DEFAULTS.maxInstances,
    )
    .option("--timeout <seconds>", "longest wait for one answer", wholeNumber(1, 3600))
    .option(
      "--max-operation <seconds>",
      "longest wait for one asynchronous operation",
      wholeNumber(1, 86_400),
      DEFAULTS.maxOperation,
    )
    .option(
      "--max-time <minutes>",
      "end the run then, clean up, and report what is not judged as unknown; default: no limit",
      wholeNumber(1, 100_000),
    );
}

/** The output. */
function addOutput(certify: Command): Command {
  return certify
    .option(
      "--out <dir>",
      "write run.jsonl, summary.md, junit.xml, report.json, report.html, report.sarif, ctrf.json here",
    )
    .option("--json", "the event stream on standard output, one line an event")
    .option("--quiet", "no progress, and one line for the result")
    .option("--ui", "serve a live page of the run while it lasts; its address is printed on standard error")
    .option("--evidence", "show under each finding the requests and answers that led to it, as lines to repeat");
}

/** A signed certificate, and what it says about the target beside the run. */
function addCertificate(certify: Command): Command {
  return certify
    .option("--sign <key>", "sign a certificate with this PEM file (drydock keygen) and write it to --out")
    .option("--target-version <version>", "the broker's version, for the certificate")
    .option("--image <name@sha256:…>", "the broker's image with its digest, for the certificate")
    .option("--no-waivers", "failures that a baseline accepts count nonetheless");
}

/** The syntax of `drydock certify`. `endWith` turns what a command resolves to into the exit code. */
export function addCertify(
  drydock: Command,
  version: () => string,
  endWith: (code: Promise<number>) => Promise<void>,
): void {
  const certify = drydock
    .command("certify")
    .description(
      "a verdict per clause of the Open Service Broker API for any broker; without a URL, for the reference broker in the fake cloud",
    )
    .argument("[url]", "http://host:port of the broker, with its base path if it has one");
  addCertificate(addOutput(addLimits(addTarget(certify))))
    .addHelpText(
      "after",
      "\nExamples:\n  $ drydock certify\n  $ drydock certify http://127.0.0.1:8080 --username admin --password admin --profile osb-2.16 --out report\n  $ drydock certify http://127.0.0.1:8080 --username admin --out report --sign vendor.key.pem --target-version 3.2",
    )
    .action(async (url: string | undefined, options) =>
      endWith((await import("./certify-command.ts")).certifyCommand(url, { ...options, version: version() })),
    );
}
