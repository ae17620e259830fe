import { writeFileSync } from "node:fs";
import type { Client } from "./client.ts";
import { readRatchet } from "./ratchet.ts";

const PAGE = new URL("../../docs/interop/README.md", import.meta.url);

const percent = (part: number, whole: number): string => `${((100 * part) / Math.max(1, whole)).toFixed(1)} %`;

/** Writes the page of what real clients' own tests say of our cloud. */
export function writePage(clients: readonly Client[]): void {
  const rows = clients.map(({ name, packages }) => {
    const { passing, failing, skipped } = readRatchet(name);
    const failed = Object.keys(failing).length;
    const share = percent(passing.length, passing.length + failed);
    return `| ${name} | ${packages.map((each) => `\`${each}\``).join(", ")} | ${passing.length} | ${failed} | ${skipped} | ${share} |`;
  });
  const reasons = clients.flatMap(({ name }) => {
    const failing = Object.entries(readRatchet(name).failing);
    const lines = failing.map(([test, why]) => `| \`${test}\` | ${why.replaceAll("|", "\\|").replaceAll("\n", " ")} |`);
    return lines.length === 0 ? [] : ["", `### ${name}`, "", "| Test | Why |", "|---|---|", ...lines];
  });
  const text = [
    "# Real clients",
    "",
    "Clients of OpenStack run their own tests, unmodified, on a cloud of ours (profile `agents`, work takes no time). Tests that their clients skip, as a service or an extension is missing, count neither way. `npm run test:interop` runs a sample, `npm run test:interop -- --whole` everything.",
    "",
    "| Client | Installed by name | Pass | Fail | Skipped | Share |",
    "|---|---|---|---|---|---|",
    ...rows,
    "",
    "## What fails",
    ...reasons,
    "",
  ].join("\n");
  writeFileSync(PAGE, text);
}
