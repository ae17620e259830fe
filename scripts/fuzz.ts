/**
 * `npm run fuzz`: attacks every route of every simulated API with hostile requests, first systematic ones, then random ones. It prints what no
 * request may cause: an exception, a 500 that the real service does not give, a framework's own answer, an answer that can't be sent, a request that blocks everything, a world that breaks later.
 *
 * Exit code 0 if nothing of the kind occurred, 1 otherwise.
 */
import { attack } from "../simulators/fuzz/campaign.ts";
import { openTargets } from "../simulators/fuzz/targets.ts";
import { scriptCommand, share, wholeNumber } from "./command.ts";

const { seed, requests, sweep, only } = scriptCommand(
  "npm run fuzz --",
  "Attack every route of every simulated API with hostile requests.",
)
  .option("--seed <n>", "seed of the random requests", wholeNumber(0), 1)
  .option("--requests <n>", "approximate number of random requests", wholeNumber(1), 20_000)
  .option("--sweep <share>", "share of the systematic requests to send, from 0 to 1", share, 1)
  .option("--only <api>", "only this API, such as nova")
  .parse()
  .opts<{ seed: number; requests: number; sweep: number; only?: string }>();

const { targets, laws } = await openTargets(seed);
const attacked = targets.filter(({ name }) => only === undefined || name === only);
if (attacked.length === 0) {
  console.error(`no API is named ${only}; there are ${targets.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}
const routes = attacked.reduce((count, { service }) => count + service.routes.length, 0);
const rounds = Math.max(1, Math.ceil(requests / Math.max(1, routes)));
let findings = 0;
for (const target of attacked) {
  const report = await attack(target, { seed, rounds, sweepShare: sweep, nowMs: () => performance.now() });
  findings += report.findings.length;
  const share = ((100 * report.reached) / report.requests).toFixed(0);
  console.log(
    `${target.name.padEnd(18)} ${report.requests} requests, ${share} % reached a handler, ${report.findings.length} findings`,
  );
  for (const { what, request } of report.findings) console.log(`  ${what}\n      ${JSON.stringify(request)}`);
}
console.log(`the laws still answer: ${laws().length} lines`);
process.exitCode = findings === 0 ? 0 : 1;
