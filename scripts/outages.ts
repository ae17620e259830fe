/**
 * `npm run outages`: proves that a control plane outlives its database. PostgreSQL is restarted under load, over TCP and over a Unix socket;
 * every fourth restart is a crash (`immediate`), the others are `fast`.
 *
 * Exit code 0 when the control plane survived, 1 otherwise.
 */
import { startPostgres, type StopMode, type Transport } from "../broker/store/testing.ts";
import { bootCloud, type Cloud } from "../scenarios/cloud/cloud.ts";
import { type OutageResult, surviveOutages } from "../scenarios/control-plane/outages.ts";
import { scriptCommand, wholeNumber } from "./command.ts";

const { restarts } = scriptCommand(
  "npm run outages --",
  "Restart the broker's database under load, over TCP and over a Unix socket.",
)
  .option("--restarts <n>", "restarts over each of the two", wholeNumber(1), 20)
  .parse()
  .opts<{ restarts: number }>();

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

const cloud = await bootCloud({ services: [], pace: "instant" });
try {
  for (const transport of ["tcp", "unix"] as const) {
    const result = await survive(cloud, transport);
    const hasSurvived = !result.hasDied && [...result.violations, ...result.left].length === 0 && result.records === 0;
    console.log(`${transport}: ${restarts} restarts, ${hasSurvived ? "survived" : "NOT survived"}`);
    console.log(JSON.stringify(result));
    if (!hasSurvived) process.exitCode = 1;
  }
} finally {
  await cloud.close();
}
