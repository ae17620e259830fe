import { readFileSync } from "node:fs";
import { Command, Option } from "commander";
import { addCertificateCommands } from "./certificate-syntax.ts";
import { addCertify } from "./certify-syntax.ts";
import { addCloudCommands, addOwnTerminal } from "./clouds/syntax.ts";
import { addLoad } from "./load-syntax.ts";
import { addRunCommands } from "./run-syntax.ts";
import { addNameOptions } from "./names-syntax.ts";
import { addSetupCommands } from "./setup-syntax.ts";
import { CLOUD_PROFILES } from "../simulators/openstack/profiles.ts";
import { applyFile } from "./file-options.ts";
import { wholeNumber } from "./whole-number.ts";

/** `package.json` lies one folder above the sources and two above the built files. */
function version(): string {
  const at = import.meta.url.endsWith(".ts") ? "../package.json" : "../../package.json";
  const manifest: unknown = JSON.parse(readFileSync(new URL(at, import.meta.url), "utf8"));
  if (typeof manifest === "object" && manifest !== null && "version" in manifest) return String(manifest.version);
  throw new Error(`${at} names no version`);
}

const EXIT_CODES = `
Exit codes:
  0    everything requested was exercised and holds, all seeds passed, or exec's command ended with 0
  1    a MUST is violated, or a seed failed
  2    could not run (unreachable broker, bad file, unknown name: one line says what to do), or could not be
       determined: a check reached no verdict, or nothing in a requested suite could be exercised
  130  interrupted with Ctrl-C, or its reader left, after cleaning up
  141  its reader left, and there was nothing to clean up

Only a run that nothing narrows (--only, --service, --plan, too low a --max-instances) says "Conformant".`;

const seed = (): Option =>
  new Option(
    "--seed <n>",
    "the seed of ids, addresses, faults and all passwords: same seed, same cloud; default: a new seed, and random passwords",
  ).argParser(wholeNumber(0, 2 ** 31 - 1));
const pace = (): Option =>
  new Option("--pace <pace>", "how long simulated work takes").choices(["realistic", "fast", "instant"]);
const store = (): Option =>
  new Option(
    "--store <kind>",
    "where the brokers keep their state: in memory, or in a PostgreSQL with a primary and a standby",
  ).choices(["embedded", "postgres-ha"]);
const profile = (): Option =>
  new Option(
    "--profile <profile>",
    "the OpenStack of the cloud: hosts and agents that do their work, or the bare control plane that was recorded",
  ).choices(CLOUD_PROFILES);
const catalog = (): Option =>
  new Option(
    "--catalog <size>",
    "what the brokers offer: small, a plan of each kind of one version; full, every plan of every version that this machine can run",
  ).choices(["small", "full"]);
const block = (): Option =>
  new Option("--block <block>", "the /16 of 127.0.0.0/8 for the cloud, such as 127.64; default: the first free one");

const services = (): Option =>
  new Option(
    "--services <names>",
    "the services whose control planes are deployed, comma separated; default: postgresql,redis,mongodb",
  ).argParser(commaSeparated);
const commaSeparated = (text: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  ...text.split(",").map((each) => each.trim()),
];
const faults = (): Option =>
  new Option(
    "--faults <plan>",
    "rules of faults, armed once the cloud is up (docs/faults.md): a YAML file, or the rules as JSON",
  );
const config = (): Option =>
  new Option("--config <file>", "options of this command, in its sections; default: drydock.yml if there is one");

const data = (): Option =>
  new Option(
    "--data <dir>",
    "keep the cloud in this folder, so that it outlives its process, even kill -9: if there is one in it, that goes on",
  );

const director = (): Option =>
  new Option(
    "--director <file>",
    "settings of the director: users, teams, basic authentication, config server, snapshots, workers, health monitor; a YAML file, or JSON",
  );

/** Takes what a command resolves to: the exit code. */
type EndWith = (code: Promise<number>) => Promise<void>;

function addStart(drydock: Command, endWith: EndWith): void {
  drydock
    .command("start")
    .description("boot the fake cloud, deploy the platform on it, and certify its broker")
    .option("--out <dir>", "where the reports go", "drydock-report")
    .option("--json", "the event stream of the certification on standard output, one line an event")
    .option("--quiet", "no story and no progress, and one line for the result")
    .addHelpText("after", "\nExample:\n  $ npm start")
    .action(async (options: { out: string; json?: boolean; quiet?: boolean }) =>
      endWith((await import("./start.ts")).start({ ...options, version: version() })),
    );
}

function addUp(drydock: Command, endWith: EndWith): void {
  addOwnTerminal(addNameOptions(drydock.command("up")))
    .description("boot the fake cloud and keep it until Ctrl-C")
    .option("--json", "one line of JSON with every address and credential, once ready")
    .addOption(seed())
    .addOption(pace().default("fast"))
    .addOption(block())
    .addOption(data())
    .addOption(store())
    .addOption(director())
    .addOption(profile().default("agents"))
    .addOption(catalog())
    .addOption(services())
    .addOption(faults())
    .addOption(config())
    .addHelpText(
      "after",
      "\nExamples:\n  $ drydock up\n  $ drydock up --node-ttl 5s --consul-version 1.8.7\n  $ drydock up --json --pace realistic > cloud.json\n  $ drydock up --name blue --detach\n  $ drydock up --data ~/clouds/blue",
    )
    .action(async (options) =>
      endWith((await import("./clouds/up-or-detach.ts")).upOrDetach({ ...options, version: version() })),
    );
}

