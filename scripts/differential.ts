import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isObject, Kernel, makeRequest, Process, serialise } from "../simulators/kernel/index.ts";
import { createDns } from "../simulators/dns/index.ts";
import { differences } from "../simulators/dns/parity/compare.ts";
import { SIBLINGS, type SiblingRequest } from "../simulators/dns/parity/siblings.ts";
import { scriptCommand } from "./command.ts";

/*
 * `npm run differential -- --consul PATH`: sends the same requests to a real Consul 1.22 on this machine and to ours, and lists the differences. The real one runs as a development agent on its own loopback ports.
 */

const PORT = 28_500;
const UP_MS_MAX = 30_000;

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const VARIABLE =
  /^(?:CreateIndex|ModifyIndex|Hash|Index|PrimaryModifyIndex|UpdatedAt|ID|SNI|Name|PeeringToken|Tags|Port)$/;

/** A value without the parts that differ from run to run. */
function settle(value: unknown, key = ""): unknown {
  if (VARIABLE.test(key) && (typeof value !== "string" || key !== "Name" || value.includes(".internal."))) return "*";
  if (Array.isArray(value)) return value.map((each) => settle(each));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, settle(each, name)]));
}

const read = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

const bodyOf = ({ body }: SiblingRequest): string =>
  body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body);

async function askReal({ method, path, ...request }: SiblingRequest): Promise<Answer> {
  const body = bodyOf({ method, path, ...request });
  const reply = await fetch(`http://127.0.0.1:${PORT}${path}`, { method, ...(body !== "" && { body }) });
  return { status: reply.status, body: read(await reply.text()) };
}

async function startReal(binary: string, directory: string): Promise<ChildProcess> {
  const ports = {
    http: PORT,
    dns: PORT + 100,
    grpc: PORT + 2,
    grpc_tls: PORT + 3,
    server: PORT - 200,
    serf_lan: PORT - 199,
    serf_wan: PORT - 198,
  };
  const file = join(directory, "consul.json");
  writeFileSync(file, JSON.stringify({ node_name: "agent-1", ports }));
  const child = spawn(binary, ["agent", "-dev", "-config-file", file], { stdio: "ignore" });
  for (const untilMs = Date.now() + UP_MS_MAX; Date.now() < untilMs; await sleep(250)) {
    const leader = await fetch(`http://127.0.0.1:${PORT}/v1/status/leader`).then(
      (reply) => reply.text(),
      () => "",
    );
    if (leader.includes(":")) return child;
  }
  child.kill();
  throw new Error("the real Consul has no leader");
}

const { consul: binary } = scriptCommand(
  "npm run differential --",
  "Send the same requests to a real Consul 1.22 on this machine and to ours, and list the differences.",
)
  .option("--consul <path>", "the executable of the real Consul 1.22", "consul")
  .parse()
  .opts<{ consul: string }>();

async function main(): Promise<number> {
  const kernel = new Kernel({ seed: "differential" });
  const ours = createDns(kernel, { version: "1.22.0", name: "agent-1", address: "127.0.0.1", mode: "dev" });
  kernel.advanceBy(2000);
  const askOurs = ({ method, path, ...request }: SiblingRequest): Answer => {
    const body = bodyOf({ method, path, ...request });
    const flight = ours.http.receive(makeRequest(method, path, { headers: { host: "127.0.0.1:8500" }, body }));
    if (flight instanceof Process) throw new Error(`${method} ${path} waits`);
    return { status: flight.status, body: read(Buffer.from(serialise(flight).body).toString("utf8")) };
  };
  const directory = mkdtempSync(join(tmpdir(), "differential-"));
  const real = await startReal(binary, directory);
  let differing = 0;
  try {
    for (const request of SIBLINGS) {
      const found = differences(settle(await askReal(request)), settle(askOurs(request)));
      if (found.length === 0) continue;
      differing++;
      console.log(`${request.method} ${request.path} ${bodyOf(request).slice(0, 160)}`);
      for (const line of found) console.log(`    ${line}`);
    }
  } finally {
    real.kill();
    rmSync(directory, { recursive: true });
  }
  console.log(`${SIBLINGS.length - differing} of ${SIBLINGS.length} alike`);
  return differing === 0 ? 0 : 1;
}

process.exitCode = await main();
