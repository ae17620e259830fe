import type { FastifyInstance } from "fastify";
import { createBackupStore } from "./backup/backups.ts";
import { createBackupManager } from "./backup/manager.ts";
import { a9sRoutes } from "./backup/routes/a9s.ts";
import { extensionRoutes } from "./backup/routes/extension.ts";
import { type BrokerConfig, checkConfig, keyRingOf, managersOf } from "./config.ts";
import { BackendError, FinalError } from "./errors.ts";
import { followVms } from "./guard/follow.ts";
import { SecurityGroupGuard } from "./guard/guard.ts";
import { neutronOf } from "./guard/neutron.ts";
import { openProject } from "./openstack/project.ts";
import { restoreGuards, WATCH_MS } from "./guard/watch.ts";
import { type Host, mortalHost } from "./host.ts";
import { createExecutor, type Executor, type OperationListener } from "./operations/executor.ts";
import type { OperationContext } from "./operations/context.ts";
import { leasedHost } from "./operations/lease.ts";
import { createAuthentication } from "./osb/authentication.ts";
import { bindingRoutes } from "./osb/bindings/routes.ts";
import { catalogRoute } from "./osb/catalog.ts";
import { instanceRoutes } from "./osb/instances/routes.ts";
import { recordRoutes } from "./osb/records.ts";
import { createServer } from "./osb/server.ts";
import { register } from "./registrar/registrar.ts";
import { serviceOf } from "./spi/catalog.ts";
import { createDeployer } from "./spi/director/deployer.ts";
import { AGENT_PORT } from "./spi/manifest.ts";
import type { StorePool } from "./store/pool.ts";
import { createSeal } from "./store/seal.ts";
import { isOutage } from "./store/outage.ts";
import { type Operation, openStore, releaseLeases } from "./store/store.ts";

/** A control plane of one data service. */
export interface Broker {
  /** Not listening: `app.listen`, or `app.inject` in process. */
  readonly app: FastifyInstance;
  /** Registers in Consul, and takes up operations that an earlier process left open. @throws BackendError, FinalError when Consul refuses */
  start(): Promise<void>;
  /** Stops answering. Operations in progress go on when a broker is started again on the same store. */
  stop(): Promise<void>;
  /** Ends it as SIGKILL would: from now on it touches nothing. */
  kill(): void;
}

/** What a broker gets besides its configuration. */
export interface BrokerOptions {
  /** The store of its state: a pool of `pg`, or `embeddedPool()`. */
  readonly pool: StorePool;
  /** Called with each defect: an error that no backend caused. Default: nobody learns of them. */
  readonly report?: (error: unknown, operation?: Operation) => void;
  /** Called as operations begin, go wrong and end, for a log. Default: nobody learns of them. */
  readonly onOperation?: OperationListener;
}

/**
 * Makes a broker on its store.
 *
 * @throws ConfigError; StoreError when the database can't be reached
 */
export async function createBroker(config: BrokerConfig, outer: Host, options: BrokerOptions): Promise<Broker> {
  checkConfig(config);
  const { host: mortal, kill } = mortalHost(outer);
  const host = leasedHost(mortal);
  const report = options.report ?? (() => {});
  const project = openProject(config, host);
  const service = serviceOf(config.service);
  const context: OperationContext = {
    config,
    host,
    store: await openStore(options.pool, host, config.leaseMs),
    service,
    deployer: createDeployer(config, host),
    guard: new SecurityGroupGuard(neutronOf(project), host, {
      servicePort: service.port,
      agentPort: AGENT_PORT,
      managers: managersOf(config),
    }),
    backups: createBackupStore(project, host),
    seal: createSeal(host, keyRingOf(config), "store"),
  };
  const executor = createExecutor(context, report, options.onOperation);
  let isOver = false;
  const app = createApp(context, executor, report);
  return {
    app,
    start: async () => {
      await executor.resume();
      await register(config, host);
      // What fails now is done by the next look.
      const look = (): Promise<void> =>
        restoreGuards(context).catch((error: unknown) => {
          if (!(error instanceof BackendError || error instanceof FinalError)) report(error);
        });
      host.every(WATCH_MS, () => void look());
      void followVms(context, () => isOver, report).catch(report);
      createBackupManager({ context, executor }, report).start();
      keepLeases(context, executor, report);
    },
    stop: async () => {
      isOver = true;
      kill();
      await app.close();
      // Nothing is in progress here any more, so that others need not wait for the leases to end. Where the store is away, they will.
      await releaseLeases(options.pool, context.store.worker).catch((error: unknown) => {
        if (!isOutage(error)) report(error);
      });
    },
    kill: () => {
      isOver = true;
      kill();
    },
  };
}

/** Leases are prolonged this often while they last. */
const SIGNS_PER_LEASE = 4;

function keepLeases({ host, store }: OperationContext, executor: Executor, report: (error: unknown) => void): void {
  if (store.isPrivate) return;
  const keep = (): Promise<void> =>
    executor.keepLeases().catch((error: unknown) => {
      // A store that is away is asked again next time.
      if (!(error instanceof BackendError)) report(error);
    });
  host.every(store.worker.leaseMs / SIGNS_PER_LEASE, () => void keep());
}

function createApp(context: OperationContext, executor: Executor, report: (error: unknown) => void): FastifyInstance {
  const { config, host, service } = context;
  const app = createServer(createAuthentication(config, host), report);
  catalogRoute(app, service);
  recordRoutes(app, context);
  const controlPlane = { context, executor };
  instanceRoutes(app, controlPlane);
  bindingRoutes(app, controlPlane);
  extensionRoutes(app, controlPlane);
  a9sRoutes(app, controlPlane);
  return app;
}
