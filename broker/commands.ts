import { ConfigError, keyRingOf } from "./config.ts";
import { realHost } from "./host.ts";
import { createLog } from "./log.ts";
import { readSettings, type Settings } from "./settings.ts";
import { postgresPool } from "./store/postgres.ts";
import { rotateKeys } from "./store/rotation.ts";
import { createSeal } from "./store/seal.ts";

/**
 * The commands: run one control plane until SIGTERM or SIGINT; work on its store; or send an order to a
 * running one.
 */
type BrokerCommand = "serve" | "rotate-keys" | "update-instances";

const EXIT_COULD_NOT_RUN = 2;

async function serve(settings: Settings): Promise<number> {
  await (await import("./serve.ts")).serve(settings);
  return 0;
}

/** Safe to repeat: the next run does whatever a killed one left undone. */
async function rotate(settings: Settings): Promise<number> {
  const { databaseUrl, broker } = settings;
  if (databaseUrl === undefined) throw new ConfigError("CONFIG_NO_DATABASE");
  const log = createLog(settings);
  const pool = postgresPool(databaseUrl);
  const host = realHost();
  try {
    const { resealed, left } = await rotateKeys(pool, host, createSeal(host, keyRingOf(broker), "store"));
    log("keys.rotated", { resealed, left });
    return left === 0 ? 0 : 1;
  } finally {
    await pool.end();
  }
}

/** Updates all instances in waves; `BROKER_WAVE` says how many at once. */
async function update(settings: Settings): Promise<number> {
  const { BROKER_WAVE: wave } = process.env;
  const { updateInstances } = await import("./rollouts/command.ts");
  return updateInstances(settings, wave === undefined ? undefined : Number(wave));
}

const COMMANDS: Readonly<Record<BrokerCommand, (settings: Settings) => Promise<number>>> = {
  serve,
  "rotate-keys": rotate,
  "update-instances": update,
};

const isCommand = (text: string | undefined): text is BrokerCommand =>
  text !== undefined && Object.hasOwn(COMMANDS, text);

/**
 * Runs a command of the broker.
 *
 * @param words a command, `serve` if there is none, and the file of the settings, if there is one
 * @returns the exit code: 2 if it could not run, with one line on standard error that says what to do
 */
export async function runBrokerCommand(words: readonly string[]): Promise<number> {
  const [first, ...rest] = words;
  const [command, file]: [BrokerCommand, string | undefined] = isCommand(first) ? [first, rest[0]] : ["serve", first];
  try {
    return await COMMANDS[command](readSettings(file, process.env));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`broker: ${message.split("\n")[0]}\n`);
    process.exit(EXIT_COULD_NOT_RUN);
  }
}
