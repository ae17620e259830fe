import { existsSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { recordingsIn } from "./recording.ts";
import { replay } from "./replay.ts";
import { markdown, ratchetOf, type Score, scores } from "./report.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Where the recordings lie when nobody says: beside the repository, else in it. */
export const defaultRecordings = (): string =>
  existsSync(`${root}../shared/openstack`) ? `${root}../shared` : `${root}docs/parity/recordings`;

/**
 * Replays the recordings of OpenStack and answers with the scores, services first, the total last. Without `directory` it
 * replays the project's own and writes `docs/parity/openstack.{md,json}`. @throws Error when the directory has none
 */
export async function runOpenStackParity(directory?: string): Promise<readonly Score[]> {
  const scenarios = await replay(recordingsIn(directory ?? defaultRecordings()));
  if (directory === undefined) {
    writeFileSync(`${root}docs/parity/openstack.md`, markdown(scenarios));
    writeFileSync(`${root}docs/parity/openstack.json`, `${JSON.stringify(ratchetOf(scenarios), null, 2)}\n`);
  }
  return scores(scenarios);
}

/** `cinder     scenarios 3/20  steps 109/486`, a line per score. */
export const scoreLines = (all: readonly Score[]): readonly string[] =>
  all.map(
    (score) =>
      `${score.name.padEnd(10)} scenarios ${score.scenariosMatched}/${score.scenarios}  steps ${score.stepsMatched}/${score.steps}`,
  );
