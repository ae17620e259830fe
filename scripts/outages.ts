/**
 * Proves that a control plane outlives its database: PostgreSQL is restarted under load, on TCP and on a Unix socket. Of every four restarts one is
 * a crash (`immediate`), the others are fast.
 *
 *   npm run outages -- [--restarts 20]
 */
import { parseArgs } from "node:util";
import { startPostgres, type StopMode, type Transport } from "../broker/store/testing.ts";
import { bootCloud, type Cloud } from "../scenarios/cloud/cloud.ts";
import { type OutageResult, surviveOutages } from "../scenarios/control-plane/outages.ts";

const { values } = parseArgs({ options: { restarts: { type: "string", default: "20" } } });
const count = Number(values.restarts);
if (!Number.isInteger(count) || count < 1) throw new RangeError("--restarts is a whole number");

async function campaign(cloud: Cloud, transport: Transport): Promise<OutageResult> {
  const postgres = await startPostgres(transport);
  if ("reason" in postgres) throw new Error(postgres.reason);
  try {
    return await surviveOutages({
      cloud,
      postgres,
      address: `${cloud.world.plan.block}.0.9:3000`,
      restarts: Array.from({ length: count }, (_, at): StopMode => (at % 4 === 3 ? "immediate" : "fast")),
      tell: (restart, answers) => console.log(`${transport}: restart ${restart}, ${answers} answers so far`),
    });
  } finally {
    await postgres.stop();
  }
}

const cloud = await bootCloud({ services: [], pace: "instant" });
try {
  for (const transport of ["tcp", "unix"] as const) {
    const result = await campaign(cloud, transport);
    const isWell = !result.hasDied && [...result.wrong, ...result.left].length === 0 && result.records === 0;
    console.log(`${transport}: ${count} restarts, ${isWell ? "survived" : "NOT survived"}`);
    console.log(JSON.stringify(result));
    if (!isWell) process.exitCode = 1;
  }
} finally {
  await cloud.close();
}
