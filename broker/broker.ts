import { hash } from "node:crypto";
import fastify, { type FastifyInstance, type FastifyRequest } from "fastify";
import type { PostgresPool } from "kysely";
import { createBackupStore } from "./backup/backups.ts";
import { type BrokerConfig, checkConfig, type Login, managersOf } from "./config.ts";
import { BackendError, badRequest, FinalError, OsbError } from "./errors.ts";
import { createGuard } from "./guard/guard.ts";
import { neutronOf } from "./guard/neutron.ts";
import { openProject } from "./guard/openstack.ts";
import { guardAgain, WATCH_MS } from "./guard/watch.ts";
import { type Host, mortalHost } from "./host.ts";
import { createExecutor, type Executor, type Tell } from "./operations/executor.ts";
import type { Workshop } from "./operations/workshop.ts";
import { backupRoutes } from "./osb/backups.ts";
import { bindingRoutes } from "./osb/bindings.ts";
import { instanceRoutes } from "./osb/instances.ts";
import { RECORDS_PATH, recordRoutes } from "./osb/records.ts";
import { checkIdentity, checkVersion, same } from "./osb/requests.ts";
import { register } from "./registrar/registrar.ts";
import { catalogOf, type Service, serviceOf } from "./spi/catalog.ts";
import { createDeployer } from "./spi/director.ts";
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
  readonly tell?: Tell;
}

const BODY_BYTES_MAX = 1024 * 1024;
/** How long a request may take to arrive. */
const REQUEST_MS_MAX = 60_000;

/** @throws ConfigError */
export async function createBroker(config: BrokerConfig, outer: Host, options: BrokerOptions): Promise<Broker> {
  checkConfig(config);
  const { host, kill } = mortalHost(outer);
  const report = options.report ?? (() => {});
  const project = openProject(config, host);
  const service = serviceOf(config.service);
  const shop: Workshop = {
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
  const executor = createExecutor(shop, report, options.tell);
  const app = createApp(shop, executor, report);
  return {
    app,
    start: async () => {
      await executor.resume();
      await register(config, host);
      // What a look could not see or do now, the next one will.
      const look = (): Promise<void> =>
        guardAgain(shop).catch((error: unknown) => {
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

/** Basic credentials of a request, each part compared in constant time. */
function authenticates(request: FastifyRequest, login: Login): boolean {
  const match = /^basic\s+(.+)$/i.exec(request.headers.authorization ?? "");
  const text = Buffer.from(match?.[1] ?? "", "base64").toString("utf8");
  const colon = text.indexOf(":");
  const [name, password] = colon < 0 ? ["", ""] : [text.slice(0, colon), text.slice(colon + 1)];
  const [nameFits, passwordFits] = [same(name, login.username), same(password, login.password)];
  return nameFits && passwordFits;
}

const one = (header: string | string[] | undefined): string | undefined => (Array.isArray(header) ? header[0] : header);

/** A body without a type is taken for JSON, and an empty one for none: DELETE and POST may come without. */
function parsed(type: string | undefined, text: string): { readonly value?: unknown; readonly error?: OsbError } {
  if (text === "") return {};
  if (type !== undefined && !/^application\/json\s*(;|$)/i.test(type))
    return { error: badRequest("Content-Type must be application/json.") };
  try {
    return { value: JSON.parse(text) };
  } catch {
    return { error: badRequest("The body is not JSON.") };
  }
}

function createApp(shop: Workshop, executor: Executor, report: (error: unknown) => void): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_MS_MAX,
    keepAliveTimeout: 75_000,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
  });
  app.addHook("onRequest", async (request, reply) => {
    const identity = one(request.headers["x-broker-api-request-identity"]);
    if (identity !== undefined) reply.header("X-Broker-API-Request-Identity", identity);
    // As it was routed: a path can be written in more than one way.
    const route = request.routeOptions.url ?? request.url;
    const login = route === RECORDS_PATH ? shop.config.admin : shop.config.credentials;
    if (!authenticates(request, login)) {
      reply.header("WWW-Authenticate", 'Basic realm="service broker"');
      throw new OsbError(401, "Credentials are missing or wrong.");
    }
    if (!route.startsWith("/v2/")) return;
    checkVersion(one(request.headers["x-broker-api-version"]));
    checkIdentity(one(request.headers["x-broker-api-originating-identity"]));
  });
  for (const type of ["application/json", "*"])
    app.addContentTypeParser(type, { parseAs: "string" }, (request, text, done) => {
      const { value, error } = parsed(request.headers["content-type"], text as string);
      done(error ?? null, value);
    });
  app.setErrorHandler((error, _request, reply) => {
    const { status, error: code, message } = told(error, report);
    return reply.code(status).send({ ...(code !== undefined && { error: code }), description: message });
  });
  app.setNotFoundHandler(() => {
    throw new OsbError(404, "There is no such resource.");
  });
  catalogRoute(app, shop.service);
  recordRoutes(app, shop);
  const desk = { shop, executor };
  instanceRoutes(app, desk);
  bindingRoutes(app, desk);
  backupRoutes(app, desk);
  return app;
}

/** The catalog never changes while the broker runs, so a platform that has it is told so. */
function catalogRoute(app: FastifyInstance, service: Service): void {
  const text = JSON.stringify(catalogOf(service));
  const tag = `"${hash("sha256", text)}"`;
  app.get("/v2/catalog", (request, reply) => {
    reply.header("ETag", tag);
    const known = (request.headers["if-none-match"] ?? "").split(",").map((each) => each.trim());
    if (known.includes(tag) || known.includes("*")) return reply.code(304).send();
    return reply.type("application/json; charset=utf-8").send(text);
  });
}

/** What a platform is told of an error: nothing of the backend's insides. */
function told(
  error: unknown,
  report: (error: unknown) => void,
): { readonly status: number; readonly error?: string | undefined; readonly message: string } {
  if (error instanceof OsbError) return error;
  if (error instanceof BackendError)
    return { status: 503, message: "The service is out of order for the moment; try again." };
  if (error instanceof FinalError)
    return { status: 502, message: "The service could not do what was asked; ask its operator." };
  const status = typeof error === "object" && error !== null && "statusCode" in error ? Number(error.statusCode) : 500;
  if (status < 500) return { status, message: error instanceof Error ? error.message : "The request is wrong." };
  report(error);
  return { status: 500, message: "The broker has failed; its operator has been told." };
}
