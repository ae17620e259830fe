import { randomBytes, randomInt } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { hearErrors } from "../../simulators/kernel/edge/connections.ts";
import { guardConnections } from "../../simulators/kernel/edge/serve.ts";
import { addressPlan } from "../../simulators/addresses.ts";
import { type Pace, PACES } from "../../simulators/kernel/index.ts";
import { WallDriver, wallNowMs } from "../../simulators/kernel/edge/drive.ts";
import { type ClaimedBlock, claimBlock, LIVE_BLOCKS } from "../../simulators/live/block.ts";
import { listenError } from "../../simulators/live/errors.ts";
import { loadKeys, type LiveKeys, makeKeys } from "../../simulators/live/keys.ts";
import { admissionAt, openSockets, type Sockets } from "../../simulators/live/sockets.ts";
import { createWorld, type World } from "../../simulators/world.ts";
import type { PlantedBug } from "../../broker/index.ts";
import { openStackClient } from "../clients/openstack.ts";
import { inception } from "../story/inception.ts";
import type { Environment } from "../../simulators/environment.ts";
import type { StoryLine } from "../story/story.ts";
import { Brokers } from "./brokers.ts";
import { type CloudDescription, describe, environmentOf } from "./description.ts";
import type { ServiceName } from "../deployments/manifests.ts";

export interface CloudOptions {
  /** Of ids, addresses, durations and faults. Default: one drawn anew. */
  readonly seed?: number;
  /**
   * Where passwords, keys and tokens come from. `seed` makes them the same for everybody who knows the seed. UAA's and TLS's keys and the
   * control token are always random. Default: `seed` where a seed is given, else `random`.
   */
  readonly secretsFrom?: "random" | "seed";
  /** How long simulated work takes once the cloud is ready; booting it always takes none. Default `instant`. */
  readonly pace?: Pace;
  /** The /16 of loopback, such as `127.64`. Default: the first that is free. */
  readonly block?: string;
  /** Control planes to deploy. Default: all of them. */
  readonly services?: readonly ServiceName[];
  readonly plantedBug?: PlantedBug;
  /** Where the keys of UAA and TLS are kept from one cloud to the next. Default: made anew for each process. */
  readonly keysFile?: string;
  /** Called when a step of the platform's story is done. */
  readonly tell?: (line: StoryLine) => void;
  /** Told of defects and of what a part of the cloud could not do. Default: nobody. */
  readonly report?: (error: unknown) => void;
}

/** A fake cloud on sockets with the platform deployed on it. */
export interface Cloud {
  readonly world: World;
  readonly brokers: Brokers;
  readonly sockets: Sockets;
  /** What listens for as long as the cloud is there. */
  readonly lock: ClaimedBlock["lock"];
  readonly description: CloudDescription;
  /** What a child process needs to use it with the real clients. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where applications are, on wall time and the network in process. */
  readonly place: Environment;
  /** The address of a name, as its DNS has it now. */
  resolve(host: string): string | undefined;
  /** Ends everything: no socket, timer, process or file is left. */
  close(): Promise<void>;
}

/**
 * Boots a fake cloud: claims a block of loopback, plays the platform's story in it, listens, and puts real data services behind the
 * VMs' addresses. When a step fails, what was begun is ended.
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
  const world = createWorld({
    seed,
    time: "wall",
    pace: "instant",
    block: claimed.block,
    signing,
    ...(secretsFrom === "random" && { secretKey: randomSecret() }),
  });
  ends.defer(() => stop(world));
  world.kernel.onCrash = (_process, error) => report(error);
  const brokers = new Brokers(world, {
    report,
    pace: PACES[pace],
    listen: (app, address, port) => listen(world, app, address, port, report),
    ...(options.plantedBug && { plantedBug: options.plantedBug }),
  });
  // Brokers are ended before what they talk to.
  const faces = ends.use(new AsyncDisposableStack());
  ends.defer(() => brokers.close());
  await inception(world, options);
  await letAdminIn(world);
  await brokers.ready();
  const sockets = await openSockets(world, { tls, controlToken, report });
  faces.defer(() => sockets.close());
  world.kernel.setPace(pace);
  const description = describe(world, {
    seed,
    secretsFrom,
    pace,
    brokers: brokers.list(),
    caCert: tls.ca,
    controlToken,
  });
  const kept = ends.move();
  return {
    world,
    brokers,
    sockets,
    lock: claimed.lock,
    description,
    environment: environmentOf(description),
    place: world.environmentAt(world.plan.applications),
    resolve: (host) => world.dns.resolve(host),
    close: () => kept.disposeAsync(),
  };
}

const SEED_MAX = 2 ** 31 - 1;
const SECRET_BYTES = 32;
const randomSecret = (): string => randomBytes(SECRET_BYTES).toString("hex");

/** For a director in any block, so that one certificate serves all clouds of this process, or of this user when there is a file. */
let made: Promise<LiveKeys> | undefined;

function keysFor(block: string, file: string | undefined): Promise<LiveKeys> {
  const addresses = [...new Set([...LIVE_BLOCKS, block])].map((each) => addressPlan(each).director);
  if (file !== undefined) return loadKeys(file, addresses, wallNowMs());
  if (!LIVE_BLOCKS.includes(block)) return makeKeys(addresses, wallNowMs());
  made ??= makeKeys(addresses, wallNowMs());
  return made;
}

function stop({ driver }: World): void {
  if (driver instanceof WallDriver) driver.stop();
}

async function listen(
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

/** The administrator works in the platform's project too: who lists servers there wants to see the platform's. */
async function letAdminIn(world: World): Promise<void> {
  const admin = await openStackClient(world.environmentAt(world.plan.applications), world.credentials.openstackAdmin);
  const find = async (kind: string, name: string): Promise<string> => {
    const found = (await admin.call("identity", "GET", `/${kind}?name=${name}`)) as Record<string, { id: string }[]>;
    return found[kind]?.[0]?.id ?? "";
  };
  const [project, user, role] = [
    await find("projects", world.credentials.cpi.project),
    await find("users", world.credentials.openstackAdmin.username),
    await find("roles", "admin"),
  ];
  await admin.call("identity", "PUT", `/projects/${project}/users/${user}/roles/${role}`);
}
