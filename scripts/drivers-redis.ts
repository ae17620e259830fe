/**
 * `npm run drivers:redis`: runs the tests of redis-py's own commands against a real Redis and against our engine, and writes the results to
 * docs/dataservices-redis.md. The tests come with redis-py's source distribution, which pip fetches by name; they stay in `.drydock`, outside the
 * repository.
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { portOf } from "../simulators/kernel/edge/connections.ts";
import { wallNowMs } from "../simulators/kernel/edge/drive.ts";
import { Connections } from "../simulators/dataservices/live/redis/embedded/connections.ts";
import { Dispatcher } from "../simulators/dataservices/live/redis/embedded/dispatcher.ts";
import { VERSION } from "../simulators/dataservices/live/redis/embedded/identity.ts";
import { findProgram } from "../simulators/dataservices/live/redis/program.ts";
import { scriptCommand } from "./command.ts";
import { pageOf } from "./drivers/page.ts";
import { outcomesIn, type Outcome } from "./drivers/outcomes.ts";

const run = promisify(execFile);
const REDIS_PY = "5.2.1";
/** Of its test files, those about commands, pipelines, channels, encodings and locks. */
const FILES = [
  "test_commands.py",
  "test_hash.py",
  "test_pipeline.py",
  "test_pubsub.py",
  "test_encoding.py",
  "test_lock.py",
];
const FOLDER = join(".drydock", "drivers");
const PAGE = "docs/dataservices-redis.md";
const RUN_MS_MAX = 900_000;

/** A server at a loopback port, and the function that ends it. */
interface Served {
  readonly port: number;
  readonly end: () => Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const port = portOf(server);
  server.close();
  await once(server, "close");
  return port;
}

async function serveReal(program: string): Promise<Served> {
  const port = await freePort();
  const args = ["--port", String(port), "--save", "", "--dir", FOLDER, "--enable-debug-command", "yes"];
  const child = spawn(program, args, { stdio: "ignore" });
  await sleep(1000);
  return {
    port,
    end: async () => {
      child.kill();
      await once(child, "exit");
    },
  };
}

/** Our engine, whose guests may do everything: the tests expect a server without users. */
async function serveOurs(): Promise<Served> {
  const guest = { username: "default", isOperator: true };
  const dispatcher = new Dispatcher({ nowMs: wallNowMs, random: Math.random, logIn: () => guest, guest });
  const path = join(FOLDER, "s");
  await rm(path, { force: true });
  const connections = await Connections.open(dispatcher, path, 1000);
  const front = createServer((client) => {
    const server = connect(path);
    client.on("error", () => server.destroy());
    server.on("error", () => client.destroy());
    client.setNoDelay(true);
    client.pipe(server).pipe(client);
  }).listen(0, "127.0.0.1");
  await once(front, "listening");
  return {
    port: portOf(front),
    end: async () => {
      await connections.close();
      front.close();
    },
  };
}

/** Fetches redis-py with its tests, and what they need. Returns the folder of the source, and the Python that runs it. */
async function install(): Promise<{ readonly source: string; readonly python: string }> {
  await mkdir(FOLDER, { recursive: true });
  const python = join(process.cwd(), FOLDER, "python", "bin", "python");
  await run("python3", ["-m", "venv", join(FOLDER, "python")]);
  await run(python, ["-m", "pip", "install", "-q", "pytest", "pytest-asyncio", "pytest-timeout", `redis==${REDIS_PY}`]);
  const args = ["download", "-q", "--no-deps", "--no-binary", ":all:", "--dest", FOLDER, `redis==${REDIS_PY}`];
  await run(python, ["-m", "pip", ...args]);
  await run("tar", ["xzf", join(FOLDER, `redis-${REDIS_PY}.tar.gz`), "-C", FOLDER]);
  return { source: join(FOLDER, `redis-${REDIS_PY}`), python };
}

async function test({ port, end }: Served, source: string, python: string, name: string): Promise<readonly Outcome[]> {
  const report = join(process.cwd(), FOLDER, `${name}.xml`);
  const files = FILES.map((file) => join("tests", file));
  const url = `redis://127.0.0.1:${port}/9`;
  const options = [
    "-q",
    "-p",
    "no:cacheprovider",
    "--tb=native",
    "-m",
    "not onlycluster and not redismod",
    "--timeout",
    "20",
    `--junitxml=${report}`,
  ];
  try {
    // A failed test ends pytest with 1; the report has the details.
    await run(python, ["-m", "pytest", ...files, ...options, `--redis-url=${url}`], {
      cwd: source,
      timeout: RUN_MS_MAX,
      maxBuffer: 2 ** 28,
    }).catch(() => {});
    return outcomesIn(await readFile(report, "utf8"));
  } finally {
    await end();
  }
}

scriptCommand(
  "npm run drivers:redis --",
  "Run redis-py's own tests against a real Redis and against our engine.",
).parse();
const program = findProgram();
if (program === undefined) throw new Error("no redis-server 7 or valkey-server on the PATH: nothing to compare with");
const { source, python } = await install();
const real = await test(await serveReal(program.path), source, python, "real");
const ours = await test(await serveOurs(), source, python, "ours");
const page = pageOf({
  driver: `redis-py ${REDIS_PY}`,
  program,
  version: VERSION,
  real,
  ours,
  date: new Date(wallNowMs()),
});
await writeFile(PAGE, page.text);
console.log(`${page.summary}\n${PAGE} is written`);
