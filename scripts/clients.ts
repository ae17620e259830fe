/**
 * `npm run clients`: has the real `openstack` client, which must be on the PATH, run the commands of `docs/parity/recordings/openstack-cli.txt` in
 * its own cloud, and writes the routes that it called to `openstack-cli.json` beside them, from which `npm run parity` takes them.
 *
 * Exit code 0 if the client called any route, 1 otherwise.
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { bootCloud } from "../scenarios/cloud/cloud.ts";
import { SERVICE_NAMES } from "../simulators/openstack/index.ts";
import type { World } from "../simulators/world.ts";
import { scriptCommand } from "./command.ts";

const FOLDER = new URL("../docs/parity/recordings/", import.meta.url);

const { log } = scriptCommand(
  "npm run clients --",
  "Run the real openstack client in a cloud, and record which routes it calls.",
)
  .option("--log", "print what the client prints")
  .parse()
  .opts<{ log?: boolean }>();

/**
 * Arms a delay of zero at each route of OpenStack, which counts the requests and changes none. Returns a function that lists the routes that were
 * called.
 */
function watchRoutes({ kernel, openstack }: World): () => readonly string[] {
  const watched = new Map<number, string>();
  for (const name of SERVICE_NAMES)
    for (const { method, path } of openstack.services[name].routes) {
      const point = `${name}:${method} ${path}`;
      watched.set(kernel.faults.arm({ point, count: null, effect: { kind: "delay", delayMs: 0 } }), point);
    }
  return () => kernel.faults.rules.flatMap(({ id, seen }) => (seen > 0 ? (watched.get(id) ?? []) : [])).sort();
}

/** Feeds commands to the client's interactive mode, which continues after a failed command. */
async function runClient(commands: string, environment: Readonly<Record<string, string>>): Promise<void> {
  const output = log ? "inherit" : "ignore";
  const client = spawn("openstack", [], {
    stdio: ["pipe", output, output],
    env: { ...process.env, ...environment, no_proxy: "*" },
  });
  client.stdin.end(commands);
  await once(client, "close");
}

const { stdout } = await promisify(execFile)("openstack", ["--version"]);
const cloud = await bootCloud({ pace: "instant", services: ["postgresql"] });
try {
  const listCalled = watchRoutes(cloud.world);
  // A paragraph is a process: a command line that the client can't parse ends it.
  for (const commands of readFileSync(new URL("openstack-cli.txt", FOLDER), "utf8").split("\n\n"))
    await runClient(commands, cloud.environment);
  const routes = listCalled();
  writeFileSync(
    new URL("openstack-cli.json", FOLDER),
    `${JSON.stringify({ client: stdout.trim(), routes }, null, 2)}\n`,
  );
  console.log(`${stdout.trim()}: ${routes.length} routes called`);
  if (routes.length === 0) process.exitCode = 1;
} finally {
  await cloud.close();
}
