/**
 * `npm run test:interop`: installs real clients of OpenStack by name into `.drydock/interop`, runs their own tests on a cloud of ours, and
 * compares with the ratchets in docs/interop: no test that passed may fail, and each that fails has its reason.
 *
 * Exit code 0 if that holds, 1 otherwise.
 */
import { mkdirSync } from "node:fs";
import { scriptCommand } from "../command.ts";
import { type Client, isInstalled, type TestResult } from "./client.ts";
import { listenCloud } from "./cloud.ts";
import { furnish } from "./furnish.ts";
import { GOPHERCLOUD } from "./gophercloud.ts";
import { writePage } from "./page.ts";
import { judge, readRatchet, updateRatchet, writeRatchet } from "./ratchet.ts";
import { SDK } from "./sdk.ts";
import { TEMPEST } from "./tempest.ts";

const CLIENTS: readonly Client[] = [GOPHERCLOUD, SDK, TEMPEST];

const { client, group, whole, update } = scriptCommand(
  "npm run test:interop --",
  "Run the own tests of real OpenStack clients on a cloud of ours: a sample, unless --whole.",
)
  .option("--client <name...>", `only these: ${CLIENTS.map(({ name }) => name).join(", ")}`)
  .option("--group <name...>", "only these groups of tests")
  .option("--whole", "every group: an hour")
  .option("--update", "add what passes to docs/interop, and the last words of what fails")
  .parse()
  .opts<{ client?: string[]; group?: string[]; whole?: true; update?: true }>();

/** The groups of a client that this run is about. */
const groupsOf = ({ groups, sample }: Client): readonly string[] => group ?? (whole === true ? groups : sample);

/** Runs the groups of a client, each on a cloud of its own, so that none depends on what another left behind. */
async function testClient(
  each: Client,
): Promise<{ readonly results: Map<string, TestResult>; readonly crashes: number }> {
  if (!(await isInstalled(each))) {
    console.log(`installing ${each.packages.join(", ")}`);
    await each.install();
  }
  const results = new Map<string, TestResult>();
  let crashes = 0;
  for (const name of groupsOf(each)) {
    await using cloud = await listenCloud();
    const tested = { authUrl: cloud.authUrl, nameServer: cloud.nameServer, ...(await furnish(cloud.authUrl)) };
    const found = await each.run(name, tested);
    for (const [test, result] of found) results.set(test, result);
    for (const crash of cloud.crashes) console.error(crash);
    crashes += cloud.crashes.length;
    const count = (outcome: TestResult["outcome"]): number =>
      [...found.values()].filter((one) => one.outcome === outcome).length;
    console.log(`${each.name} ${name}: ${count("pass")} pass, ${count("fail")} fail, ${count("skip")} skipped`);
  }
  return { results, crashes };
}

mkdirSync(new URL("../../docs/interop", import.meta.url), { recursive: true });
let isGood = true;
for (const each of CLIENTS.filter(({ name }) => client === undefined || client.includes(name))) {
  const { results, crashes } = await testClient(each);
  const ratchet = readRatchet(each.name);
  const { lost, unexplained, won } = judge(ratchet, results);
  for (const test of lost) console.error(`LOST ${test}: ${results.get(test)?.said}`);
  for (const test of unexplained) console.error(`fails ${test}: ${results.get(test)?.said}`);
  if (won.length > 0) console.log(`${each.name}: ${won.length} tests pass that are not in the ratchet yet`);
  if (update === true) writeRatchet(each.name, updateRatchet(ratchet, each.packages, results));
  isGood &&= lost.length === 0 && crashes === 0 && (update === true || unexplained.length === 0) && results.size > 0;
}
if (update === true) writePage(CLIENTS);
process.exit(isGood ? 0 : 1);
