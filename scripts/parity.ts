/**
 * `npm run parity`: replays the recordings of the real systems against the simulators, and prints for each service how many scenarios and
 * steps match. What is not simulated counts as not matching. Rewrites docs/parity unless it replays other recordings.
 */
import { writeFileSync } from "node:fs";
import { boshParity } from "../simulators/bosh/parity/subject.ts";
import { RULES_PAGE, rulesPage } from "../simulators/bosh/rules/page.ts";
import { dnsParity } from "../simulators/dns/parity/subject.ts";
import { openStackParity } from "../simulators/openstack/parity/subject.ts";
import { type Score, scoreOf, scoresByArea } from "../simulators/parity/ratchet.ts";
import { RECORDINGS, type ParitySubject, publish } from "../simulators/parity/subject.ts";
import { scriptCommand } from "./command.ts";

const { recordings, sockets, only } = scriptCommand(
  "npm run parity --",
  "Replay the recordings of the real systems against the simulators, and rewrite docs/parity.",
)
  .option("--recordings <dir>", "replay the recordings in this folder instead, and don't touch docs/parity")
  .option("--sockets", "replay over TCP and UDP where that is another replay, and leave docs/parity alone")
  .option("--only <name>", "only this service: openstack, bosh or dns")
  .parse()
  .opts<{ recordings?: string; sockets?: true; only?: string }>();

function print({ name, scenarios, scenariosMatched, steps, stepsMatched }: Score): void {
  const percent = ((100 * stepsMatched) / Math.max(1, steps)).toFixed(1);
  console.log(
    `${name.padEnd(12)} scenarios ${`${scenariosMatched}/${scenarios}`.padStart(9)}   steps ${`${stepsMatched}/${steps}`.padStart(11)}  ${percent.padStart(5)} %`,
  );
}

const subjects: readonly ParitySubject[] = [openStackParity, boshParity, dnsParity];
if (recordings === undefined && sockets !== true) writeFileSync(RULES_PAGE, rulesPage());
for (const subject of subjects.filter(({ name }) => only === undefined || only === name)) {
  const directory = recordings ?? RECORDINGS;
  const overSockets = sockets === true;
  if (overSockets && subject.replayOverSockets === undefined) continue;
  const scenarios =
    (overSockets ? await subject.replayOverSockets?.(directory) : await subject.replay(directory)) ?? [];
  if (overSockets)
    for (const { id, firstDifference } of scenarios) if (firstDifference) console.log(`${id}: ${firstDifference}`);
  if (recordings === undefined && !overSockets) publish(subject, scenarios);
  if (subject === openStackParity) for (const score of scoresByArea(scenarios)) print(score);
  print(scoreOf(subject.name, scenarios));
}
