/**
 * Proves that a restore returns what was backed up: random databases of 1 KiB to 20 MiB (every common type, NULLs, rows of up to a
 * megabyte, one table or many) go through the agent of a real PostgreSQL, and what the server itself says of them by SQL must be the
 * same before the dump and after the restore. A difference names the seed.
 *
 *   node scripts/restores.ts [--databases 100] [--seed 1] [--json]
 */
import { parseArgs } from "node:util";
import fc from "fast-check";
import { database } from "../simulators/dataservices/live/testing/databases.ts";
import { whyNoServer } from "../simulators/dataservices/live/index.ts";
import { LiveRig } from "../simulators/dataservices/live/testing/rig.ts";
import { type RoundTrip, roundTrip } from "../simulators/dataservices/live/testing/round-trip.ts";

const { values } = parseArgs({
  options: {
    databases: { type: "string", default: "100" },
    seed: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
  },
});
const [count, first] = [Number(values.databases), Number(values.seed)];
if (![count, first].every((each) => Number.isSafeInteger(each) && each > 0))
  throw new RangeError("--databases and --seed are whole numbers above 0");

const MIB = 1024 * 1024;
/** Differences of one database that are shown. */
const SHOWN_MAX = 5;

function tell(seed: number, { bytes, dumpBytes, differences }: RoundTrip): void {
  if (values.json) console.log(JSON.stringify({ seed, bytes, dumpBytes, differences }));
  for (const line of differences.slice(0, SHOWN_MAX)) console.error(`seed ${seed}: ${line}`);
}

async function campaign(rig: LiveRig): Promise<void> {
  const sizes: number[] = [];
  let wrong = 0;
  for (let seed = first; seed < first + count; seed++) {
    const [plan] = fc.sample(database, { seed, numRuns: 1 });
    if (plan === undefined) throw new Error("nothing was drawn");
    const trip = await roundTrip(rig, plan);
    tell(seed, trip);
    sizes.push(trip.bytes);
    if (trip.differences.length > 0) wrong++;
  }
  const total = sizes.reduce((sum, each) => sum + each, 0);
  const large = sizes.filter((each) => each > MIB).length;
  console.log(
    `${count} databases, ${(total / MIB).toFixed(1)} MiB of rows, ${large} of over 1 MiB, the largest ${(Math.max(...sizes) / MIB).toFixed(1)} MiB: ` +
      (wrong === 0 ? "each came back as it was" : `${wrong} did not come back as they were`),
  );
  process.exitCode = wrong === 0 ? 0 : 1;
}

const why = await whyNoServer();
if (why !== undefined) throw new Error(`no real PostgreSQL: ${why}`);
const rig = await LiveRig.open();
try {
  await campaign(rig);
} finally {
  await rig.close();
}
