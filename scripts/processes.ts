/**
 * `npm run processes`: proves that several control planes on one store work as one. One after the other is killed with SIGKILL, or frozen until the others have taken over its work, while platforms order operations.
 *
 * Exit code 0 if nothing that was acknowledged was lost or done twice, 1 otherwise.
 */
import { startPostgres } from "../broker/store/testing.ts";
import { bootCloud } from "../scenarios/cloud/cloud.ts";
import { surviveInterruptions } from "../scenarios/control-plane/processes.ts";
import { scriptCommand, wholeNumber } from "./command.ts";

const { processes, operations, every, still } = scriptCommand(
  "npm run processes --",
  "Kill one of several control planes on one store again and again, under load.",
)
  .option("--processes <n>", "control planes", wholeNumber(2), 3)
  .option("--operations <n>", "operations that are acknowledged before the load ends", wholeNumber(1), 500)
  .option("--every <ms>", "time between two kills, in ms", wholeNumber(100), 5_000)
  .option("--still", "freeze the process instead, every other time", false)
  .parse()
  .opts<{ processes: number; operations: number; every: number; still: boolean }>();

const FIRST_PORT = 3001;
const postgres = await startPostgres("tcp");
if ("reason" in postgres) throw new Error(postgres.reason);
const cloud = await bootCloud({ services: [], pace: "instant" });
try {
  const result = await surviveInterruptions({
    cloud,
    databaseUrl: postgres.url,
    addresses: Array.from({ length: processes }, (_, at) => `${cloud.world.plan.block}.0.9:${FIRST_PORT + at}`),
    operations,
    interruptEveryMs: every,
    interruptions: still ? ["kill", "stop"] : ["kill"],
    tell: (interruption, acknowledged) =>
      console.log(`interruption ${interruption}: ${acknowledged} operations acknowledged so far`),
  });
  const { violations, twice, left, records } = result;
  const isSound = [...violations, ...twice, ...left].length === 0 && records === 0;
  console.log(JSON.stringify(result));
  console.log(isSound ? "nothing was lost or done twice" : "NOT sound");
  if (!isSound) process.exitCode = 1;
} finally {
  await cloud.close();
  await postgres.stop();
}
