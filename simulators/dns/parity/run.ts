import { existsSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { recordingsIn } from "./recording.ts";
import { replay } from "./replay.ts";
import { markdown, ratchetOf } from "./report.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Where the recordings lie when nobody says: beside the repository, else in it. */
export const defaultRecordings = (): string =>
  existsSync(`${root}../shared/dns`) ? `${root}../shared` : `${root}docs/parity/recordings`;

/**
 * Replays the recordings of Consul and answers with the score. Without `directory` it replays the project's own and writes
 * `docs/parity/dns.{md,json}`. @throws Error when the directory has none
 */
export async function runDnsParity(directory?: string): Promise<
  readonly {
    readonly name: string;
    readonly scenarios: number;
    readonly scenariosMatched: number;
    readonly steps: number;
    readonly stepsMatched: number;
  }[]
> {
  const { service, scenarios } = await replay(recordingsIn(directory ?? defaultRecordings()));
  if (directory === undefined) {
    writeFileSync(`${root}docs/parity/dns.md`, markdown(scenarios));
    writeFileSync(`${root}docs/parity/dns.json`, `${JSON.stringify(ratchetOf(scenarios), null, 2)}\n`);
  }
  const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
  return [
    {
      name: service,
      scenarios: scenarios.length,
      scenariosMatched: scenarios.filter(({ steps, matched }) => steps === matched).length,
      steps: total(scenarios.map(({ steps }) => steps)),
      stepsMatched: total(scenarios.map(({ matched }) => matched)),
    },
  ];
}
