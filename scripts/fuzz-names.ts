/**
 * `npm run fuzz:names`: sends DNS packets, most of them damaged, to every name server. It prints what none may cause: an exception, an answer to
 * an answer, another id, a datagram larger than what the client takes, a server that no longer answers.
 *
 * Exit code 0 if there was nothing of the kind, 1 otherwise.
 */
import { attackNames, openServers } from "../simulators/fuzz/names.ts";
import { scriptCommand, wholeNumber } from "./command.ts";

const { seed, packets } = scriptCommand("npm run fuzz:names --", "Send damaged DNS packets to every name server.")
  .option("--seed <n>", "the seed from which packets are drawn", wholeNumber(0), 1)
  .option("--packets <n>", "how many packets in all", wholeNumber(1), 2_000_000)
  .parse()
  .opts<{ seed: number; packets: number }>();

const SHOWN_MAX = 20;
const servers = openServers(seed);
let findings = 0;
for (const attacked of servers) {
  const found = attackNames(attacked, Math.ceil(packets / servers.length));
  findings += found.length;
  console.log(`${attacked.name.padEnd(14)} ${Math.ceil(packets / servers.length)} packets, ${found.length} findings`);
  for (const line of found.slice(0, SHOWN_MAX)) console.log(`  ${line}`);
}
process.exitCode = findings === 0 ? 0 : 1;
