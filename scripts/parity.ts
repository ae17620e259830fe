/**
 * `npm run parity`: replays the recordings of the real systems against the simulators, and prints for each service how many scenarios and
 * steps match. What is not simulated counts as not matching. Rewrites docs/parity, unless it replays other recordings.
 */
import { boshParity } from "../simulators/bosh/parity/subject.ts";
import { dnsParity } from "../simulators/dns/parity/subject.ts";
import { openStackParity, openStackParityOverSockets } from "../simulators/openstack/parity/subject.ts";
import { type Score, scoreOf, scoresByArea } from "../simulators/parity/ratchet.ts";
import { RECORDINGS, type ParitySubject, publish } from "../simulators/parity/subject.ts";
import { scriptCommand } from "./command.ts";

const { recordings, sockets } = scriptCommand(
  "npm run parity --",
  "Replay the recordings of the real systems against the simulators, and rewrite docs/parity.",
)
  .option("--recordings <dir>", "replay the recordings in this folder instead, and leave docs/parity alone")
  .option("--sockets", "replay those of OpenStack alone, over TCP, and leave docs/parity alone")
  .parse()
  .opts<{ recordings?: string; sockets?: boolean }>();

function print({ name, scenarios, scenariosMatched, steps, stepsMatched }: Score): void {
  const percent = ((100 * stepsMatched) / Math.max(1, steps)).toFixed(1);
  console.log(
    `${name.padEnd(12)} scenarios ${`${scenariosMatched}/${scenarios}`.padStart(9)}   steps ${`${stepsMatched}/${steps}`.padStart(11)}  ${percent.padStart(5)} %`,
  );
}

const subjects: readonly ParitySubject[] = [openStackParity, boshParity, dnsParity];
if (sockets === true) {
  const scenarios = await openStackParityOverSockets(recordings ?? RECORDINGS);
  for (const score of scoresByArea(scenarios)) print(score);
  print(scoreOf("openstack", scenarios));
}
for (const subject of sockets === true ? [] : subjects) {
  const scenarios = await subject.replay(recordings ?? RECORDINGS);
  if (recordings === undefined) publish(subject, scenarios);
  if (subject === openStackParity) for (const score of scoresByArea(scenarios)) print(score);
  print(scoreOf(subject.name, scenarios));
}
