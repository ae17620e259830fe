import type { FastifyInstance } from "fastify";
import { addressPlan } from "../../simulators/addresses.ts";
import { hearErrors } from "../../simulators/kernel/edge/connections.ts";
import { wallNowMs } from "../../simulators/kernel/edge/drive.ts";
import { guardConnections } from "../../simulators/kernel/edge/serve.ts";
import { LIVE_BLOCKS } from "../../simulators/live/block.ts";
import { listenError } from "../../simulators/live/errors.ts";
import { loadKeys, type LiveKeys, makeKeys } from "../../simulators/live/keys.ts";
import { admissionAt } from "../../simulators/live/sockets.ts";
import type { World } from "../../simulators/world.ts";
import { attachServer } from "./attachment.ts";
import { type FakePlatform, PLATFORM_PORT } from "./platform/platform.ts";

/** Keys for a director in any block, so that one certificate serves every cloud of this process, or of this user if there is a file. */
let made: Promise<LiveKeys> | undefined;

/** The keys of a cloud in this block. @param file keeps them from one cloud to the next; undefined: this process alone has them */
export function keysFor(block: string, file: string | undefined): Promise<LiveKeys> {
  const addresses = [...new Set([...LIVE_BLOCKS, block])].map((each) => addressPlan(each).director);
  if (file !== undefined) return loadKeys(file, addresses, wallNowMs());
  if (!LIVE_BLOCKS.includes(block)) return makeKeys(addresses, wallNowMs());
  made ??= makeKeys(addresses, wallNowMs());
  return made;
}

/** Listens at a broker's or the platform's address; security groups admit each connection. @throws LiveError LIVE_PORT_TAKEN */
export async function listen(
  world: World,
  app: FastifyInstance,
  address: string,
  port: number,
  report: (error: unknown) => void,
): Promise<void> {
  guardConnections(app.server, admissionAt(world, address, port));
  try {
    await app.listen({ host: address, port });
    hearErrors(app.server, report);
  } catch (error) {
    throw listenError(error, "broker", address, port);
  }
}

/** Starts a platform for brokers and browsers, and registers the brokers there. */
export async function openPlatform(
  world: World,
  platform: FakePlatform,
  report: (error: unknown) => void,
): Promise<void> {
  const { controller } = world.plan;
  attachServer(world.net, controller, PLATFORM_PORT, platform.app);
  await listen(world, platform.app, controller, PLATFORM_PORT, report);
  await platform.register();
}
