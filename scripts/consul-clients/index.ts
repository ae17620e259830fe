/**
 * `npm run clients:consul`: has real clients of Consul (its Go client, the command line, consul-template, a Python and an npm client) run a session
 * each at our Consul, and compares what they print with what they printed at a real one (`docs/parity/clients`). `--real` records that.
 *
 * Exit code 0 if every session prints the same, 1 otherwise, 2 for a wrong option.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Option } from "commander";
import { WallDriver } from "../../simulators/kernel/edge/drive.ts";
import { serve } from "../../simulators/kernel/edge/serve.ts";
import { CONSUL_VERSIONS, type ConsulVersion, createDns } from "../../simulators/dns/index.ts";
import { Kernel } from "../../simulators/kernel/index.ts";
import { NODE_ID, startReal } from "../differential/real.ts";
import { fileOf, scriptCommand } from "../command.ts";
import { FOLDER, installClients, programOf, SESSIONS } from "./install.ts";
import { settleOutput } from "./settle.ts";

const EXPECTED = fileOf("../docs/parity/clients");
const SESSION_MS_MAX = 120_000;
const SHOWN_LINES_MAX = 20;

interface Options {
  readonly consul: string;
  readonly release: ConsulVersion;
  readonly only?: string;
  readonly real?: true;
  readonly install?: true;
}

const options = scriptCommand(
  "npm run clients:consul --",
  "Have real clients of Consul run a session each at ours, and compare what they print with what they printed at a real one.",
)
  .option("--consul <path>", "the program of a real Consul: the command line client, and the agent of --real", "consul")
  .addOption(new Option("--release <version>", "which release is simulated").choices(CONSUL_VERSIONS).default("1.22.0"))
  .option("--only <name>", "only this client: go, cli, template, python or npm")
  .option("--install", "install the clients into .drydock first; needs go, npm and python3")
  .option("--real", "run the sessions at the real Consul, and keep what they print")
  .parse()
  .opts<Options>();

interface Client {
  readonly name: string;
  readonly command: readonly [program: string, ...parameters: string[]];
  readonly isThere: boolean;
}

const script = (name: string): string => join(SESSIONS, name);

/** The clients and what they run. The command line is that of the release. */
const CLIENTS: readonly Client[] = [
  { name: "go", command: [programOf("bin/go-session")], isThere: existsSync(programOf("bin/go-session")) },
  { name: "cli", command: ["sh", script("cli.sh")], isThere: true },
  {
    name: "template",
    command: ["sh", script("template.sh")],
    isThere: existsSync(programOf("bin/consul-template")),
  },
  {
    name: "python",
    command: [programOf("python/bin/python"), script("session.py")],
    isThere: existsSync(programOf("python/bin/python")),
  },
  {
    name: "npm",
    command: [process.execPath, script("session.mjs")],
    isThere: existsSync(programOf("npm/node_modules")),
  },
];

/** A Consul to which clients can talk. */
interface Reachable {
  readonly address: string;
  readonly end: () => Promise<void> | void;
}

async function startOurs(): Promise<Reachable> {
  const kernel = new Kernel({ seed: "clients" });
  const dns = createDns(kernel, {
    version: options.release,
    name: "agent-1",
    id: NODE_ID,
    address: "127.0.0.1",
    mode: "dev",
  });
  const driver = new WallDriver(kernel);
  const served = await serve(dns.http, driver, { host: "127.0.0.1", port: 0 });
  return {
    address: `127.0.0.1:${served.port}`,
    end: async () => {
      await served.close();
      driver.stop();
    },
  };
}

async function startOracle(): Promise<Reachable> {
  const real = await startReal(options.consul, options.release, {});
  return { address: `127.0.0.1:${real.httpPort}`, end: () => real.end() };
}

/** What a client prints in its session at a fresh Consul. */
async function outputOf({ command: [program, ...parameters] }: Client): Promise<string> {
  const consul = await (options.real === true ? startOracle() : startOurs());
  const work = mkdtempSync(join(tmpdir(), "consul-client-"));
  try {
    const environment = {
      ...process.env,
      CONSUL_HTTP_ADDR: consul.address,
      CONSUL: options.consul,
      TEMPLATE: programOf("bin/consul-template"),
      CLIENT_FOLDER: programOf("npm"),
      WORK: work,
      no_proxy: "*",
    };
    const child = spawn(program, parameters, { env: environment, stdio: ["ignore", "pipe", "pipe"] });
    const timer = setTimeout(() => child.kill("SIGKILL"), SESSION_MS_MAX);
    const chunks: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    await once(child, "close");
    clearTimeout(timer);
    return settleOutput(Buffer.concat(chunks).toString("utf8"));
  } finally {
    await consul.end();
    rmSync(work, { recursive: true, force: true });
  }
}

/** Prints the lines that differ, and returns how many do. */
function compare(name: string, expected: string, actual: string): number {
  const [wanted, got] = [expected.split("\n"), actual.split("\n")];
  const left = new Map<string, number>();
  for (const line of wanted) left.set(line, (left.get(line) ?? 0) + 1);
  const added = got.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
  const missing = [...left].flatMap(([line, count]) => Array.from({ length: Math.max(0, count) }, () => line));
  const differing = Math.max(added.length, missing.length);
  console.log(`${name}: ${wanted.length - missing.length} of ${wanted.length} lines alike`);
  for (const line of missing.slice(0, SHOWN_LINES_MAX)) console.log(`  - ${line}`);
  for (const line of added.slice(0, SHOWN_LINES_MAX)) console.log(`  + ${line}`);
  return differing;
}

async function main(): Promise<number> {
  if (options.install === true) installClients((line) => console.log(line));
  let differing = 0;
  for (const client of CLIENTS.filter(({ name }) => options.only === undefined || options.only === name)) {
    if (!client.isThere) {
      console.log(`${client.name}: not in ${FOLDER}; --install installs it`);
      continue;
    }
    const output = await outputOf(client);
    const file = join(EXPECTED, `${client.name}-${options.release}.txt`);
    if (options.real === true) {
      mkdirSync(EXPECTED, { recursive: true });
      writeFileSync(file, output);
      console.log(`${client.name}: ${output.split("\n").length} lines kept`);
    } else if (existsSync(file)) differing += compare(client.name, readFileSync(file, "utf8"), output);
    else console.log(`${client.name}: nothing to compare with for ${options.release}`);
  }
  return differing === 0 ? 0 : 1;
}

process.exitCode = await main();
