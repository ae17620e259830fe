import type { FastifyInstance } from "fastify";
import type { PostgresPool } from "kysely";
import {
  type Broker,
  type BrokerConfig,
  createBroker,
  embeddedPool,
  type Host,
  type PlantedBug,
  type ServiceName,
} from "../../broker/index.ts";
import { BROKER_PORT, CONSUL_HTTP_PORT } from "../../simulators/addresses.ts";
import type { World } from "../../simulators/world.ts";
import type { BrokerAddress } from "../clients/osb.ts";

export interface BrokersOptions {
  readonly plantedBug?: PlantedBug;
  /** Where a broker keeps its state. Default: an embedded database each, kept while the world lives. */
  readonly pool?: (service: ServiceName) => PostgresPool;
  /** Makes a broker reachable over TCP too; a world with sockets gives it. */
  readonly listen?: (app: FastifyInstance, address: string, port: number) => Promise<void>;
  /** By how much polling is scaled. Default: as the world's work is when the broker starts. */
  readonly pace?: number;
  /** Told of defects: errors that no backend caused. */
  readonly report?: (error: unknown) => void;
}

/** A broker as its platform knows it. */
export interface RunningBroker extends BrokerAddress {
  readonly service: ServiceName;
  readonly name: string;
  readonly ip: string;
  /** What its operators log in with, for GET /instances. */
  readonly operator: { readonly username: string; readonly password: string };
}

interface Running {
  readonly ip: string;
  broker: Promise<Broker> | undefined;
  detach: () => void;
  /** Breaks the connections that are open: their callers get no answer. */
  readonly sever: () => void;
}

interface Period {
  readonly id: number;
  readonly everyMs: number;
}

const PERIOD = "broker/period";
/** Also in a world whose work takes no time. */
const PERIOD_MS_MIN = 5000;

/** The control planes: where a VM's job `service-broker` runs, the real broker runs. */
export class Brokers {
  readonly #world: World;
  readonly #options: BrokersOptions;
  readonly #pools = new Map<ServiceName, PostgresPool>();
  readonly #running = new Map<ServiceName, Running>();
  /** What was killed may hold its port for a moment. */
  readonly #closing = new Map<ServiceName, Promise<unknown>>();
  readonly #registered = new Map<ServiceName, Promise<void>>();

  /** What brokers do again and again. Their timers are plain data, so that they are no obstacle to a snapshot. */
  readonly #periodic = new Map<number, () => void>();
  #periods = 0;

  constructor(world: World, options: BrokersOptions = {}) {
    this.#world = world;
    this.#options = options;
    world.kernel.onTimer<Period>(PERIOD, (period) => this.#tick(period));
    world.behaviours.set("service-broker", {
      start: ({ ip, properties }) => this.#start(properties.service as ServiceName, ip),
      stop: ({ properties }, gone) => {
        if (gone) this.kill(properties.service as ServiceName);
      },
    });
  }

  /** All that have been started, by service. */
  list(): readonly RunningBroker[] {
    return [...this.#running].map(([service, { ip }]) => this.#address(service, ip));
  }

  #address(service: ServiceName, ip: string): RunningBroker {
    const name = `${service}-service-broker`;
    const { credentials, admin } = this.#secrets(service);
    const url = `http://${name}.service.dc1.consul:${BROKER_PORT}`;
    return { service, name, ip, url, ...credentials, operator: admin };
  }

  #secrets(service: ServiceName): Pick<BrokerConfig, "credentials" | "admin" | "encryptionKey"> {
    // A stream of their own, drawn in one order, gives the same secrets each time they are asked for.
    const secrets = this.#world.secretsOf(`broker/${service}`);
    return {
      credentials: { username: "admin", password: secrets.hex(32) },
      admin: { username: "operator", password: secrets.hex(32) },
      encryptionKey: secrets.hex(64),
    };
  }

  /** Starts it again on its store, as an operator would after a crash. */
  restart(service: ServiceName): void {
    const known = this.#running.get(service);
    if (known === undefined) return;
    this.kill(service);
    this.#start(service, known.ip);
  }

  /** As SIGKILL. */
  kill(service: ServiceName): void {
    const known = this.#running.get(service);
    if (known?.broker === undefined) return;
    known.detach();
    known.sever();
    this.#closing.set(service, this.#end(known.broker));
    known.broker = undefined;
  }

  /** A broker that never came up has been reported and has nothing to end. */
  async #end(booting: Promise<Broker>): Promise<void> {
    const broker = await booting.catch(() => undefined);
    broker?.kill();
    if (this.#options.listen !== undefined) await broker?.app.close();
  }

  /** Resolves when all that have been started answer and are registered; rejects with what keeps one from it. */
  async ready(): Promise<void> {
    for (const [service, { broker }] of this.#running) {
      await broker;
      await this.#registered.get(service);
    }
  }

