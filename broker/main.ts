/**
 * One control plane as a process: `node broker/main.ts [FILE]`. Settings come from a YAML or JSON file and the environment (README.md).
 * It logs one line of JSON an event to standard output. SIGTERM and SIGINT stop it; what is in progress goes on when it is started again on
 * its store. Exit code 2 when it could not start, with one line that says what to do.
 */
import { setDefaultCACertificates, getCACertificates } from "node:tls";
import type { PostgresPool } from "kysely";
import { type Broker, createBroker } from "./broker.ts";
import { ConfigError } from "./config.ts";
import { BackendError } from "./errors.ts";
import { realHost } from "./host.ts";
import { createLog, type Log } from "./log.ts";
import { readSettings, type Settings } from "./settings.ts";
import { embeddedPool } from "./store/embedded.ts";
import { postgresPool } from "./store/postgres.ts";

const EXIT_COULD_NOT_START = 2;

function openPool({ databaseUrl }: Settings, log: Log): PostgresPool {
  if (databaseUrl === undefined) {
    log("store.embedded", { why: "no DATABASE_URL: what is known is gone with this process" });
    return embeddedPool();
  }
  return postgresPool(databaseUrl, (error) => log("store.connection-lost", { why: error.message }));
}

/** Connections come from the address at which it listens, where that is one of its own. */
const isOwn = (host: string): boolean => host.startsWith("127.") && host !== "127.0.0.1";

async function open(settings: Settings, pool: PostgresPool, log: Log): Promise<Broker> {
  const { broker: config, listen } = settings;
  const host = realHost({
    ...(isOwn(listen.host) && { from: listen.host }),
    ...(config.pace && { pace: config.pace }),
  });
  return createBroker(config, host, {
    pool,
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

async function main(): Promise<void> {
  const settings = readSettings(process.argv[2], process.env);
  const log = createLog(settings);
  if (settings.caCert !== undefined) setDefaultCACertificates([...getCACertificates("default"), settings.caCert]);
  const pool = openPool(settings, log);
  const broker = await open(settings, pool, log).catch((error: unknown) => {
    throw error instanceof BackendError ? new ConfigError("CONFIG_NO_STORE", error.message) : error;
  });
  const stop = async (signal: string): Promise<void> => {
    log("stopping", { signal });
    await broker.stop();
    process.exit(0);
  };
  for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => void stop(signal));
  await listen(broker, settings);
  log("listening", { url: `http://${settings.listen.host}:${settings.listen.port}`, service: settings.broker.service });
  await broker.start();
  log("started", {});
}

main().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`broker: ${message.split("\n")[0]}\n`);
  process.exit(EXIT_COULD_NOT_START);
});
