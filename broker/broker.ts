import { hash } from "node:crypto";
import type { FastifyInstance } from "fastify";
import type { PostgresPool } from "kysely";
import { createBackupStore } from "./backup/backups.ts";
import { type BrokerConfig, checkConfig, managersOf } from "./config.ts";
import { BackendError, FinalError } from "./errors.ts";
import { createGuard } from "./guard/guard.ts";
import { neutronOf } from "./guard/neutron.ts";
import { openProject } from "./openstack/project.ts";
import { restoreGuards, WATCH_MS } from "./guard/watch.ts";
import { type Host, mortalHost } from "./host.ts";
import { createExecutor, type Executor, type OperationListener } from "./operations/executor.ts";
import type { OperationContext } from "./operations/context.ts";
import { createAuthentication } from "./osb/authentication.ts";
import { backupRoutes } from "./osb/backups.ts";
import { bindingRoutes } from "./osb/bindings.ts";
import { instanceRoutes } from "./osb/instances.ts";
import { recordRoutes } from "./osb/records.ts";
import { CATALOG_PATH } from "./osb/requests.ts";
import { createServer } from "./osb/server.ts";
import { register } from "./registrar/registrar.ts";
import { catalogOf, type Service, serviceOf } from "./spi/catalog.ts";
import { createDeployer } from "./spi/director/deployer.ts";
import { AGENT_PORT } from "./spi/manifest.ts";
import { createSeal } from "./store/seal.ts";
import { type Operation, openStore } from "./store/store.ts";

/** A control plane of one data service. */
export interface Broker {
  /** Not listening: `app.listen`, or `app.inject` in process. */
  readonly app: FastifyInstance;
  /** Registers and takes up what an earlier process left open. */
  start(): Promise<void>;
  /** Answers no more; operations in progress go on when it is started again on its store. */
  stop(): Promise<void>;
  /** As SIGKILL: from now on it touches nothing. */
  kill(): void;
}

export interface BrokerOptions {
  /** Where its state lies: a pool of `pg`, or `embeddedPool()`. */
  readonly pool: PostgresPool;
  /** Told of defects: errors that no backend caused. */
  readonly report?: (error: unknown, operation?: Operation) => void;
  readonly tell?: OperationListener;
}

/** @throws ConfigError */
export async function createBroker(config: BrokerConfig, outer: Host, options: BrokerOptions): Promise<Broker> {
  checkConfig(config);
  const { host, kill } = mortalHost(outer);
  const report = options.report ?? (() => {});
  const project = openProject(config, host);
  const service = serviceOf(config.service);
  const context: OperationContext = {
    config,
    host,
    store: await openStore(options.pool, host),
    service,
    deployer: createDeployer(config, host),
    guard: createGuard(neutronOf(project), host, {
      servicePort: service.port,
      agentPort: AGENT_PORT,
      managers: managersOf(config),
    }),
    backups: createBackupStore(project, host, config.encryptionKey),
    seal: createSeal(host, config.encryptionKey, "store"),
  };
  const executor = createExecutor(context, report, options.tell);
  const app = createApp(context, executor, report);
  return {
    app,
    start: async () => {
      await executor.resume();
      await register(config, host);
      // What a look could not see or do now, the next one will.
      const look = (): Promise<void> =>
        restoreGuards(context).catch((error: unknown) => {
          if (!(error instanceof BackendError || error instanceof FinalError)) report(error);
        });
      host.every(WATCH_MS, () => void look());
    },
    stop: async () => {
      kill();
      await app.close();
    },
    kill,
  };
}

function createApp(context: OperationContext, executor: Executor, report: (error: unknown) => void): FastifyInstance {
  const { config, host, service } = context;
  const app = createServer(createAuthentication(config, host), report);
  catalogRoute(app, service);
  recordRoutes(app, context);
  const controlPlane = { context, executor };
  instanceRoutes(app, controlPlane);
  bindingRoutes(app, controlPlane);
  backupRoutes(app, controlPlane);
  return app;
}

/** The catalog never changes while the broker runs, so a platform that has it is told so. */
function catalogRoute(app: FastifyInstance, service: Service): void {
  const text = JSON.stringify(catalogOf(service));
  const tag = `"${hash("sha256", text)}"`;
  app.get(CATALOG_PATH, (request, reply) => {
    reply.header("ETag", tag);
    const known = (request.headers["if-none-match"] ?? "").split(",").map((each) => each.trim());
    if (known.includes(tag) || known.includes("*")) return reply.code(304).send();
    return reply.type("application/json; charset=utf-8").send(text);
  });
}
