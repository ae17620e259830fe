import { WallDriver } from "../../simulators/kernel/edge/drive.ts";
import type { ClaimedBlock } from "../../simulators/live/block.ts";
import { openSockets } from "../../simulators/live/sockets.ts";
import type { World } from "../../simulators/world.ts";
import { letAdminIn } from "./admin.ts";
import type { Brokers } from "./brokers.ts";
import { type Cloud, type CloudOptions, cloudOf } from "./cloud.ts";
import { keysFor, listen, openPlatform } from "./edges.ts";
import { randomSecret } from "./secrets.ts";
import { describe } from "./description.ts";
import { FakePlatform } from "./platform/platform.ts";

/** How a cloud is opened that was played without sockets. */
interface OpenOptions extends Pick<CloudOptions, "keysFile" | "hear"> {
  readonly seed: number;
  /** The block in which the cloud was made. */
  readonly claimed: ClaimedBlock;
  /** Called with each defect, and with each error of a part of the cloud. */
  readonly report: (error: unknown) => void;
}

/**
 * Opens a cloud whose time was virtual: from now on its clock goes at the pace of this machine's, from where it stands, and its parts listen on
 * sockets. The servers behind its databases know their users; rows that were written before live in the simulation alone and are not in them. The
 * director has no UAA.
 *
 * @throws LiveError LIVE_PORT_TAKEN, LIVE_NO_LOOPBACK
 */
export async function openCloud(
  world: World,
  brokers: Brokers,
  { seed, claimed, keysFile, hear, report }: OpenOptions,
): Promise<Cloud> {
  await using ends = new AsyncDisposableStack();
  const { tls } = await keysFor(claimed.block, keysFile);
  const controlToken = randomSecret();
  const driver = new WallDriver(world.kernel, world.kernel.nowMs);
  ends.defer(() => driver.stop());
  const live = { ...world, driver };
  await letAdminIn(live);
  const platform = new FakePlatform(live, () => brokers.list());
  const sockets = await openSockets(live, { tls, controlToken, report, ...(hear && { hear }) });
  ends.defer(() => sockets.close());
  ends.defer(() => brokers.close());
  await brokers.openTo((app, address, port) => listen(live, app, address, port, report));
  await openPlatform(live, platform, report);
  ends.defer(() => platform.app.close());
  const engines = await sockets.plane.identify();
  const description = describe(live, {
    seed,
    secretsFrom: "seed",
    pace: "realistic",
    brokers: brokers.list(),
    engines,
    caCert: tls.ca,
    controlToken,
    store: undefined,
    platform,
    names: sockets.names,
  });
  return cloudOf(live, { brokers, platform, sockets, lock: claimed.lock, description }, ends.move());
}
