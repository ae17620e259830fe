import { type Exchange, tapExchanges } from "../../simulators/kernel/edge/exchanges.ts";
import { type Pace, PACES } from "../../simulators/kernel/index.ts";
import { WallDriver } from "../../simulators/kernel/edge/drive.ts";
import type { ClaimedBlock } from "../../simulators/live/block.ts";
import type { LiveKeys } from "../../simulators/live/keys.ts";
import { openSockets, type Sockets } from "../../simulators/live/sockets.ts";
import { probeSockets } from "../../simulators/live/probe.ts";
import { type ConsulSettings, createWorld, type World, type WorldOptions } from "../../simulators/world.ts";
import { inception } from "../story/inception.ts";
import type { StoryLine } from "../story/story.ts";
import { letAdminIn } from "./admin.ts";
import { Brokers } from "./brokers.ts";
import { type CatalogSize, offersOf } from "./offers.ts";
import type { KeptCloud } from "./data/kept-cloud.ts";
import { claimBlockOf, type DataOptions, openData } from "./data/open.ts";
import { type CloudDescription, describe, environmentOf } from "./description.ts";
import { keysFor, listen, openPlatform } from "./edges.ts";
import type { ServiceName } from "../deployments/manifests.ts";
import { FakePlatform } from "./platform/platform.ts";
import { type CloudSecrets, drawSecrets } from "./secrets.ts";
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
  /** A folder in which the cloud outlives its process: if there is one in it, that goes on. Default: it ends with the process. */
  readonly data?: DataOptions;
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

/** A cloud before anything runs in it. */
interface Base {
  readonly options: CloudOptions;
  readonly claimed: ClaimedBlock;
  /** Undefined: the cloud ends with its process. */
  readonly kept: KeptCloud | undefined;
  readonly secrets: CloudSecrets;
  readonly tls: LiveKeys["tls"];
  readonly world: World;
  /** Called with each defect. */
  readonly report: (error: unknown) => void;
}

/**
 * Boots a fake cloud: claims a block of loopback, plays the platform's story in it (or, with `data`, repeats what once happened in it), listens, and
 * puts real data services behind the addresses of the VMs. If a step fails, everything begun so far is ended.
 *
 * @throws LiveError LIVE_PORT_TAKEN, LIVE_NO_BLOCK, LIVE_NO_LOOPBACK
 * @throws KeptCloudError see `openData`
 */
export async function bootCloud(given: CloudOptions = {}): Promise<Cloud> {
  await using ends = new AsyncDisposableStack();
  const base = await openBase(given, ends);
  const { options, claimed, kept, secrets, tls, world, report } = base;
  const store = options.store === "postgres-ha" ? await openCloudStore(claimed.block, report) : undefined;
  ends.defer(() => store?.close());
  const life = kept?.life;
  const platform: FakePlatform = new FakePlatform(world, () => brokers.list(), life);
  const running = { pool: kept ?? store, ...(life !== undefined && { life }), platformUrl: platform.url };
  const brokers: Brokers = await createBrokers(world, { ...options, report }, running);
  const sockets = await start(base, { brokers, platform }, ends);
  const booted = {
    seed: secrets.seed,
    secretsFrom: secrets.secretKey === undefined ? ("seed" as const) : ("random" as const),
    pace: options.pace ?? "instant",
    brokers: brokers.list(),
    engines: await sockets.plane.identify(),
    caCert: tls.ca,
    controlToken: secrets.controlToken,
    store: store?.pair.url,
    platform,
    names: sockets.names,
  };
  kept?.noteReady();
  ends.defer(() => kept?.freeze());
  const parts = { brokers, platform, sockets, lock: claimed.lock, description: describe(world, booted) };
  return cloudOf(world, parts, ends.move());
}

/** Claims the block, opens the folder if the cloud has one, and makes the world. */
async function openBase(given: CloudOptions, ends: AsyncDisposableStack): Promise<Base> {
  const opened = given.data && openData(given.data, given);
  const options = opened?.options ?? given;
  const claimed = await claimBlockOf(options);
  ends.defer(() => claimed.release());
  const kept = opened?.begin(claimed.block);
  ends.defer(() => kept?.close());
  const report = (error: unknown): void => {
    // Work that is still in progress when a cloud ends is not a failure.
    if (kept?.isFrozen !== true) options.report?.(error);
  };
  const secrets = kept?.record ?? drawSecrets(options);
  const { signing, tls } = await keysFor(claimed.block, kept?.keysFile ?? options.keysFile);
  const world = createLiveWorld(options, {
    seed: secrets.seed,
    block: claimed.block,
    signing,
    ...(secrets.secretKey !== undefined && { secretKey: secrets.secretKey }),
    ...(kept !== undefined && { startMs: kept.record.startMs }),
  });
  ends.defer(() => stop(world));
  world.kernel.onCrash = (_process, error) => report(error);
  return { options, claimed, kept, secrets, tls, world, report };
}

/** Starts everything that runs in a cloud, from its story or from where it stood. */
async function start(
  { options, kept, secrets, tls, world, report }: Base,
  { brokers, platform }: Pick<Cloud, "brokers" | "platform">,
  ends: AsyncDisposableStack,
): Promise<Sockets> {
  kept?.resume(world);
  const { ipv6 = false, secondaries = [], hear, pace = "instant" } = options;
  const { controlToken } = secrets;
  const listening = { tls, controlToken, report, ipv6, secondaries, keptDisks: kept?.disks, ...(hear && { hear }) };
  // Ends run in reverse: the brokers close before the sockets through which they talk.
  const afterBrokers = ends.use(new AsyncDisposableStack());
  const open = async (): Promise<Sockets> => {
    const sockets = await openSockets(world, listening);
    afterBrokers.defer(() => sockets.close());
    return sockets;
  };
  ends.defer(() => brokers.close());
  const isNew = kept?.isNew !== false;
  // Brokers that go on find the servers at work that stand behind their instances.
  const before = isNew ? undefined : await open();
  if (isNew) {
    await inception(world, options);
    await letAdminIn(world);
  } else brokers.wake();
  await brokers.ready();
  await openPlatform(world, platform, report);
  ends.defer(() => platform.app.close());
  const sockets = before ?? (await open());
  world.kernel.setPace(pace);
  return sockets;
}

function stop({ driver }: World): void {
  if (driver instanceof WallDriver) driver.stop();
}

function createLiveWorld(
  { analysisMs, profile, consul, director }: CloudOptions,
  drawn: Pick<WorldOptions, "seed" | "secretKey" | "block" | "signing" | "startMs">,
): World {
  return createWorld({
    ...drawn,
    time: "wall",
    pace: "instant",
    outside: probeSockets,
    ...(consul !== undefined && { consul }),
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
  {
    pool,
    ...more
  }: {
    readonly pool: Pick<CloudStore, "pool"> | undefined;
    readonly life?: string;
    readonly platformUrl: string;
  },
): Promise<Brokers> {
  const offers = await offersOf(catalog);
  return new Brokers(world, {
    report,
    offers,
    ...more,
    pace: PACES[pace],
    listen: (app, address, port) => {
      if (hear) tapExchanges(app.server, (exchange) => hear("broker", exchange));
      return listen(world, app, address, port, report);
    },
    ...(pool && { pool: (service) => pool.pool(service) }),
  });
}
