/**
 * `npm run parity [-- --recordings DIR]`: replays the recordings of the real systems against the simulators and prints, per service,
 * scenarios and steps that match, out of all; what is not simulated counts as not matching. Without DIR it rewrites `docs/parity`.
 */
import { parseArgs } from "node:util";
import { boshParity } from "../simulators/bosh/parity/subject.ts";
import { dnsParity } from "../simulators/dns/parity/subject.ts";
import { openStackParity } from "../simulators/openstack/parity/subject.ts";
import { type Score, scoreOf, scoresByArea } from "../simulators/parity/ratchet.ts";
import { RECORDINGS, type ParitySubject, publish } from "../simulators/parity/subject.ts";

const { values } = parseArgs({ options: { recordings: { type: "string" } } });

function print({ name, scenarios, scenariosMatched, steps, stepsMatched }: Score): void {
  const percent = ((100 * stepsMatched) / Math.max(1, steps)).toFixed(1);
  console.log(
    `${name.padEnd(12)} scenarios ${`${scenariosMatched}/${scenarios}`.padStart(9)}   steps ${`${stepsMatched}/${steps}`.padStart(11)}  ${percent.padStart(5)} %`,
  );
}

const subjects: readonly ParitySubject[] = [openStackParity, boshParity, dnsParity];
for (const subject of subjects) {
  const scenarios = await subject.replay(values.recordings ?? RECORDINGS);
  if (values.recordings === undefined) publish(subject, scenarios);
  if (subject === openStackParity) for (const score of scoresByArea(scenarios)) print(score);
  print(scoreOf(subject.name, scenarios));
}
