import { LOOK, paintFor } from "../../reports/terminal.ts";
import { EXIT } from "../errors.ts";
import type { Finding, Probe } from "./finding.ts";
import { probeBrowser, probeNode, probeScratch, probeSize, probeState } from "./machine.ts";
import { probeBlocks, probeDns, probeLoopback, probeProxy } from "./network.ts";
import { PROBES_OF_CLIENTS, probeMongo, probePostgres, probeRedis } from "./programs.ts";

const PROBES: readonly Probe[] = [
  probeNode,
  probeSize,
  probeScratch,
  probeLoopback,
  probeBlocks,
  probeDns,
  probeProxy,
  probePostgres,
  probeRedis,
  probeMongo,
  probeState,
  probeBrowser,
  ...PROBES_OF_CLIENTS,
];

const LOOKS = { ok: LOOK.pass, less: LOOK.warn, missing: LOOK.fail } as const;

/** The lines of the findings: below each fault is what it affects and what to do. */
export function doctorLines(findings: readonly Finding[], paint: ReturnType<typeof paintFor>): readonly string[] {
  const width = Math.max(...findings.map(({ name }) => name.length));
  const below = " ".repeat(width + 4);
  const lines = findings.flatMap(({ name, state, found, affects, help }) => [
    `${paint(LOOKS[state].style, LOOKS[state].mark)} ${name.padEnd(width)}  ${found}`,
    ...(affects === undefined ? [] : [`${below}${paint("dim", "affects")}  ${affects}`]),
    ...(help === undefined ? [] : [`${below}${paint("dim", "do")}       ${help}`]),
  ]);
  const missing = findings.filter(({ state }) => state === "missing").length;
  const less = findings.filter(({ state }) => state === "less").length;
  const all =
    missing === 0
      ? "Everything in drydock works here"
      : `${missing} ${missing === 1 ? "thing is" : "things are"} missing`;
  return [...lines, "", `${all}${less === 0 ? "" : `; ${less} could be better`}.`];
}

/** `drydock doctor`: says what this machine can do, and how to enable the rest. Returns the exit code: 1 if something is missing. */
export async function doctor({ json = false }: { readonly json?: boolean }): Promise<number> {
  const findings: Finding[] = [];
  // One after the other: some listen at the same addresses.
  for (const probe of PROBES) findings.push(await probe());
  const lines = doctorLines(findings, paintFor(process.stdout));
  process.stdout.write(`${json ? JSON.stringify(findings) : lines.join("\n")}\n`);
  return findings.some(({ state }) => state === "missing") ? EXIT.notConformant : EXIT.ok;
}
