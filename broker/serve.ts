import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { type Broker, createBroker } from "./broker.ts";
import { ConfigError } from "./config.ts";
import { BackendError } from "./errors.ts";
import { realHost } from "./host.ts";
import { createLog, type Log } from "./log.ts";
import type { Exporter } from "./observe/exporter.ts";
import type { Settings } from "./settings.ts";
import { embeddedPool } from "./store/embedded.ts";
import type { StorePool } from "./store/pool.ts";
import { postgresPool } from "./store/postgres.ts";

function openPool({ databaseUrl }: Settings, log: Log): StorePool {
  if (databaseUrl === undefined) {
    log("store.embedded", { why: "no DATABASE_URL: all records are lost when this process ends" });
    return embeddedPool();
  }
  return postgresPool(databaseUrl, (error) => log("store.connection-lost", { why: error.message }));
}

/** Connections come from the address at which it listens, if that is one of its own. */
const isOwn = (host: string): boolean => host.startsWith("127.") && host !== "127.0.0.1";

/** Loads the exporter only if it is configured. */
async function exporterOf({ tracesUrl, broker }: Settings): Promise<Exporter | undefined> {
  if (tracesUrl === undefined) return undefined;
  return (await import("./observe/exporter.ts")).exportTraces(tracesUrl, `${broker.service}-service-broker`);
}

async function open(settings: Settings, pool: StorePool, log: Log, exporter: Exporter | undefined): Promise<Broker> {
  const { broker: config, listen } = settings;
  const host = realHost({
    ...(isOwn(listen.host) && { from: listen.host }),
    ...(config.pace && { pace: config.pace }),
  });
  return createBroker(config, host, {
    pool,
    tls: settings.tls,
    tracer: exporter?.tracer,
    isOnlyOne: true,
    report: (error, operation) =>
      log("defect", { operation: operation?.id, why: error instanceof Error ? error.stack : String(error) }),
    onOperation: ({ id, kind, instance_id: instance, binding_id: binding }, event, why) =>
      log(`operation.${event.replace(" ", "-")}`, {
        operation: id,
        kind,
        instance,
        ...(binding !== "" && { binding }),
        ...(why !== undefined && { why: why instanceof Error ? why.message : String(why) }),
      }),
  });
}

async function listen({ app }: Broker, { listen: { host, port } }: Settings): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    throw new ConfigError(
      "CONFIG_PORT_TAKEN",
      `${host}:${port} (${error instanceof Error && "code" in error ? String(error.code) : String(error)})`,
    );
  }
}

/**
 * Runs one control plane until SIGTERM or SIGINT. What is then in progress continues in another process, or when it is started again on its store.
 *
 * @throws ConfigError if it can't start
 */
export async function serve(settings: Settings): Promise<void> {
  const log = createLog(settings);
  if (settings.caCert !== undefined) setDefaultCACertificates([...getCACertificates("default"), settings.caCert]);
  const pool = openPool(settings, log);
  const exporter = await exporterOf(settings);
  const broker = await open(settings, pool, log, exporter).catch((error: unknown) => {
    throw error instanceof BackendError ? new ConfigError("CONFIG_NO_STORE", error.message) : error;
  });
  const stop = async (signal: string): Promise<void> => {
    log("stopping", { signal });
    await broker.stop();
    // An unavailable collector loses the last spans, but delays nothing.
    await exporter?.stop().catch((error: unknown) => log("traces.lost", { why: String(error) }));
    process.exit(0);
  };
  for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => void stop(signal));
  await listen(broker, settings);
  log("listening", {
    url: `${settings.tls === undefined ? "http" : "https"}://${settings.listen.host}:${settings.listen.port}`,
    service: settings.broker.service,
  });
  await broker.start();
  log("started", {});
}
