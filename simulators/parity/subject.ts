import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Ratchet, ratchetOf, type ScenarioScore, findRegressions } from "./ratchet.ts";

/** A simulator whose fidelity to the recorded system can be measured. */
export interface ParitySubject<R extends ScenarioScore = ScenarioScore> {
  /** Also the name of its pages, `docs/parity/NAME.{md,json}`. */
  readonly name: "bosh" | "openstack" | "dns";
  /**
   * Replays the recordings of its system in a directory (as handed out, `NAME/…`, or as the repository keeps them).
   *
   * @throws Error when there are none
   */
  replay(directory: string): Promise<readonly R[]>;
  /** The same over sockets; absent if that would be the same replay. */
  replayOverSockets?(directory: string): Promise<readonly R[]>;
  /** The page: scenarios, differences, and each route with the real clients seen using it. */
  markdown(scenarios: readonly R[]): string;
}

const root = fileURLToPath(new URL("../../", import.meta.url));
const page = (name: string, ending: string): string => `${root}docs/parity/${name}.${ending}`;

/** Where the repository keeps its recordings. */
export const RECORDINGS = `${root}docs/parity/recordings`;

/** Rewrites the page and the ratchet of a simulator. */
export function publish(subject: ParitySubject, scenarios: readonly ScenarioScore[]): void {
  writeFileSync(page(subject.name, "md"), subject.markdown(scenarios));
  writeFileSync(page(subject.name, "json"), `${JSON.stringify(ratchetOf(scenarios), null, 2)}\n`);
}

/** Regressions since the ratchet was written, one line each: scenarios that match less, or are no longer there. */
export async function findRegressionsSince(subject: ParitySubject): Promise<readonly string[]> {
  const before: Ratchet = JSON.parse(readFileSync(page(subject.name, "json"), "utf8"));
  return findRegressions(before, await subject.replay(RECORDINGS));
}
