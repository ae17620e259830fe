import type { FastifyInstance } from "fastify";
import {
  type Broker,
  type BrokerConfig,
  createBroker,
  embeddedPool,
  type PlantedBug,
  type StorePool,
} from "../../broker/index.ts";
import { BROKER_PORT, CONSUL_HTTP_PORT } from "../../simulators/addresses.ts";
import type { Slot } from "../../simulators/kernel/index.ts";
import type { World } from "../../simulators/world.ts";
import type { BrokerAddress } from "../clients/osb.ts";
import { SERVICES, type ServiceName } from "../deployments/manifests.ts";
import { type Attachment, attachServer } from "./attachment.ts";
import { BrokerHosts } from "./broker-hosts.ts";
import { CLASSIC_PLANS, planNames } from "./offers.ts";

/** How the brokers of a world run. */
interface BrokersOptions {
  /** A planted defect of every broker, to see it found. Default: none. */
  readonly planted?: PlantedBug | undefined;
  /** The operator's settings for backups. */
  readonly backups?: BrokerConfig["backups"];
  /** The offer, the releases of instances, and their quotas. Default: `CLASSIC_PLANS` of one version, without quotas. */
  readonly offers?: (service: ServiceName) => Pick<BrokerConfig, "catalog" | "maintenance" | "quotas">;
  /** The API of the platform whose users see dashboards. Default: there are no dashboards. */
  readonly platformUrl?: string;
  /** Opens the store of a broker. Default: an embedded database for each, kept as long as the world. */
  readonly pool?: (service: ServiceName) => StorePool;
  /** Makes a broker reachable over TCP too. Default: only over the in-process network. */
  readonly listen?: (app: FastifyInstance, address: string, port: number) => Promise<void>;
  /** Names this start of a world that was made again; brokers then start with `wake`. Default: it is its first. */
  readonly life?: string;
  /** Factor on the pauses between polls. Default: the world's pace at the time when the broker starts. */
  readonly pace?: number;
  /** Called with each defect: an error that no backend caused. Default: nobody learns of them. */
  readonly report?: (error: unknown) => void;
}

/** A broker as its platform knows it. */
export interface RunningBroker extends BrokerAddress {
  readonly service: ServiceName;
  readonly name: string;
  readonly ip: string;
  /** The login of its operators, for GET /instances. */
  readonly operator: { readonly username: string; readonly password: string };
}

interface Running {
  readonly ip: string;
  /** Undefined once it was killed. */
  broker: Promise<Broker> | undefined;
  /** Undefined until it has booted. */
  attachment: Attachment | undefined;
}

/** The control planes of a world: on each VM with the job `service-broker` runs a real broker. */
export class Brokers {
  readonly #world: World;
  readonly #options: BrokersOptions;
  readonly #hosts: BrokerHosts;
  readonly #pools = new Map<ServiceName, StorePool>();
  readonly #running = new Map<ServiceName, Running>();
  /** A killed broker may hold its port for a moment longer. */
  readonly #closing = new Map<ServiceName, Promise<unknown>>();
  readonly #registered = new Map<ServiceName, Promise<void>>();
  #listen: BrokersOptions["listen"];
  /** Where the world runs a broker, for those who make it again from its inputs. */
  readonly #addresses: Slot<Map<ServiceName, string>>;
  #isAsleep: boolean;

  constructor(world: World, options: BrokersOptions = {}) {
    this.#world = world;
    this.#options = options;
    this.#listen = options.listen;
    this.#hosts = new BrokerHosts(world, options.life);
    this.#addresses = world.kernel.slot("brokers", new Map());
    this.#isAsleep = options.life !== undefined;
    world.behaviours.set("service-broker", {
      start: ({ ip, properties: { service: name } }) => {
        const service = findService(name);
        if (service !== undefined) this.#addresses.value.set(service, ip);
        if (service !== undefined) return this.#start(service, ip);
        options.report?.(new RangeError(`no broker is made for the service ${String(name)}`));
      },
      stop: ({ properties }, gone) => {
        const service = findService(properties.service);
        if (!gone || service === undefined) return;
        this.#addresses.value.delete(service);
        this.kill(service);
      },
    });
  }

  /** Starts the brokers of a world that was made again. */
  wake(): void {
    this.#isAsleep = false;
    for (const [service, ip] of this.#addresses.value) this.#start(service, ip);
  }

  /** Lists the brokers that were ever started, one per service. */
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
    // A stream of its own, drawn in a fixed order, yields the same secrets on every call.
    const secrets = this.#world.secretsOf(`broker/${service}`);
    return {
      credentials: { username: "admin", password: secrets.hex(32) },
      admin: { username: "operator", password: secrets.hex(32) },
      encryptionKey: secrets.hex(64),
    };
  }

