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
  /** Told of defects: errors that no backend caused. */
  readonly report?: (error: unknown) => void;
}

/** A broker as its platform knows it. */
export interface RunningBroker extends BrokerAddress {
  readonly service: ServiceName;
  readonly name: string;
  readonly ip: string;
}

/** The control planes: where a VM's job `service-broker` runs, the real broker runs. */
export class Brokers {
  readonly #world: World;
  readonly #options: BrokersOptions;
  readonly #pools = new Map<ServiceName, PostgresPool>();
  readonly #running = new Map<
    ServiceName,
    { readonly ip: string; broker: Promise<Broker> | undefined; detach: () => void }
  >();

  constructor(world: World, options: BrokersOptions = {}) {
    this.#world = world;
    this.#options = options;
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
    const { username, password } = this.#secrets(service).credentials;
    return { service, name, ip, url: `http://${name}.service.dc1.consul:${BROKER_PORT}`, username, password };
  }

  #secrets(service: ServiceName): Pick<BrokerConfig, "credentials" | "admin" | "encryptionKey"> {
    // A stream of their own, drawn in one order, gives the same secrets each time they are asked for.
    const random = this.#world.secretsOf(`broker/${service}`);
    return {
      credentials: { username: "admin", password: random.hex(32) },
      admin: { username: "operator", password: random.hex(32) },
      encryptionKey: random.hex(64),
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
    void known.broker.then((broker) => broker.kill());
    known.broker = undefined;
  }

  isUp(service: ServiceName): boolean {
    return this.#running.get(service)?.broker !== undefined;
  }

  async close(): Promise<void> {
    for (const { broker } of this.#running.values()) await (await broker)?.stop();
  }

  #start(service: ServiceName, ip: string): void {
    const known = this.#running.get(service);
    if (known?.broker !== undefined && known.ip === ip) return;
    const broker = this.#boot(service, ip);
    const running = { ip, broker, detach: () => {} };
    this.#running.set(service, running);
    broker.then(
      ({ app }) => {
        if (running.broker === undefined) return;
        running.detach = this.#world.net.attach(ip, BROKER_PORT, { fetch: (request) => answer(app, request) });
      },
      (error: unknown) => this.#options.report?.(error),
    );
  }

  async #boot(service: ServiceName, ip: string): Promise<Broker> {
    const pool = this.#pools.get(service) ?? this.#options.pool?.(service) ?? embeddedPool();
    this.#pools.set(service, pool);
    const report = (error: unknown): void => this.#options.report?.(error);
    const broker = await createBroker(this.#config(service, ip), this.#host(service, ip), { pool, report });
    await this.#options.listen?.(broker.app, ip, BROKER_PORT);
    broker.start().catch(report);
    return broker;
  }

  #config(service: ServiceName, ip: string): BrokerConfig {
    const { credentials, plan, kernel } = this.#world;
    return {
      service,
      ...this.#secrets(service),
      director: credentials.director,
      openstack: { authUrl: credentials.openstackAdmin.authUrl, ...credentials.cpi },
      consul: { url: `http://${plan.block}.0.10:${CONSUL_HTTP_PORT}` },
      address: { name: `${service}-service-broker`, ip, port: BROKER_PORT },
      applicationCidrs: [`${plan.applications}/32`],
      pace: kernel.pace,
      ...(this.#options.plantedBug && { plantedBug: this.#options.plantedBug }),
    };
  }

  /** The broker's senses, from its VM: the world's network, clock and entropy. */
  #host(service: ServiceName, ip: string): Host {
    const { kernel, driver, net } = this.#world;
    const fetch = net.fetchFrom(ip);
    return {
      fetch: (url, init) => fetch(url, init),
      nowMs: () => kernel.nowMs,
      sleepMs: (ms) => driver.sleep(Math.max(1, ms * kernel.pace)),
      randomBytes: (count) => kernel.random(`broker/${service}`).bytes(count),
      track: (work) => driver.track(work),
    };
  }
}

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
  const bodiless = reply.statusCode === 204 || reply.statusCode === 304;
  return new Response(bodiless ? null : reply.rawPayload, { status: reply.statusCode, headers });
}
