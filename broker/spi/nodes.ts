import { BackendError } from "../errors.ts";
import type { Host } from "../host.ts";
import { basicAuthorization } from "../http/authorization.ts";
import { bodyOf, exchange, retryWhileDown } from "../http/client.ts";
import { STATUS } from "./agent.ts";
import { AGENT_PORT, AGENT_USER } from "./manifest.ts";

/**
 * Finds the node of an instance that is currently the primary, by asking the agents.
 *
 * @param addresses of its VMs
 * @throws BackendError while there is none, as during a fail-over
 */
export function findPrimary(host: Host, addresses: readonly string[], password: string): Promise<string> {
  return retryWhileDown(host, async () => {
    for (const ip of addresses) if ((await phaseAt(host, ip, password)) === "primary") return ip;
    throw new BackendError(`none of ${addresses.join(", ")} is the primary at present`);
  });
}

/** Whether an agent answers at an address. */
export const isAnswering = async (host: Host, ip: string, password: string): Promise<boolean> =>
  (await phaseAt(host, ip, password).catch(() => undefined)) !== undefined;

/** The phase of a node in its cluster; undefined if its agent does not report it. */
async function phaseAt(host: Host, ip: string, password: string): Promise<string | undefined> {
  const headers = { authorization: basicAuthorization(AGENT_USER, password) };
  const url = `http://${ip}:${AGENT_PORT}/v1/status`;
  const answer = await exchange(host, { method: "GET", url, headers }).catch(() => undefined);
  if (answer?.status !== 200) return undefined;
  const { role, phase } = bodyOf(answer, STATUS);
  return phase ?? role;
}

/**
 * Resolves once every other node of a cluster follows its primary; until then, none could take over without losing data.
 *
 * @param addresses of its VMs
 * @throws BackendError if one has not joined in time
 */
export async function awaitReplicas(host: Host, addresses: readonly string[], password: string): Promise<void> {
  for (let looked = 1; ; looked++) {
    const phases = await Promise.all(addresses.map((ip) => phaseAt(host, ip, password)));
    const late = addresses.filter((_ip, at) => phases[at] !== "primary" && phases[at] !== "replica");
    if (late.length === 0) return;
    if (looked === LOOKS_MAX) throw new BackendError(`${late.join(", ")} have not joined their primary`);
    await host.waitMs(LOOK_MS);
  }
}

/** Time between two looks at a cluster that is being created, and how many there are. */
const LOOK_MS = 1000;
const LOOKS_MAX = 300;
