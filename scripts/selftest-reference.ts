/**
 * `npm run selftest:reference`: puts the mutants of the OSB suite in front of the reference broker, on virtual time, and runs the checks that
 * each mutant names.
 *
 * Exit code 0 if no check missed its mutant, 1 otherwise.
 */
import { InvalidArgumentError } from "commander";
import { OSB_MUTANTS } from "../conformance/osb/mutants/index.ts";
import { Campaign, type Fate, prepareReferenceBroker } from "../scenarios/selftest/reference.ts";
import { scriptCommand, wholeNumber } from "./command.ts";

/** One of several equal parts: `2/5` is the second of five. */
interface Part {
  readonly part: number;
  readonly parts: number;
}

function parsePart(text: string): Part {
  const [, part = 0, parts = 0] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).map(Number);
  if (part < 1 || part > parts) throw new InvalidArgumentError("It must be I/N, with I from 1 to N.");
  return { part, parts };
}

const command = scriptCommand(
  "npm run selftest:reference --",
  "Put the mutants of the OSB suite in front of the reference broker.",
)
  .argument("[pattern]", "only mutants whose id this regular expression matches", (text: string) => new RegExp(text))
  .option("--whole", "run the whole suite, which shows what else notices and takes ten times as long")
  .option("--every <n>", "only every nth mutant", wholeNumber(1), 1)
  .option("--part <i/n>", "only part I of N", parsePart)
  .option("--seed <n>", "seed of the world", wholeNumber(0), 1)
  .option("--json", "print a line of JSON for each mutant")
  .parse();
const { whole, every, part, seed, json } = command.opts<{
  whole?: boolean;
  every: number;
  part?: Part;
  seed: number;
  json?: boolean;
}>();
const [pattern = /(?:)/]: readonly RegExp[] = command.processedArgs;
const { part: which, parts } = part ?? { part: 1, parts: 1 };
const mutants = OSB_MUTANTS.filter(({ id }) => pattern.test(id)).filter(
  (_, at) => at % every === 0 && Math.floor(at / every) % parts === which - 1,
);

const campaign = new Campaign(await prepareReferenceBroker(seed));
const counts: Record<Fate["kind"], number> = { killed: 0, "no-occasion": 0, "not-offered": 0, missed: 0 };
for (const mutant of mutants) {
  const fate = await campaign.fateOf(mutant, whole === true);
  counts[fate.kind]++;
  if (json) console.log(JSON.stringify({ mutant: mutant.id, ...fate }));
  if (fate.kind === "missed") console.log(`${mutant.id}: missed by ${fate.checks.join(", ")}: ${mutant.description}`);
  if ("over" in fate && fate.over.length > 0) console.log(`${mutant.id}: noticed also by ${fate.over.join(", ")}`);
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${JSON.stringify(counts)} ${mutant.id}`);
}
console.log(
  `${mutants.length} mutants in front of the reference broker: ${counts.killed} killed by every check that they name, ` +
    `${counts.missed} missed, ${counts["no-occasion"]} had no occasion to show, ${counts["not-offered"]} are about what it does not offer`,
);
process.exitCode = counts.missed === 0 ? 0 : 1;
