import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { isObject } from "../../simulators/kernel/index.ts";
import type { TestResults } from "./client.ts";

/*
 * What a client's tests say of our cloud, kept from one run to the next: the tests that pass, which only grow, and why others fail.
 */

/** The file of a client. */
interface Ratchet {
  /** The installed versions. */
  readonly packages: readonly string[];
  readonly passing: readonly string[];
  /** Test → why it fails. */
  readonly failing: Readonly<Record<string, string>>;
  /** How many were skipped, as the tests themselves say that the cloud lacks something. */
  readonly skipped: number;
}

/** The regressions and improvements of a run. */
interface Verdict {
  /** Tests that passed once. */
  readonly lost: readonly string[];
  /** Tests that fail and of which nobody has said why. */
  readonly unexplained: readonly string[];
  /** Tests that pass now. */
  readonly won: readonly string[];
}

const fileOf = (client: string): URL => new URL(`../../docs/interop/${client}.json`, import.meta.url);
const NOTHING: Ratchet = { packages: [], passing: [], failing: {}, skipped: 0 };

const textsIn = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];

function parseRatchet(value: unknown): Ratchet {
  if (!isObject(value)) return NOTHING;
  const { packages, passing, failing, skipped } = value;
  const reasons = isObject(failing) ? Object.entries(failing).map(([test, why]) => [test, String(why)]) : [];
  return {
    packages: textsIn(packages),
    passing: textsIn(passing),
    failing: Object.fromEntries(reasons),
    skipped: Number(skipped),
  };
}

/** The ratchet of a client; an empty one if it has none yet. */
export function readRatchet(client: string): Ratchet {
  const file = fileOf(client);
  if (!existsSync(file)) return NOTHING;
  return parseRatchet(JSON.parse(readFileSync(file, "utf8")));
}

/** Names with an outcome, in order. */
const listNamed = (results: TestResults, outcome: "pass" | "fail"): string[] =>
  [...results].flatMap(([name, each]) => (each.outcome === outcome ? [name] : [])).sort();

/** Compares a run with the ratchet. Tests that did not run, or were skipped, say nothing. */
export function judge({ passing, failing }: Ratchet, results: TestResults): Verdict {
  const known = new Set(passing);
  const failed = listNamed(results, "fail");
  return {
    lost: failed.filter((name) => known.has(name)),
    unexplained: failed.filter((name) => !known.has(name) && failing[name] === undefined),
    won: listNamed(results, "pass").filter((name) => !known.has(name)),
  };
}

/** The ratchet after a run: what passes is added; the reasons of what fails stay, or are the test's own last words. */
export function updateRatchet(ratchet: Ratchet, packages: readonly string[], results: TestResults): Ratchet {
  const passing = [...new Set([...ratchet.passing, ...listNamed(results, "pass")])].sort();
  const failing: Record<string, string> = {};
  for (const name of [...new Set([...Object.keys(ratchet.failing), ...listNamed(results, "fail")])].sort())
    if (!passing.includes(name)) failing[name] = ratchet.failing[name] ?? results.get(name)?.said ?? "";
  const skipped = [...results.values()].filter(({ outcome }) => outcome === "skip").length;
  return { packages, passing, failing, skipped: Math.max(skipped, ratchet.skipped) };
}

/** Writes the ratchet of a client. */
export function writeRatchet(client: string, ratchet: Ratchet): void {
  writeFileSync(fileOf(client), `${JSON.stringify(ratchet, null, 2)}\n`);
}
