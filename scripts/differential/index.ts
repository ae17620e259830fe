import { comparePackets } from "./packets.ts";
import { type RealConsul, startReal } from "./real.ts";
import { isObject, Kernel, makeRequest, Process, serialise } from "../../simulators/kernel/index.ts";
import { CONSUL_VERSIONS, type ConsulVersion, createDns } from "../../simulators/dns/index.ts";
import { differences } from "../../simulators/dns/parity/compare.ts";
import { SIBLINGS, type SiblingRequest } from "../../simulators/dns/parity/siblings.ts";
import { Option } from "commander";
import { scriptCommand, share, wholeNumber } from "../command.ts";

/*
 * `npm run differential -- --consul PATH --version 1.22.0`: asks a real Consul on this machine and ours the same, and lists where they differ. The
 * real one runs as a development agent on loopback ports of its own.
 */

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

async function askReal({ httpPort }: RealConsul, { method, path, ...request }: SiblingRequest): Promise<Answer> {
  const body = bodyOf({ method, path, ...request });
  const reply = await fetch(`http://127.0.0.1:${httpPort}${path}`, { method, ...(body !== "" && { body }) });
  return { status: reply.status, body: read(await reply.text()) };
}

/** Sends a real Consul and ours the same requests over HTTP; prints each reply that differs, and returns how many do. */
async function compareRequests(real: RealConsul): Promise<number> {
  const kernel = new Kernel({ seed: "differential" });
  const ours = createDns(kernel, { version: "1.22.0", name: "agent-1", address: "127.0.0.1", mode: "dev" });
  kernel.advanceBy(2000);
  const askOurs = ({ method, path, ...request }: SiblingRequest): Answer => {
    const body = bodyOf({ method, path, ...request });
    const flight = ours.http.receive(makeRequest(method, path, { headers: { host: "127.0.0.1:8500" }, body }));
    if (flight instanceof Process) throw new Error(`${method} ${path} waits`);
    return { status: flight.status, body: read(Buffer.from(serialise(flight).body).toString("utf8")) };
  };
  let differing = 0;
  for (const request of SIBLINGS) {
    const found = differences(settle(await askReal(real, request)), settle(askOurs(request)));
    if (found.length === 0) continue;
    differing++;
    console.log(`${request.method} ${request.path} ${bodyOf(request).slice(0, 160)}`);
    for (const line of found) console.log(`    ${line}`);
  }
  console.log(`${SIBLINGS.length - differing} of ${SIBLINGS.length} requests alike`);
  return differing;
}

interface Options {
  readonly consul: string;
  readonly version: ConsulVersion;
  readonly packets: number;
  readonly damage: number;
  readonly seed: number;
}

const options = scriptCommand(
  "npm run differential --",
  "Send a real Consul on this machine and ours the same DNS packets and requests, and list where they differ.",
)
  .option("--consul <path>", "the program of the real Consul", "consul")
  .addOption(new Option("--version <version>", "its release").choices(CONSUL_VERSIONS).default("1.22.0"))
  .option(
    "--packets <n>",
    "how many DNS packets, half of them to an agent that truncates and caches differently",
    wholeNumber(0),
    2000,
  )
  .option("--damage <share>", "share of the packets that are damaged", share, 0)
  .option("--seed <n>", "the seed from which packets are drawn", wholeNumber(0), 1)
  .parse()
  .opts<Options>();

/** Half of the packets go to an agent with default settings, half to a configured one. */
const CONFIGS: readonly object[] = [
  {},
  {
    dns_config: {
      enable_truncate: true,
      udp_answer_limit: 5,
      node_ttl: "10s",
      service_ttl: { "*": "3s", web: "7s" },
      soa: { min_ttl: 4 },
    },
  },
];

async function main(): Promise<number> {
  let differing = 0;
  for (const [at, config] of CONFIGS.entries()) {
    const real = await startReal(options.consul, options.version, config);
    try {
      if (at === 0 && options.version === "1.22.0") differing += await compareRequests(real);
    } finally {
      real.end();
    }
    const fresh = await startReal(options.consul, options.version, config);
    try {
      const packets = Math.ceil(options.packets / CONFIGS.length);
      differing += await comparePackets(fresh, { ...options, config, packets, seed: options.seed + at });
    } finally {
      fresh.end();
    }
  }
  return differing === 0 ? 0 : 1;
}

process.exitCode = await main();
