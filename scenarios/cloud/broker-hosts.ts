import type { Host, ServiceName } from "../../broker/index.ts";
import { VirtualDriver } from "../../simulators/kernel/edge/drive.ts";
import type { World } from "../../simulators/world.ts";

/**
 * Sends a streamed body as a whole. On virtual time, a stream that waits for the world could not be distinguished from one that has stopped.
 */
const withWholeBodies =
  (send: Host["fetch"]): Host["fetch"] =>
  async (url, init) => {
    const { body } = init ?? {};
    if (!(body instanceof ReadableStream)) return send(url, init);
    return send(url, { ...init, body: Buffer.from(await new Response(body).arrayBuffer()) });
  };

interface Period {
  readonly id: number;
  readonly everyMs: number;
}

const PERIOD = "broker/period";
/** A lower limit for periods, which matters if work takes no time. */
const PERIOD_MS_MIN = 5000;

/** The hosts of a world's brokers: each broker touches the world's network, clock and entropy, from the address of its VM. */
export class BrokerHosts {
  readonly #world: World;
  /** The periodic work of brokers. Its timers are plain data, so they do not prevent a snapshot. */
  readonly #periodic = new Map<number, () => void>();
  #periods = 0;

  constructor(world: World) {
    this.#world = world;
    world.kernel.onTimer<Period>(PERIOD, (period) => this.#tick(period));
  }

  /** Makes the host of a broker on the VM with this address. */
  create(service: ServiceName, ip: string): Host {
    const { kernel, driver, net } = this.#world;
    return {
      fetch: driver instanceof VirtualDriver ? withWholeBodies(net.fetchFrom(ip)) : net.fetchFrom(ip),
      nowMs: () => kernel.nowMs,
      sleepMs: (ms) => driver.sleep(Math.max(1, ms * kernel.pace)),
      waitMs: (ms) => driver.sleep(ms),
      every: (periodMs, work) => this.#every(periodMs, work),
      randomBytes: (count) => kernel.secrets(`broker/${service}`).bytes(count),
      track: (work) => driver.track(work),
    };
  }

  #every(periodMs: number, work: () => void): () => void {
    const { kernel } = this.#world;
    const period: Period = { id: ++this.#periods, everyMs: Math.max(PERIOD_MS_MIN, periodMs * kernel.pace) };
    this.#periodic.set(period.id, work);
    kernel.timer(period.everyMs, PERIOD, period);
    return () => void this.#periodic.delete(period.id);
  }

  #tick(period: Period): void {
    const work = this.#periodic.get(period.id);
    if (work === undefined) return;
    this.#world.kernel.timer(period.everyMs, PERIOD, period);
    work();
  }
}