  /** Kills a broker and restarts it on its store, as an operator would after a crash. Does nothing if it was never started. */
  restart(service: ServiceName): void {
    const known = this.#running.get(service);
    if (known === undefined) return;
    this.kill(service);
    this.#start(service, known.ip);
  }

  /** Kills a broker, like SIGKILL. */
  kill(service: ServiceName): void {
    const known = this.#running.get(service);
    if (known?.broker === undefined) return;
    known.attachment?.detach();
    known.attachment?.sever();
    this.#closing.set(service, this.#end(known.broker));
    known.broker = undefined;
  }

  /** Ends a broker; one that never came up has been reported and has nothing to end. */
  async #end(booting: Promise<Broker>): Promise<void> {
    const broker = await booting.catch(() => undefined);
    broker?.kill();
    if (this.#listen !== undefined) await broker?.app.close();
  }

  /** Makes every broker that runs, and each that is started later, reachable over TCP too. */
  async openTo(listen: NonNullable<BrokersOptions["listen"]>): Promise<void> {
    this.#listen = listen;
    for (const { ip, broker } of this.#running.values()) {
      const running = await broker;
      if (running !== undefined) await listen(running.app, ip, BROKER_PORT);
    }
  }

  /** Waits until every broker that was started answers and is registered. Rejects with the error of the first that can't. */
  async ready(): Promise<void> {
    for (const [service, { broker }] of this.#running) {
      await broker;
      await this.#registered.get(service);
    }
  }

  /** Kills every broker and forgets its store, for a world that is restored to a time before the brokers. */
  halt(): void {
    for (const service of this.#running.keys()) this.kill(service);
    this.#pools.clear();
  }

  /** Starts every broker again. */
  renew(): void {
    for (const [service, { ip }] of this.#running) this.#start(service, ip);
  }

  /** Whether a broker runs, or is starting. */
  isUp(service: ServiceName): boolean {
    return this.#running.get(service)?.broker !== undefined;
  }

  /** Stops every broker and waits until it has released its port. */
  async close(): Promise<void> {
    for (const { broker } of this.#running.values()) await (await broker?.catch(() => undefined))?.stop();
    await Promise.all(this.#closing.values());
  }

  #start(service: ServiceName, ip: string): void {
    if (this.#isAsleep) return;
    const known = this.#running.get(service);
    if (known?.broker !== undefined && known.ip === ip) return;
    const broker = this.#boot(service, ip);
    const running: Running = { ip, broker, attachment: undefined };
    this.#running.set(service, running);
    broker.then(
      ({ app }) => {
        if (running.broker === undefined) return;
        running.attachment = attachServer(this.#world.net, ip, BROKER_PORT, app);
      },
      (error: unknown) => this.#options.report?.(error),
    );
  }

  async #boot(service: ServiceName, ip: string): Promise<Broker> {
    const pool = this.#pools.get(service) ?? this.#options.pool?.(service) ?? embeddedPool();
    this.#pools.set(service, pool);
    const report = (error: unknown): void => this.#options.report?.(error);
    const { planted } = this.#options;
    const host = this.#hosts.create(service, ip);
    const broker = await createBroker(this.#config(service, ip), host, { pool, report, planted });
    if (this.#listen !== undefined) {
      await this.#closing.get(service);
      await this.#listen(broker.app, ip, BROKER_PORT);
    }
    const registered = broker.start();
    registered.catch(report);
    this.#registered.set(service, registered);
    return broker;
  }

  #dashboard(service: ServiceName, ip: string): Pick<BrokerConfig, "dashboard"> {
    const { platformUrl: apiUrl } = this.#options;
    if (apiUrl === undefined) return {};
    const clientSecret = this.#world.secretsOf(`dashboard/${service}`).hex(64);
    // By its address, which a browser finds without the cloud's DNS.
    return { dashboard: { url: `http://${ip}:${BROKER_PORT}`, apiUrl, clientSecret } };
  }

  #config(service: ServiceName, ip: string): BrokerConfig {
    const { credentials, plan, kernel } = this.#world;
    return {
      service,
      ...this.#secrets(service),
      director: credentials.director,
      openstack: { authUrl: credentials.openstackAdmin.authUrl, ...credentials.cpi },
      // A world with a query in flight is not a value: snapshots of worlds without sockets would be impossible.
      consul: { url: `http://${plan.consul}:${CONSUL_HTTP_PORT}`, follow: this.#options.listen !== undefined },
      address: { name: `${service}-service-broker`, ip, port: BROKER_PORT },
      applicationCidrs: [`${plan.applications}/32`],
      pace: this.#options.pace ?? kernel.pace,
      catalog: { plans: planNames(service, CLASSIC_PLANS) },
      ...this.#options.offers?.(service),
      ...this.#dashboard(service, ip),
      ...(this.#options.backups && { backups: this.#options.backups }),
    };
  }
}

/** The service of this name, if the platform has it. */
const findService = (name: unknown): ServiceName | undefined => SERVICES.find((each) => each === name);
