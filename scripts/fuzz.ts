/**
 * Attacks every route of every simulated API with hostile requests, and prints what no request may cause: a throw, a 500 that the real
 * service does not give, an answer of a framework, one that can't be sent, a request that holds everything up, a world that breaks later.
 *
 *   npm run fuzz [-- --seed 1] [--requests 20000] [--sweep 1] [--only nova]
 *
 * First come the systematic requests, of which `--sweep` is the part that is sent; then about as many random ones as `--requests` says.
 *
 * Exit code 0 when there is nothing to print, 1 otherwise.
 */
import { parseArgs } from "node:util";
import { attack } from "../simulators/fuzz/campaign.ts";
import { openTargets } from "../simulators/fuzz/targets.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    requests: { type: "string", default: "20000" },
    sweep: { type: "string", default: "1" },
    only: { type: "string" },
  },
});
const [seed, requests, sweepShare] = [Number(values.seed), Number(values.requests), Number(values.sweep)];
if (!Number.isInteger(seed) || !Number.isInteger(requests) || requests < 1)
  throw new RangeError("--seed and --requests are whole numbers");

const { targets, laws } = await openTargets(seed);
const attacked = targets.filter(({ name }) => values.only === undefined || name === values.only);
const routes = attacked.reduce((count, { service }) => count + service.routes.length, 0);
const rounds = Math.max(1, Math.ceil(requests / Math.max(1, routes)));
let findings = 0;
for (const target of attacked) {
  const report = await attack(target, { seed, rounds, sweepShare, nowMs: () => performance.now() });
  findings += report.findings.length;
  const share = ((100 * report.reached) / report.requests).toFixed(0);
  console.log(
    `${target.name.padEnd(18)} ${report.requests} requests, ${share} % reached a handler, ${report.findings.length} findings`,
  );
  for (const { what, request } of report.findings) console.log(`  ${what}\n      ${JSON.stringify(request)}`);
}
console.log(`the laws can be asked: ${laws().length} lines`);
process.exitCode = findings === 0 ? 0 : 1;
