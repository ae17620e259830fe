import { randomBytes, randomInt } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { hearErrors } from "../../simulators/kernel/edge/connections.ts";
import { type Exchange, tapExchanges } from "../../simulators/kernel/edge/exchanges.ts";
import { guardConnections } from "../../simulators/kernel/edge/serve.ts";
import { addressPlan } from "../../simulators/addresses.ts";
import { type Pace, PACES } from "../../simulators/kernel/index.ts";
import { WallDriver, wallNowMs } from "../../simulators/kernel/edge/drive.ts";
import { type ClaimedBlock, claimBlock, LIVE_BLOCKS } from "../../simulators/live/block.ts";
import { listenError } from "../../simulators/live/errors.ts";
import { loadKeys, type LiveKeys, makeKeys } from "../../simulators/live/keys.ts";
import { admissionAt, openSockets, type Sockets } from "../../simulators/live/sockets.ts";
import { probeSockets } from "../../simulators/live/probe.ts";
import { type ConsulSettings, createWorld, type World, type WorldOptions } from "../../simulators/world.ts";
import { inception } from "../story/inception.ts";
import type { StoryLine } from "../story/story.ts";
import { letAdminIn } from "./admin.ts";
import { attachServer } from "./attachment.ts";
import { Brokers } from "./brokers.ts";
import { type CatalogSize, offersOf } from "./offers.ts";
import { type CloudDescription, describe, environmentOf } from "./description.ts";
import type { ServiceName } from "../deployments/manifests.ts";
import { FakePlatform, PLATFORM_PORT } from "./platform/platform.ts";
import { type CloudStore, openCloudStore, type StoreKind } from "./stores.ts";

/** The options of a cloud. */
export interface CloudOptions extends Pick<WorldOptions, "director"> {
  /** Ids, addresses, durations and faults are drawn from it. Default: a random one. */
  readonly seed?: number;
  /**
   * Where passwords, keys and tokens come from. With `seed`, anybody who knows the seed can work them out. The keys of UAA and TLS and the
   * control token are always random. Default: `seed` if a seed is given, else `random`.
   */
  readonly secretsFrom?: "random" | "seed";
  /** How long simulated work takes once the cloud is ready; while it boots, work takes no time. Default: `instant`. */
  readonly pace?: Pace;
  /** The loopback /16 that the cloud takes, such as `127.64`. Default: the first that is free. */
  readonly block?: string;
  /** Services whose control planes are deployed. Default: all of them. */
  readonly services?: readonly ServiceName[];
  /** The offer of the brokers. Default: `small`, so that a certification tries each kind of plan once. */
  readonly catalog?: CatalogSize;
  /** Where the brokers keep their state. Default: `embedded`, in memory. */
  readonly store?: StoreKind;
  /** File that keeps the keys of UAA and TLS from one cloud to the next. Default: each process makes its own. */
  readonly keysFile?: string;
  /** The OpenStack of the cloud: `agents` (default) has hosts that do their work, `rig` is the bare control plane of the recordings. */
  readonly profile?: WorldOptions["profile"];
  /** Time between two looks of the director's health monitor, in ms. Default: 60,000. */
  readonly analysisMs?: number;
  /** Consul's release and the TTLs of its answers. */
  readonly consul?: ConsulSettings;
  /** Whether names are also answered at `::1`. Default false. */
  readonly ipv6?: boolean;
  /** Name servers, as `address:port`, that hear of each change of a zone in Designate. Default none. */
  readonly secondaries?: readonly string[];
  /** Called when a step of the platform's story is done. */
  readonly tell?: (line: StoryLine) => void;
  /** Called with each defect, and with each error of a part of the cloud. Default: nobody learns of them. */
  readonly report?: (error: unknown) => void;
  /** Called with each request that a service or a broker has answered on a socket. Default: nothing is called. */
  readonly hear?: (service: string, exchange: Exchange) => void;
}

/** A fake cloud on sockets with the platform deployed on it. */
export interface Cloud {
  readonly world: World;
  readonly brokers: Brokers;
  /** The platform whose users see the dashboards of instances. */
  readonly platform: FakePlatform;
  readonly sockets: Sockets;
  /** Listens while the cloud is up. */
  readonly lock: ClaimedBlock["lock"];
  readonly description: CloudDescription;
  /** The environment variables with which the real clients find the cloud. */
  readonly environment: Readonly<Record<string, string>>;
  /** Resolves a name with the cloud's DNS; undefined if it is unknown. */
  resolve(host: string): string | undefined;
  /** Shuts the cloud down, which leaves no socket, timer, process or file behind. */
  close(): Promise<void>;
}

