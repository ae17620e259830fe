import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import type { PreparedScenario, SeedResult } from "../scenarios/scenario.ts";
import type { SeedTrace } from "../scenarios/trace.ts";
import { formatVirtual, seedPage } from "../scenarios/trace-page.ts";
import { UserError } from "./errors.ts";

/** How a seed is traced. */
interface TraceOptions {
  readonly seed: number;
  readonly path?: string;
  readonly step?: boolean;
  readonly out?: string;
  /** The line that replays the plan at a path. */
  readonly replay: (path: string) => string;
}

/** Replays a seed, and shows step by step how it went, or writes its page. Returns its result. @throws UserError */
export async function replayTraced(
  name: string,
  prepared: PreparedScenario,
  { seed, path, step, out, replay }: TraceOptions,
): Promise<SeedResult> {
  if (prepared.trace === undefined) throw new UserError("CLI_BAD_OPTION", `--step, --out: ${name} can't be traced`);
  const shown =
    out === undefined
      ? await prepared.trace(seed, path)
      : await writeSeedPage(name, prepared, out, { seed, path, replay });
  if (out !== undefined) process.stdout.write(`${join(out, pageOf(seed))}\n`);
  if (step === true) await walk(shown);
  process.stdout.write(
    `${name} seed ${seed}: ${shown.result.verdict}${shown.result.reason === undefined ? "" : `: ${shown.result.reason}`}\n`,
  );
  return shown.result;
}

const pageOf = (seed: number): string => `seed-${seed}.html`;

/**
 * Writes the page of a seed into a folder: what it drew, next to the plan at a path of its shrinks. Returns the trace of the latter.
 *
 * @throws UserError CLI_CAN_NOT_WRITE, and CLI_BAD_OPTION where the scenario can't be traced
 */
export async function writeSeedPage(
  name: string,
  prepared: PreparedScenario,
  folder: string,
  { seed, path, replay }: Pick<TraceOptions, "seed" | "replay"> & { readonly path: string | undefined },
): Promise<SeedTrace> {
  if (prepared.trace === undefined) throw new UserError("CLI_BAD_OPTION", `${name} can't be traced`);
  const original = await prepared.trace(seed);
  const shrunk = path === undefined ? undefined : await prepared.trace(seed, path);
  const html = seedPage({ scenario: name, seed, replay: replay(path ?? "0"), original, shrunk });
  write(folder, join(folder, pageOf(seed)), html);
  return shrunk ?? original;
}

function write(folder: string, file: string, text: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, text);
  } catch (error) {
    throw new UserError("CLI_CAN_NOT_WRITE", error instanceof Error ? error.message : String(error));
  }
}

/** Shows a trace; at a terminal, Enter shows the next step. */
async function walk({ steps, events, records }: SeedTrace): Promise<void> {
  const isTerminal = process.stdin.isTTY === true && process.stdout.isTTY;
  const reader = isTerminal ? createInterface({ input: process.stdin, output: process.stdout }) : undefined;
  const show = (lines: readonly string[]): void => void process.stdout.write(`${lines.join("\n")}\n`);
  for (const [at, { name, atMs, before, after }] of steps.entries()) {
    const untilMs = steps[at + 1]?.atMs ?? Number.POSITIVE_INFINITY;
    const own = events.filter((event) => event.atMs >= atMs && event.atMs < untilMs);
    show([
      `${at + 1}/${steps.length}  ${formatVirtual(atMs)}  ${name}`,
      ...before.map((line) => `    before  ${line}`),
    ]);
    show(own.map((event) => `    ${formatVirtual(event.atMs)}  ${event.lane}  ${event.text}`));
    show(after.filter((line) => !before.includes(line)).map((line) => `    after   ${line}`));
    await reader?.question("");
  }
  show(records.map((line) => `    records ${line}`));
  reader?.close();
}
