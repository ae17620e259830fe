import type { Host, ServiceName } from "../../broker/index.ts";
import { VirtualDriver, WallDriver } from "../../simulators/kernel/edge/drive.ts";
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

/** Work at each end of a period; the function returned ends it. */
function everyOn(driver: WallDriver, periodMs: number, work: () => void): () => void {
  const over = new AbortController();
  const repeat = async (): Promise<void> => {
    for (;;) {
      await driver.sleep(periodMs, over.signal);
      work();
    }
  };
  repeat().catch((error: unknown) => {
    if (!over.signal.aborted) throw error;
  });
  return () => over.abort();
}

/** The hosts of a world's brokers: each broker touches the world's network, clock and entropy, from the address of its VM. */
export class BrokerHosts {
  readonly #world: World;
  readonly #life: string | undefined;
  /** The periodic work of brokers. Its timers are plain data, so they do not prevent a snapshot. */
  readonly #periodic = new Map<number, () => void>();
  #periods = 0;

  /** @param life names this start of a world that was made again: no secret of an earlier one comes twice. Default: it is its first */
  constructor(world: World, life?: string) {
    this.#world = world;
    this.#life = life;
    world.kernel.onTimer<Period>(PERIOD, (period) => this.#tick(period));
  }

  /** Makes the host of a broker on the VM with this address. */
  create(service: ServiceName, ip: string): Host {
    const { kernel, driver, net } = this.#world;
    const secrets = this.#life === undefined ? `broker/${service}` : `broker/${service}/${this.#life}`;
    return {
      fetch: driver instanceof VirtualDriver ? withWholeBodies(net.fetchFrom(ip)) : net.fetchFrom(ip),
      nowMs: () => kernel.nowMs,
      sleepMs: (ms) => driver.sleep(Math.max(1, ms * kernel.pace)),
      waitMs: (ms) => driver.sleep(ms),
      every: (periodMs, work) => this.#every(periodMs, work),
      randomBytes: (count) => kernel.secrets(secrets).bytes(count),
      track: (work) => driver.track(work),
    };
  }

  #every(periodMs: number, work: () => void): () => void {
    const { kernel, driver } = this.#world;
    // A cloud on sockets may be made again from its inputs, without its brokers, who live outside and must leave no trace in it.
    if (driver instanceof WallDriver) return everyOn(driver, Math.max(PERIOD_MS_MIN, periodMs * kernel.pace), work);
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