function addEnv(drydock: Command, endWith: EndWith): void {
  drydock
    .command("env")
    .description('print the environment of a cloud that is up, for: eval "$(drydock env)"')
    .option("--name <name>", "which cloud; default: the newest")
    .option("--json", "as JSON")
    .addHelpText("after", '\nExamples:\n  $ eval "$(drydock env)"\n  $ drydock env --name blue --json')
    .action(async (options) => endWith((await import("./env.ts")).env(options)));
}

function addExec(drydock: Command, endWith: EndWith): void {
  addNameOptions(drydock.command("exec"))
    .description(
      "boot a fake cloud for a command, with its addresses in the environment; exits with the command's exit code",
    )
    .argument("[command...]", "the command and its arguments, after --")
    .addOption(seed())
    .addOption(pace().default("instant"))
    .addOption(block())
    .addOption(data())
    .addOption(store())
    .addOption(director())
    .addOption(profile().default("agents"))
    .addOption(catalog())
    .addOption(services())
    .addOption(faults())
    .addOption(config())
    .option("--ui", "serve a live page of the cloud while it runs; its address is printed on standard error")
    .addHelpText("after", "\nExamples:\n  $ drydock exec -- npm test\n  $ drydock exec -- sh -c 'bosh -n deployments'")
    .passThroughOptions()
    .action(async (command: string[], options) =>
      endWith((await import("./exec.ts")).exec(command, { ...options, version: version() })),
    );
}

function addBroker(drydock: Command, endWith: EndWith): void {
  drydock
    .command("broker")
    .description(
      "run a control plane of the reference broker as a process (serve, the default), or a job on its store (rotate-keys)",
    )
    .argument("[command-and-file...]", "what to do, and the file of the settings; the environment wins over it")
    .addHelpText("after", "\nExamples:\n  $ drydock broker broker.yml\n  $ drydock broker rotate-keys broker.yml")
    .action(async (words: string[]) => endWith((await import("../broker/commands.ts")).runBrokerCommand(words)));
}

function addClauses(drydock: Command, endWith: EndWith): void {
  drydock
    .command("clauses")
    .description("the clauses of the specification and the checks that judge them")
    .option("--json", "a list of {id, level, since, testable, checks, reason}")
    .addHelpText("after", "\nExamples:\n  $ drydock clauses\n  $ drydock clauses --json > clauses.json")
    .action(async (options) => endWith((await import("./clauses.ts")).clauses(options)));
}

function addSelftest(drydock: Command, endWith: EndWith): void {
  drydock
    .command("selftest")
    .description("run the suites on brokers with one planted defect each, and print which checks noticed")
    .option("--json", "the kill matrix as JSON")
    .option("--suite <name>", "osb, backup or isolation; default: all")
    .option("--only <ids>", "only these checks, by id, comma separated; * stands for any characters")
    .option("--mutant <ids>", "only these mutants, likewise; default: those meant for the checks")
    .addHelpText(
      "after",
      "\nExamples:\n  $ drydock selftest --suite backup\n  $ drydock selftest --only request-identity-echoed",
    )
    .action(async (options) => endWith((await import("./selftest.ts")).selftest(options)));
}

function addReport(drydock: Command, endWith: EndWith): void {
  drydock
    .command("report")
    .description("write the reports of a finished run, or of several runs merged")
    .argument("<runs...>", "folders or run.jsonl files that drydock wrote")
    .requiredOption("--out <dir>", "where the reports go")
    .option("--json", "the verdict, the counts and the files, as one line of JSON")
    .option("--quiet", "one line for the result")
    .addHelpText("after", "\nExample:\n  $ drydock report shard-1 shard-2 --out merged")
    .action(async (runs: string[], options: { out: string; json?: boolean; quiet?: boolean }) =>
      endWith((await import("./report.ts")).report(runs, options)),
    );
}

/** The command line alone: each command loads what it needs when it runs. `onEnd` gets the exit code of the command that ran. */
export function createProgram(onEnd: (exitCode: number) => void = () => {}): Command {
  const endWith: EndWith = async (code) => onEnd(await code);
  const drydock = new Command("drydock")
    .description("A whole fake cloud that proves, without a real one, that a service broker is correct.")
    .version(version())
    .option("--debug", "show where an error comes from")
    .showSuggestionAfterError()
    .enablePositionalOptions()
    .addHelpText("after", EXIT_CODES);
  const addCertification = (to: Command): void => addCertify(to, version, endWith);
  const addCertificates = (to: Command): void => addCertificateCommands(to, version, endWith);
  const addRuns = (to: Command): void => addRunCommands(to, version, endWith);
  for (const add of [
    addStart,
    addUp,
    addEnv,
    addExec,
    addBroker,
    addCertification,
    addClauses,
    addSelftest,
    addRuns,
    addLoad,
    addReport,
    addCertificates,
    addSetupCommands,
    addCloudCommands,
  ])
    add(drydock, endWith);
  drydock.hook("preAction", (_drydock, command) => applyFile(command));
  return drydock;
}
