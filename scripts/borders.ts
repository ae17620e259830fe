/**
 * The import borders of the house, as data. A folder may import what stands below it, never sideways or up:
 * cli > reports > scenarios > conformance > broker > simulators > kernel, with the exceptions named in `ALLOWED`.
 * It also keeps the wall clock and unseeded randomness out of `simulators/` (the kernel and the edges it names aside).
 */
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/** Which rooms a room may import from. A path belongs to the longest room that is its prefix. */
const ALLOWED: Record<string, readonly string[]> = {
  "simulators/kernel": [],
  "simulators/parity": [],
  "simulators/openstack": ["simulators/kernel", "simulators/parity"],
  "simulators/dns": ["simulators/kernel", "simulators/parity"],
  "simulators/dataservices": ["simulators/kernel"],
  "simulators/bosh": ["simulators/kernel", "simulators/parity"],
  "simulators/bosh/openstack-cpi": ["simulators/kernel", "simulators/bosh", "simulators/openstack"],
  simulators: [
    "simulators/kernel",
    "simulators/openstack",
    "simulators/dns",
    "simulators/dataservices",
    "simulators/bosh",
    "simulators/bosh/openstack-cpi",
  ],
  broker: [],
  conformance: [],
  scenarios: ["conformance", "broker", "simulators", "simulators/kernel"],
  reports: ["scenarios", "conformance"],
};

/** Files of `simulators/` that touch real time, sockets or entropy because they are the edge. */
const EDGES = [/^simulators\/live\//, /^simulators\/kernel\/edge\//, /^simulators\/[a-z]+\/live\//];
const FORBIDDEN =
  /\b(Date\.now|new Date\(\)|Math\.random|setTimeout|setInterval|setImmediate|randomUUID|randomBytes|performance\.now)\b/;

function roomOf(file: string): string | undefined {
  return Object.keys(ALLOWED)
    .filter((room) => file.startsWith(`${room}/`))
    .sort((a, b) => b.length - a.length)[0];
}

function importsOf(source: string): string[] {
  return [...source.matchAll(/(?:from|import\()\s*["'](\.{1,2}\/[^"']+)["']/g)].map((match) => match[1] ?? "");
}

function faultsOf(file: string): string[] {
  const room = roomOf(file);
  if (room === undefined) return [];
  const source = readFileSync(file, "utf8");
  const crossings = importsOf(source)
    .map((specifier) => normalize(join(dirname(file), specifier)))
    .filter((target) => {
      const there = roomOf(target);
      return there !== undefined && there !== room && !ALLOWED[room]?.includes(there);
    })
    .map((target) => `${file}: ${room} may not import ${target}`);
  const isTest = file.endsWith(".test.ts");
  if (!file.startsWith("simulators/") || isTest || EDGES.some((edge) => edge.test(file))) return crossings;
  const impure = source
    .split("\n")
    .flatMap((line, at) =>
      FORBIDDEN.test(line) && !/^\s*(\/\/|\*|\/\*)/.test(line)
        ? [`${file}:${at + 1}: ${line.trim()}: not allowed in simulators/, ask the kernel`]
        : [],
    );
  return [...crossings, ...impure];
}

const files = globSync("{simulators,broker,conformance,scenarios,reports,cli}/**/*.{ts,tsx}", {
  exclude: (name) => name.includes("node_modules"),
}).sort();
const faults = files.flatMap((file) => faultsOf(file.replaceAll("\\", "/")));
for (const fault of faults) console.error(fault);
console.log(faults.length === 0 ? `borders: ${files.length} files keep them` : `borders: ${faults.length} broken`);
process.exitCode = faults.length === 0 ? 0 : 1;