  /** Kills all and takes their stores away: for a world that goes back to where none of them had one. */
  halt(): void {
    for (const service of this.#running.keys()) this.kill(service);
    this.#pools.clear();
  }

  /** Starts all again. */
  renew(): void {
    for (const [service, { ip }] of this.#running) this.#start(service, ip);
  }

  isUp(service: ServiceName): boolean {
    return this.#running.get(service)?.broker !== undefined;
  }

  async close(): Promise<void> {
    for (const { broker } of this.#running.values()) await (await broker?.catch(() => undefined))?.stop();
    await Promise.all(this.#closing.values());
  }

  #start(service: ServiceName, ip: string): void {
    const known = this.#running.get(service);
    if (known?.broker !== undefined && known.ip === ip) return;
    const broker = this.#boot(service, ip);
    const open = new Set<(why: Error) => void>();
    const sever = (): void => open.forEach((cut) => cut(reset()));
    const running: Running = { ip, broker, detach: () => {}, sever };
    this.#running.set(service, running);
    broker.then(
      ({ app }) => {
        if (running.broker === undefined) return;
        const fetch = (request: Request): Promise<Response> =>
          new Promise((resolve, reject) => {
            open.add(reject);
            answer(app, request)
              .then(resolve, reject)
              .finally(() => open.delete(reject));
          });
        running.detach = this.#world.net.attach(ip, BROKER_PORT, { fetch });
      },
      (error: unknown) => this.#options.report?.(error),
    );
  }

  async #boot(service: ServiceName, ip: string): Promise<Broker> {
    const pool = this.#pools.get(service) ?? this.#options.pool?.(service) ?? embeddedPool();
    this.#pools.set(service, pool);
    const report = (error: unknown): void => this.#options.report?.(error);
    const broker = await createBroker(this.#config(service, ip), this.#host(service, ip), { pool, report });
    if (this.#options.listen !== undefined) {
      await this.#closing.get(service);
      await this.#options.listen(broker.app, ip, BROKER_PORT);
    }
    const registered = broker.start();
    registered.catch(report);
    this.#registered.set(service, registered);
    return broker;
  }

  #config(service: ServiceName, ip: string): BrokerConfig {
    const { credentials, plan, kernel } = this.#world;
    return {
      service,
      ...this.#secrets(service),
      director: credentials.director,
      openstack: { authUrl: credentials.openstackAdmin.authUrl, ...credentials.cpi },
      consul: { url: `http://${plan.consul}:${CONSUL_HTTP_PORT}` },
      address: { name: `${service}-service-broker`, ip, port: BROKER_PORT },
      applicationCidrs: [`${plan.applications}/32`],
      pace: this.#options.pace ?? kernel.pace,
      ...(this.#options.plantedBug && { plantedBug: this.#options.plantedBug }),
    };
  }

  #tick(period: Period): void {
    const work = this.#periodic.get(period.id);
    if (work === undefined) return;
    this.#world.kernel.timer(period.everyMs, PERIOD, period);
    work();
  }

  #every(periodMs: number, work: () => void): () => void {
    const { kernel } = this.#world;
    const period: Period = { id: ++this.#periods, everyMs: Math.max(PERIOD_MS_MIN, periodMs * kernel.pace) };
    this.#periodic.set(period.id, work);
    kernel.timer(period.everyMs, PERIOD, period);
    return () => void this.#periodic.delete(period.id);
  }

  /** The broker's senses, from its VM: the world's network, clock and entropy. */
  #host(service: ServiceName, ip: string): Host {
    const { kernel, driver, net } = this.#world;
    return {
      fetch: net.fetchFrom(ip),
      nowMs: () => kernel.nowMs,
      sleepMs: (ms) => driver.sleep(Math.max(1, ms * kernel.pace)),
      waitMs: (ms) => driver.sleep(ms),
      every: (periodMs, work) => this.#every(periodMs, work),
      randomBytes: (count) => kernel.secrets(`broker/${service}`).bytes(count),
      track: (work) => driver.track(work),
    };
  }
}

const reset = (): TypeError =>
  new TypeError("fetch failed", { cause: Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }) });

/** One request to a broker that does not listen. */
async function answer(app: FastifyInstance, request: Request): Promise<Response> {
  const url = new URL(request.url);
  const reply = await app.inject({
    method: request.method as "GET",
    url: `${url.pathname}${url.search}`,
    headers: { ...Object.fromEntries(request.headers), host: url.host },
    payload: Buffer.from(await request.arrayBuffer()),
  });
  const headers = Object.entries(reply.headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  );
  const body = [204, 304].includes(reply.statusCode) ? null : reply.rawPayload;
  return new Response(body, { status: reply.statusCode, headers });
}
