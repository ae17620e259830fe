/**
 * `npm run customer`: tries each data service in each topology as a customer would. It orders an instance, binds, connects with the official
 * client, writes, backs up, loses the data, restores, has the primary's VM deleted, continues to write, restores into a second instance, and deletes
 * both.
 *
 * Exit code 0 if each step of each walk succeeded and nothing is left in the cloud, 1 otherwise.
 */
import { bootCloud } from "../../scenarios/cloud/cloud.ts";
import { SERVICES } from "../../scenarios/deployments/manifests.ts";
import { scriptCommand } from "../command.ts";
import { walkPlan } from "./walk.ts";

const TOPOLOGIES = ["single-nano", "single-nano-ssl", "replica-nano", "replica-nano-ssl"];

/** The director notices a missing VM sooner than by default, so that a walk takes one minute instead of several. */
const ANALYSIS_MS = 2000;

const { service, topology, json } = scriptCommand(
  "npm run customer --",
  "Try each data service in each topology as a customer would.",
)
  .option("--service <name...>", "only these services")
  .option("--topology <name...>", `only these of ${TOPOLOGIES.join(", ")}`)
  .option("--json", "print a line of JSON for each plan")
  .parse()
  .opts<{ service?: readonly string[]; topology?: readonly string[]; json?: boolean }>();

const services = SERVICES.filter((name) => service === undefined || service.includes(name));
const cloud = await bootCloud({
  services,
  catalog: "full",
  analysisMs: ANALYSIS_MS,
  report: (error) => console.error(error),
});
let failed = 0;
try {
  for (const broker of cloud.brokers.list())
    for (const each of topology ?? TOPOLOGIES) {
      const result = await walkPlan(cloud, broker, `${broker.service}-${each}`);
      const last = result.steps.at(-1);
      if (last?.why !== undefined) failed++;
      const took = result.steps.map(({ what, ms }) => `${what} ${ms}`).join(", ");
      if (json) console.log(JSON.stringify(result));
      else console.log(`${result.plan}: ${last?.why === undefined ? "all done" : `FAILED: ${last.why}`}; ms: ${took}`);
    }
  const left = cloud.world.findBrokenLaws();
  for (const law of left) console.log(`left: ${law}`);
  process.exitCode = failed === 0 && left.length === 0 ? 0 : 1;
} finally {
  await cloud.close();
}
