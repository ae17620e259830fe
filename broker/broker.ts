import type { Tracer } from "@opentelemetry/api";
import type { FastifyInstance } from "fastify";
import { createBackupStore } from "./backup/backups.ts";
import { createBackupManager } from "./backup/manager.ts";
import { a9sRoutes } from "./backup/routes/a9s.ts";
import { extensionRoutes } from "./backup/routes/extension.ts";
import { type BrokerConfig, type BrokerRole, checkConfig, keyRingOf, managersOf, rolesOf } from "./config.ts";
import { dashboardRoutes } from "./dashboard/routes.ts";
import { BackendError, FinalError } from "./errors.ts";
import { followVms } from "./guard/follow.ts";
import { SecurityGroupGuard } from "./guard/guard.ts";
import { neutronOf } from "./guard/neutron.ts";
import { openProject, type OpenStackProject } from "./openstack/project.ts";
import { restoreGuards, WATCH_MS } from "./guard/watch.ts";
import { type Host, mortalHost } from "./host.ts";
import { createMetrics } from "./observe/metrics.ts";
import { noTracer, tracedHost, traceRequests } from "./observe/tracing.ts";
import { createExecutor, type Executor, type OperationListener } from "./operations/executor.ts";
import type { OperationContext } from "./operations/context.ts";
import { leasedHost } from "./operations/lease.ts";
import { slottedHost } from "./operations/slots.ts";
import { createAuthentication } from "./osb/authentication.ts";
import { bindingRoutes } from "./osb/bindings/routes.ts";
import { catalogRoute } from "./osb/catalog.ts";
import { instanceRoutes } from "./osb/instances/routes.ts";
import { healthRoutes } from "./osb/health.ts";
import type { ControlPlane } from "./osb/operations.ts";
import { operatorRoutes } from "./osb/operator.ts";
import { recordRoutes } from "./osb/records.ts";
import { createServer, type TlsOptions } from "./osb/server.ts";
import type { PlantedBug } from "./planted.ts";
import { register } from "./consul/register.ts";
import { createRollouts, type Rollouts } from "./rollouts/rollouts.ts";
import { rolloutRoutes } from "./rollouts/routes.ts";
import { chooseCatalog } from "./spi/catalog.ts";
import { createDeployer } from "./spi/director/deployer.ts";
import { firstMaintenance } from "./spi/maintenance.ts";
import { AGENT_PORT } from "./spi/manifest.ts";
import { serviceOf } from "./spi/services/services.ts";
import type { StorePool } from "./store/pool.ts";
import { createSeal } from "./store/seal.ts";
import { isOutage } from "./store/outage.ts";
import { type Operation, openStore, releaseLeases } from "./store/store.ts";

/** A control plane of one data service. */
export interface Broker {
  /** Not listening: `app.listen`, or `app.inject` in process. */
  readonly app: FastifyInstance;
  /** Registers in Consul, and resumes operations that an earlier process left open. @throws BackendError, FinalError if Consul refuses */
  start(): Promise<void>;
  /** Stops answering. Operations in progress continue when a broker is started again on the same store. */
  stop(): Promise<void>;
  /** Kills it as SIGKILL would: from now on it touches nothing. */
  kill(): void;
}

/** The things that a broker needs besides its configuration. */
export interface BrokerOptions {
  /** The store of its state: a pool of `pg`, or `embeddedPool()`. */
  readonly pool: StorePool;
  /** Called with each defect: an error that no backend caused. Default: nobody learns of them. */
  readonly report?: (error: unknown, operation?: Operation) => void;
  /** The certificate with which its server speaks TLS. Default: it speaks plain HTTP. */
  readonly tls?: TlsOptions | undefined;
  /** Where spans begin (OpenTelemetry). Default: a tracer that does nothing. */
  readonly tracer?: Tracer | undefined;
  /** Whether it is the only broker of its process, so that its metrics cover the process as well. Default: false. */
  readonly isOnlyOne?: boolean | undefined;
  /** A planted defect, to see it found. Default: none. */
  readonly planted?: PlantedBug | undefined;
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
  const host = tracedHost(leasedHost(slottedHost(options.planted?.host?.(mortal) ?? mortal)));
  const report = options.report ?? (() => {});
  const project = openProject(config, host);
  const sound = await createContext(config, host, project, options);
  const context = { ...(options.planted?.context?.(sound) ?? sound), tracer: sound.tracer };
  const { executor, metrics } = createWorkers(context, report, options);
  let isOver = false;
  const end = (): void => {
    isOver = true;
    kill();
  };
  const app = createServer(createAuthentication(config, host), report, options.tls);
  traceRequests(app, context.tracer);
  metrics.watch(app);
  const rollouts = createRollouts({ context, executor }, report);
  addRoutes(app, { context, executor }, project, { rollouts, report });
  return {
    app,
    start: async () => {
      const does = new Set(rolesOf(config));
      if (does.has("spi") || does.has("backup-manager")) await executor.resume();
      if (does.has("spi")) await register(config, host);
      if (does.has("backup-manager")) createBackupManager({ context, executor }, report).start();
      if (does.has("guard")) void followVms(context, () => isOver, report).catch(report);
      const carryOn = does.has("spi") ? carrierOf(rollouts, report) : () => {};
      carryOn();
      host.every(WATCH_MS, () => {
        void lookAfter(context, does, report);
        carryOn();
      });
      keepLeases(context, report, () => {
        carryOn();
        return executor.keepLeases();
      });
    },
    stop: async () => {
      end();
      await app.close();
      // Nothing is in progress here any more, so others need not wait for the leases to end. If the store is away, they will.
      await releaseLeases(options.pool, context.store.worker).catch((error: unknown) => {
        if (!isOutage(error)) report(error);
      });
    },
    kill: end,
  };
}

