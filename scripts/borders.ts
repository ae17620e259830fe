/**
 * The import borders of the repository, as data; a part of `npm run lint`. A room may import from the rooms that `ALLOWED` names for it, all of
 * which lie below it. The wall clock and unseeded randomness are kept out of `simulators/`, except in `EDGES`.
 *
 * Exit code 0 if every file keeps the borders, 1 otherwise.
 */
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const CLIENT = ["conformance/client", "conformance/client/http", "conformance/client/errors"] as const;
const UNDER_SUITES = [...CLIENT, "conformance/settings", "conformance/data", "conformance/runner"] as const;
const TENANTS = ["conformance/suites/tenants", "conformance/suites/toy"] as const;
const SUITES = ["conformance/osb", "conformance/suites/backup", "conformance/suites/isolation"] as const;

/** The rooms that a room may import from. A path belongs to the longest room that is its prefix. A room without an entry may import anything. */
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
    "simulators/parity",
    "simulators/openstack",
    "simulators/dns",
    "simulators/dataservices",
    "simulators/bosh",
    "simulators/bosh/openstack-cpi",
  ],
  broker: [],
  "conformance/client/http": [],
  "conformance/client/errors": [],
  "conformance/client": ["conformance/client/http", "conformance/client/errors"],
  "conformance/settings": ["conformance/client/http", "conformance/client/errors"],
  "conformance/data": ["conformance/client", "conformance/client/http"],
  "conformance/runner": [...CLIENT, "conformance/settings", "conformance/data"],
  "conformance/osb": [...CLIENT, "conformance/runner"],
  "conformance/suites/tenants": [...UNDER_SUITES, "conformance/osb"],
  "conformance/suites/toy": [...UNDER_SUITES, "conformance/osb"],
  "conformance/suites/backup": [...UNDER_SUITES, "conformance/osb", ...TENANTS],
  "conformance/suites/isolation": [...UNDER_SUITES, "conformance/osb", ...TENANTS, "conformance/suites/backup"],
  "conformance/suites": ["conformance/runner", ...SUITES],
  "conformance/selftest": [...CLIENT, "conformance/runner", ...SUITES, "conformance/suites/tenants"],
  conformance: ["conformance/runner", ...SUITES, "conformance/suites", "conformance/selftest"],
  scenarios: ["conformance", "conformance/osb", "conformance/selftest", "broker", "simulators", "simulators/kernel"],
  reports: ["conformance", "conformance/runner"],
};

/** Tests in these folders, and what only tests use, may import any room of the suites. */
const TESTED_WITH_SUITES = ["conformance/", "reports/"] as const;
const SUITES_FOLDER = "conformance/";

/** Files of `simulators/` that may touch real time, sockets and entropy. */
const EDGES = [/^simulators\/live\//, /^simulators\/kernel\/edge\//, /^simulators\/[a-z]+\/live\//];
const FORBIDDEN =
  /\b(Date\.now|new Date\(\)|Math\.random|setTimeout|setInterval|setImmediate|randomUUID|randomBytes|performance\.now)\b/;

function roomOf(file: string): string | undefined {
  return Object.keys(ALLOWED)
    .filter((room) => file.startsWith(`${room}/`))
    .sort((a, b) => b.length - a.length)[0];
}

function importsOf(source: string): string[] {
  return [...source.matchAll(/(?:from|import\(?)\s*["'](\.{1,2}\/[^"']+)["']/g)].map((match) => match[1] ?? "");
}

function faultsOf(file: string): string[] {
  const room = roomOf(file);
  if (room === undefined) return [];
  const source = readFileSync(file, "utf8");
  const isTest = file.endsWith(".test.ts") || file.includes("/testing/");
  const isTestOfSuites = isTest && TESTED_WITH_SUITES.some((folder) => file.startsWith(folder));
  const crossings = importsOf(source)
    .map((specifier) => normalize(join(dirname(file), specifier)))
    .filter((target) => {
      const there = roomOf(target);
      if (isTestOfSuites && target.startsWith(SUITES_FOLDER)) return false;
      return there !== undefined && there !== room && !ALLOWED[room]?.includes(there);
    })
    .map((target) => `${file}: ${room} may not import ${target}`);
  if (!file.startsWith("simulators/") || isTest || EDGES.some((edge) => edge.test(file))) return crossings;
  const impure = source
    .split("\n")
    .flatMap((line, at) =>
      FORBIDDEN.test(line) && !/^\s*(\/\/|\*|\/\*)/.test(line)
        ? [`${file}:${at + 1}: ${line.trim()}: not allowed in simulators/: ask the kernel`]
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
