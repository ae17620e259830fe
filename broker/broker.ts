import { hash } from "node:crypto";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { PostgresPool } from "kysely";
import { createBackupStore } from "./backup/backups.ts";
import { type BrokerConfig, checkConfig } from "./config.ts";
import { BackendError, badRequest, FinalError, OsbError } from "./errors.ts";
import { createGuard } from "./guard/guard.ts";
import { openProject } from "./guard/openstack.ts";
import { guardAgain, WATCH_MS } from "./guard/watch.ts";
import { type Host, mortalHost } from "./host.ts";
import { createExecutor, type Executor, type Tell } from "./operations/executor.ts";
import type { Workshop } from "./operations/workshop.ts";
import { createAuthentication } from "./osb/authentication.ts";
import { backupRoutes } from "./osb/backups.ts";
import { bindingRoutes } from "./osb/bindings.ts";
import { parseBody } from "./osb/body.ts";
import { instanceRoutes } from "./osb/instances.ts";
import { recordRoutes } from "./osb/records.ts";
import { refuseEarly, refuseUnreadable, refusalOf } from "./osb/refusals.ts";
import { checkIdentity, checkVersion } from "./osb/requests.ts";
import { register } from "./registrar/registrar.ts";
import { catalogOf, type Service, serviceOf } from "./spi/catalog.ts";
import { createDeployer } from "./spi/director.ts";
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
/** As long as all headers together may be: how long an id may be is said by a rule of the API. */
const PARAMETER_CHARS_MAX = 16_384;
/** How long a request may take to arrive. */
const REQUEST_MS_MAX = 60_000;

/** @throws ConfigError */
export async function createBroker(config: BrokerConfig, outer: Host, options: BrokerOptions): Promise<Broker> {
  checkConfig(config);
  const { host, kill } = mortalHost(outer);
  const report = options.report ?? (() => {});
  const project = openProject(config, host);
  const shop: Workshop = {
    config,
    host,
    store: await openStore(options.pool, host),
    service: serviceOf(config.service),
    deployer: createDeployer(config, host),
    guard: createGuard(project, host),
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

const one = (header: string | string[] | undefined): string | undefined => (Array.isArray(header) ? header[0] : header);

/** Says whose request an answer belongs to (OSB, "Request Identity"). */
function tellIdentity(request: FastifyRequest, reply: FastifyReply): void {
  const identity = one(request.headers["x-broker-api-request-identity"]);
  if (identity !== undefined) reply.header("X-Broker-API-Request-Identity", identity);
}

/** @throws OsbError 400 */
function checkRequest({ httpVersion, headers, url }: FastifyRequest["raw"]): void {
  if (httpVersion === "1.1" && headers.host === undefined) throw badRequest("The header Host is required.");
  // PostgreSQL keeps no text that holds one.
  if (/%00/.test(url ?? "")) throw badRequest("The URL holds a NUL character.");
  // To the framework an empty type is a wrong one, to the API none.
  if (headers["content-type"] === "") delete headers["content-type"];
}

function createApp(shop: Workshop, executor: Executor, report: (error: unknown) => void): FastifyInstance {
  const authenticate = createAuthentication(shop.config, shop.host);
  const refuse = (error: unknown, reply: FastifyReply): FastifyReply => {
    const { status, body } = refusalOf(error, report);
    return reply.code(status).send(body);
  };
  /** A path that can't be decoded; such a request is not routed and meets no hook. */
  const refusePath = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    tellIdentity(request, reply);
    await authenticate(request, reply).then(
      () => refuse(badRequest("The path is not encoded as UTF-8."), reply),
      (error: unknown) => refuse(error, reply),
    );
  };
  const app = fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_MS_MAX,
    keepAliveTimeout: 75_000,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    return503OnClosing: false,
    routerOptions: { maxParamLength: PARAMETER_CHARS_MAX },
    http: { requireHostHeader: false },
    clientErrorHandler: refuseUnreadable,
    frameworkErrors: (_error, request, reply) => void refusePath(request, reply),
  });
  let isStopping = false;
  app.addHook("preClose", async () => {
    isStopping = true;
  });
  app.addHook("onRequest", async (request, reply) => {
    tellIdentity(request, reply);
    if (isStopping) throw new OsbError(503, "The broker is stopping.");
    await authenticate(request, reply);
    checkRequest(request.raw);
    const route = request.routeOptions.url ?? request.url;
    if (!route.startsWith("/v2/")) return;
    checkVersion(one(request.headers["x-broker-api-version"]));
    checkIdentity(one(request.headers["x-broker-api-originating-identity"]));
  });
  for (const type of ["application/json", "*"])
    app.addContentTypeParser<string>(type, { parseAs: "string" }, async (request: FastifyRequest, text: string) =>
      parseBody(request.headers["content-type"], text),
    );
  app.setErrorHandler((error, _request, reply) => refuse(error, reply));
  app.setNotFoundHandler(() => {
    throw new OsbError(404, "There is no such resource.");
  });
  refuseEarly(app.server);
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
