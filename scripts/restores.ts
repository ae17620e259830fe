/**
 * `npm run restores`: proves that a restore returns what was backed up. Random databases of 1 KiB to 20 MiB (every common type, NULLs, rows of up
 * to a megabyte, one table or many) go through the agent of a real PostgreSQL. What the server itself says of them in SQL must be the same
 * before the dump and after the restore; a difference is printed with its seed.
 *
 * Exit code 0 when every database came back as it was, 1 otherwise.
 */
import fc from "fast-check";
import { database } from "../simulators/dataservices/live/postgresql/testing/databases.ts";
import { whyNoServer } from "../simulators/dataservices/live/index.ts";
import { PostgresqlRig } from "../simulators/dataservices/live/postgresql/testing/rig.ts";
import { type RoundTrip, roundTrip } from "../simulators/dataservices/live/postgresql/testing/round-trip.ts";
import { scriptCommand, wholeNumber } from "./command.ts";

const {
  databases,
  seed: first,
  json,
} = scriptCommand(
  "npm run restores --",
  "Back up and restore random databases on a real PostgreSQL, and compare them before and after.",
)
  .option("--databases <n>", "number of databases, each from its own seed", wholeNumber(1), 100)
  .option("--seed <n>", "seed of the first", wholeNumber(1), 1)
  .option("--json", "print a line of JSON for each")
  .parse()
  .opts<{ databases: number; seed: number; json?: boolean }>();

const MIB = 1024 * 1024;
/** The maximum number of differences that are printed for one database. */
const SHOWN_MAX = 5;

function print(seed: number, { bytes, dumpBytes, differences }: RoundTrip): void {
  if (json) console.log(JSON.stringify({ seed, bytes, dumpBytes, differences }));
  for (const line of differences.slice(0, SHOWN_MAX)) console.error(`seed ${seed}: ${line}`);
}

async function compareAll(rig: PostgresqlRig): Promise<void> {
  const sizes: number[] = [];
  let wrong = 0;
  for (let seed = first; seed < first + databases; seed++) {
    const [plan] = fc.sample(database, { seed, numRuns: 1 });
    if (plan === undefined) throw new Error("nothing was drawn");
    const trip = await roundTrip(rig, plan);
    print(seed, trip);
    sizes.push(trip.bytes);
    if (trip.differences.length > 0) wrong++;
  }
  const total = sizes.reduce((sum, each) => sum + each, 0);
  const large = sizes.filter((each) => each > MIB).length;
  console.log(
    `${databases} databases, ${(total / MIB).toFixed(1)} MiB of rows, ${large} larger than 1 MiB, the largest ${(Math.max(...sizes) / MIB).toFixed(1)} MiB: ` +
      (wrong === 0 ? "each came back as it was" : `${wrong} did not come back as they were`),
  );
  process.exitCode = wrong === 0 ? 0 : 1;
}

const why = await whyNoServer();
if (why !== undefined) throw new Error(`no real PostgreSQL: ${why}`);
const rig = await PostgresqlRig.open();
try {
  await compareAll(rig);
} finally {
  await rig.close();
}
