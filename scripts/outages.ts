/**
 * `npm run outages`: proves that a control plane survives outages of its database. PostgreSQL is restarted under load, over TCP and over a Unix
 * socket; every fourth restart is a crash (`immediate`), the others are `fast`. With `--failover N`, the primary of a pair is killed during N
 * operations instead.
 *
 * Exit code 0 if the control plane survived, 1 otherwise.
 */
import { startPair } from "../broker/store/local/pair.ts";
import { startPostgres, type StopMode, type Transport } from "../broker/store/testing.ts";
import { bootCloud, type Cloud } from "../scenarios/cloud/cloud.ts";
import { surviveFailover } from "../scenarios/control-plane/failover.ts";
import { type OutageResult, surviveOutages } from "../scenarios/control-plane/outages.ts";
import { scriptCommand, wholeNumber } from "./command.ts";

const { restarts, failover } = scriptCommand(
  "npm run outages --",
  "Restart the broker's database under load, over TCP and over a Unix socket.",
)
  .option("--restarts <n>", "restarts over each of the two", wholeNumber(1), 20)
  .option("--failover <n>", "instead, kill the primary of a pair once, during n operations", wholeNumber(1))
  .parse()
  .opts<{ restarts: number; failover?: number }>();

async function survive(cloud: Cloud, transport: Transport): Promise<OutageResult> {
  const postgres = await startPostgres(transport);
  if ("reason" in postgres) throw new Error(postgres.reason);
  try {
    return await surviveOutages({
      cloud,
      postgres,
      address: `${cloud.world.plan.block}.0.9:3000`,
      restarts: Array.from({ length: restarts }, (_, at): StopMode => (at % 4 === 3 ? "immediate" : "fast")),
      tell: (restart, answers) => console.log(`${transport}: restart ${restart}, ${answers} answers so far`),
    });
  } finally {
    await postgres.stop();
  }
}

async function failOver(cloud: Cloud, operations: number): Promise<void> {
  const host = `${cloud.world.plan.block}.250.20`;
  const pair = await startPair([
    { host, port: 5432 },
    { host, port: 5433 },
  ]);
  try {
    const address = `${cloud.world.plan.block}.0.9:3000`;
    const result = await surviveFailover({ cloud, pair, address, operations });
    const { violations, twice, left, records } = result;
    const isSound = [...violations, ...twice, ...left].length === 0 && records === 0;
    console.log(JSON.stringify(result));
    console.log(isSound ? "nothing that was acknowledged was lost or done twice" : "NOT sound");
    if (!isSound) process.exitCode = 1;
  } finally {
    await pair.stop();
  }
}

async function restartAll(cloud: Cloud): Promise<void> {
  for (const transport of ["tcp", "unix"] as const) {
    const result = await survive(cloud, transport);
    const hasSurvived = !result.hasDied && [...result.violations, ...result.left].length === 0 && result.records === 0;
    console.log(`${transport}: ${restarts} restarts, ${hasSurvived ? "survived" : "NOT survived"}`);
    console.log(JSON.stringify(result));
    if (!hasSurvived) process.exitCode = 1;
  }
}

const cloud = await bootCloud({ services: [], pace: failover === undefined ? "instant" : "fast" });
try {
  await (failover === undefined ? restartAll(cloud) : failOver(cloud, failover));
} finally {
  await cloud.close();
}