/**
 * Boots a fake cloud: claims a block of loopback, plays the platform's story in it, listens, and puts real data services behind the
 * addresses of the VMs. If a step fails, everything begun so far is ended.
 *
 * @throws LiveError LIVE_PORT_TAKEN, LIVE_NO_BLOCK, LIVE_NO_LOOPBACK
 */
export async function bootCloud(options: CloudOptions = {}): Promise<Cloud> {
  await using ends = new AsyncDisposableStack();
  const { seed = randomInt(SEED_MAX), pace = "instant", report = () => {} } = options;
  const secretsFrom = options.secretsFrom ?? (options.seed === undefined ? "random" : "seed");
  const controlToken = randomSecret();
  const claimed = await claimBlock(options.block);
  ends.defer(() => claimed.release());
  const { signing, tls } = await keysFor(claimed.block, options.keysFile);
  const world = createLiveWorld(options, { seed, secretsFrom, block: claimed.block, signing });
  ends.defer(() => stop(world));
  world.kernel.onCrash = (_process, error) => report(error);
  const store = options.store === "postgres-ha" ? await openCloudStore(claimed.block, report) : undefined;
  ends.defer(() => store?.close());
  const platform: FakePlatform = new FakePlatform(world, () => brokers.list());
  const brokers: Brokers = await createBrokers(world, options, store, platform.url);
  // Ends run in reverse: the brokers close before the sockets through which they talk.
  const afterBrokers = ends.use(new AsyncDisposableStack());
  ends.defer(() => brokers.close());
  await inception(world, options);
  await letAdminIn(world);
  await brokers.ready();
  await openPlatform(world, platform, report);
  ends.defer(() => platform.app.close());
  const { ipv6 = false, secondaries = [], hear } = options;
  const listening = { tls, controlToken, report, ipv6, secondaries, ...(hear && { hear }) };
  const sockets = await openSockets(world, listening);
  afterBrokers.defer(() => sockets.close());
  world.kernel.setPace(pace);
  const engines = await sockets.plane.identify();
  const booted = {
    seed,
    secretsFrom,
    pace,
    brokers: brokers.list(),
    engines,
    caCert: tls.ca,
    controlToken,
    store: store?.pair.url,
    platform,
    names: sockets.names,
  };
  const parts = { brokers, platform, sockets, lock: claimed.lock, description: describe(world, booted) };
  return cloudOf(world, parts, ends.move());
}

function createLiveWorld(
  { analysisMs, profile, consul, director }: CloudOptions,
  drawn: Pick<WorldOptions, "seed" | "block" | "signing"> & { readonly secretsFrom: "random" | "seed" },
): World {
  const { secretsFrom, ...rest } = drawn;
  return createWorld({
    ...rest,
    time: "wall",
    pace: "instant",
    outside: probeSockets,
    ...(consul !== undefined && { consul }),
    ...(secretsFrom === "random" && { secretKey: randomSecret() }),
    ...(profile !== undefined && { profile }),
    ...(analysisMs !== undefined && { analysisMs }),
    ...(director !== undefined && { director }),
  });
}

/** Puts a cloud together; `ends` runs when it is closed. */
export function cloudOf(
  world: World,
  parts: Pick<Cloud, "brokers" | "platform" | "sockets" | "lock" | "description">,
  ends: AsyncDisposableStack,
): Cloud {
  return {
    world,
    ...parts,
    environment: environmentOf(parts.description),
    resolve: (host) => world.names.resolve(host),
    close: () => ends.disposeAsync(),
  };
}

/** Makes the brokers of a cloud, which listen on its addresses. */
async function createBrokers(
  world: World,
  { pace = "instant", report = () => {}, hear, catalog = "small" }: CloudOptions,
  store: CloudStore | undefined,
  platformUrl: string,
): Promise<Brokers> {
  const offers = await offersOf(catalog);
  return new Brokers(world, {
    report,
    offers,
    platformUrl,
    pace: PACES[pace],
    listen: (app, address, port) => {
      if (hear) tapExchanges(app.server, (exchange) => hear("broker", exchange));
      return listen(world, app, address, port, report);
    },
    ...(store && { pool: (service) => store.pool(service) }),
  });
}

const SEED_MAX = 2 ** 31 - 1;
const SECRET_BYTES = 32;
/** A secret that nobody can work out, in hex. */
export const randomSecret = (): string => randomBytes(SECRET_BYTES).toString("hex");

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

function stop({ driver }: World): void {
  if (driver instanceof WallDriver) driver.stop();
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