async function createContext(
  config: BrokerConfig,
  host: Host,
  project: OpenStackProject,
  { pool, tracer = noTracer() }: BrokerOptions,
): Promise<OperationContext & { readonly tracer: Tracer }> {
  const service = serviceOf(config.service);
  return {
    config,
    host,
    store: await openStore(pool, host, config.leaseMs),
    service,
    catalog: chooseCatalog(service, config.maintenance ?? firstMaintenance(service.kind), config.catalog),
    deployer: createDeployer(config, host),
    guard: new SecurityGroupGuard(neutronOf(project), host, {
      servicePort: service.port,
      agentPort: AGENT_PORT,
      managers: managersOf(config),
    }),
    backups: createBackupStore(project, host),
    seal: createSeal(host, keyRingOf(config), "store"),
    tracer,
  };
}

/** The executor of operations, and what counts them. */
function createWorkers(
  context: OperationContext,
  report: (error: unknown, operation?: Operation) => void,
  { onOperation, isOnlyOne }: BrokerOptions,
): { readonly executor: Executor; readonly metrics: ReturnType<typeof createMetrics> } {
  const { host, store } = context;
  const executor = createExecutor(context, report, (...event) => {
    metrics.onOperation(...event);
    onOperation?.(...event);
  });
  const metrics = createMetrics({
    nowMs: () => host.nowMs(),
    running: () => executor.running,
    isStoreUp: () =>
      store.ping().then(
        () => true,
        () => false,
      ),
    ofProcess: isOnlyOne,
  });
  return { executor, metrics };
}

/** How long lines of the audit log are kept. */
const AUDIT_MS_MAX = 400 * 24 * 3_600_000;

/** Periodic work that one process at a time does for all. What fails now is done by the next look. */
async function lookAfter(
  context: OperationContext,
  does: ReadonlySet<BrokerRole>,
  report: (error: unknown) => void,
): Promise<void> {
  const { store, host } = context;
  try {
    if (does.has("guard") && (await store.holdLease("look after", WATCH_MS / 2))) await restoreGuards(context);
    if (does.has("spi")) await store.forgetAuditBefore(host.nowMs() - AUDIT_MS_MAX);
  } catch (error) {
    if (!(error instanceof BackendError || error instanceof FinalError)) report(error);
  }
}

/** Continues a rollout that a dead process has left. */
const carrierOf =
  (rollouts: Rollouts, report: (error: unknown) => void): (() => void) =>
  () =>
    void rollouts.resume().catch((error: unknown) => {
      if (!(error instanceof BackendError)) report(error);
    });

/** How many times a lease is renewed before it would end. */
const SIGNS_PER_LEASE = 4;

function keepLeases(
  { host, store }: OperationContext,
  report: (error: unknown) => void,
  work: () => Promise<void>,
): void {
  if (store.isPrivate) return;
  const keep = (): Promise<void> =>
    work().catch((error: unknown) => {
      // A store that is away is tried again next time.
      if (!(error instanceof BackendError)) report(error);
    });
  host.every(store.worker.leaseMs / SIGNS_PER_LEASE, () => void keep());
}

/** Every process serves health and metrics; the backup manager its own API; a process that answers platforms everything. */
function addRoutes(
  app: FastifyInstance,
  controlPlane: ControlPlane,
  project: OpenStackProject,
  { rollouts, report }: { readonly rollouts: Rollouts; readonly report: (error: unknown) => void },
): void {
  const { context } = controlPlane;
  const does = new Set(rolesOf(context.config));
  healthRoutes(app, context.store);
  if (does.has("spi") || does.has("backup-manager")) {
    extensionRoutes(app, controlPlane);
    a9sRoutes(app, controlPlane);
  }
  if (!does.has("spi")) return;
  catalogRoute(app, context);
  recordRoutes(app, context);
  instanceRoutes(app, controlPlane);
  bindingRoutes(app, controlPlane);
  operatorRoutes(app, controlPlane, project);
  rolloutRoutes(app, context, rollouts);
  dashboardRoutes(app, controlPlane, report);
}
