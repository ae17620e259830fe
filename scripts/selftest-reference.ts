/**
 * A long campaign: the planted defects of the OSB suite in front of the reference broker, on virtual time.
 *
 *     node scripts/selftest-reference.ts [--whole] [--every N] [--part I/N] [--json] [PATTERN]
 *
 * Runs the checks that each mutant names; with `--whole` the suite, which takes some ten times as long and shows also what else
 * notices. `--every N` takes each Nth mutant only, `--part I/N` the Ith of N parts, a pattern those whose id it matches. `--json`
 * prints a line for each mutant.
 */
import { parseArgs } from "node:util";
import { OSB_MUTANTS } from "../conformance/osb/mutants/index.ts";
import { Campaign, type Fate, referenceStand } from "../scenarios/selftest/reference.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean" },
    whole: { type: "boolean" },
    every: { type: "string" },
    part: { type: "string" },
    seed: { type: "string" },
  },
});
const [part = 1, parts = 1] = (values.part ?? "1/1").split("/").map(Number);
const step = Number(values.every ?? 1);
const pattern = new RegExp(positionals[0] ?? "");
const mutants = OSB_MUTANTS.filter(({ id }) => pattern.test(id)).filter(
  (_, at) => at % step === 0 && Math.floor(at / step) % parts === part - 1,
);

const campaign = new Campaign(await referenceStand(Number(values.seed ?? 1)));
const counts: Record<Fate["kind"], number> = { killed: 0, "no-occasion": 0, "not-offered": 0, missed: 0 };
for (const mutant of mutants) {
  const fate = await campaign.fateOf(mutant, values.whole === true);
  counts[fate.kind]++;
  if (values.json) console.log(JSON.stringify({ mutant: mutant.id, ...fate }));
  if (fate.kind === "missed") console.log(`${mutant.id}: missed by ${fate.checks.join(", ")}: ${mutant.description}`);
  if ("over" in fate && fate.over.length > 0) console.log(`${mutant.id}: noticed also by ${fate.over.join(", ")}`);
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${JSON.stringify(counts)} ${mutant.id}`);
}
console.log(
  `${mutants.length} mutants in front of the reference broker: ${counts.killed} killed by every check that they name, ` +
    `${counts.missed} missed, ${counts["no-occasion"]} have no occasion to show, ${counts["not-offered"]} are about what it does not offer`,
);
process.exitCode = counts.missed === 0 ? 0 : 1;
