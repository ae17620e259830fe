import { codeOf } from "../../simulators/live/errors.ts";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { LIVE_BLOCKS } from "../../simulators/live/block.ts";
import { addressPlan } from "../../simulators/addresses.ts";
import type { Finding } from "./finding.ts";

const CLOUDS = "up, start, exec, certify without a URL";

/** Why nobody can listen there; undefined when one can. */
async function obstacleTcp(host: string, port: number): Promise<string | undefined> {
  const server = createServer();
  server.listen(port, host);
  try {
    await once(server, "listening");
    return undefined;
  } catch (error) {
    return codeOf(error);
  } finally {
    server.close();
  }
}

async function obstacleUdp(host: string): Promise<string | undefined> {
  const socket = createSocket("udp4");
  socket.bind(0, host);
  try {
    await once(socket, "listening");
    return undefined;
  } catch (error) {
    return codeOf(error);
  } finally {
    socket.close();
  }
}

/** Whether one can listen on loopback addresses other than 127.0.0.1: a cloud uses hundreds of them. */
export async function probeLoopback(): Promise<Finding> {
  const name = "loopback addresses";
  const [block = "127.64"] = LIVE_BLOCKS;
  const { director, controller, consul } = addressPlan(block);
  for (const address of [director, controller, consul]) {
    const obstacle = await obstacleTcp(address, 0);
    if (obstacle !== undefined)
      return {
        name,
        state: "missing",
        found: `${address} is not available (${obstacle})`,
        affects: CLOUDS,
        help:
          process.platform === "darwin"
            ? "macOS has only 127.0.0.1, and VM addresses aren't known in advance: use a Linux VM or container"
            : `route 127.0.0.0/8 to this machine: ip addr add 127.0.0.1/8 dev lo`,
      };
  }
  return { name, state: "ok", found: `${director}, ${controller} and ${consul} are available` };
}

/** Whether a cloud finds a free block, and which. */
export async function probeBlocks(): Promise<Finding> {
  const name = "blocks";
  const obstacles = await Promise.all(LIVE_BLOCKS.map((block) => obstacleTcp(addressPlan(block).control, 7700)));
  const free = LIVE_BLOCKS.filter((_, at) => obstacles[at] === undefined);
  const found = `${free.length} of ${LIVE_BLOCKS.length} are free${free[0] === undefined ? "" : `, the first ${free[0]}`}`;
  if (free.length > 0) return { name, state: "ok", found };
  const help =
    obstacles[0] === "EADDRINUSE"
      ? "end a cloud that is up, or the programs that listen there"
      : "see the loopback addresses";
  return { name, state: "missing", found: `${found} (${obstacles[0]})`, affects: CLOUDS, help };
}

/** Whether DNS can be served over UDP. */
export async function probeDns(): Promise<Finding> {
  const { consul } = addressPlan(LIVE_BLOCKS[0]);
  const obstacle = await obstacleUdp(consul);
  if (obstacle === undefined) return { name: "DNS over UDP", state: "ok", found: `${consul} takes UDP` };
  const help = "allow UDP on loopback, for example in the container's network policy";
  return { name: "DNS over UDP", state: "missing", found: `${consul}: ${obstacle}`, affects: CLOUDS, help };
}

const PROXY = /^(https?|all)_proxy$/i;

/** Whether a proxy would intercept loopback; drydock's own commands bypass it. */
export async function probeProxy(): Promise<Finding> {
  const set = Object.keys(process.env).filter((name) => PROXY.test(name));
  const bypass = process.env["no_proxy"] ?? process.env["NO_PROXY"] ?? "";
  const found = set.length === 0 ? "none is set" : `${set.join(", ")}; no_proxy: ${bypass || "empty"}`;
  if (set.length === 0 || /127\./.test(bypass)) return { name: "proxy", state: "ok", found };
  const affects = "clients of a cloud without the environment of drydock env or exec";
  return { name: "proxy", state: "less", found, affects, help: "add 127.0.0.0/8 to no_proxy" };
}
