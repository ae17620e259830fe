import { enableCompileCache } from "node:module";
import { keysFile } from "./cloud-state.ts";
import { EXIT } from "./errors.ts";
import type { Cloud, CloudOptions } from "../scenarios/cloud/cloud.ts";

/** Options that `up` and `exec` share. */
export type BootOptions = Pick<CloudOptions, "seed" | "secretsFrom" | "pace" | "block" | "services" | "store" | "tell">;

/** Something in a cloud that is up went wrong, and nobody else waits to hear of it. */
function reportDefect(error: unknown): void {
  process.stderr.write(
    `drydock: in the cloud: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}\n`,
  );
}

/** The warning for those who give a seed. */
export const PREDICTABLE =
  "every password of this cloud follows from its seed: anybody on this machine can work them out; leave --seed away for random ones";

/** Boots a cloud for a command and says on standard error what goes wrong in it later. */
export async function bootCloudFor(options: BootOptions): Promise<Cloud> {
  // What was compiled once is kept for the next time, in a folder of Node's own, as are the keys: a cloud is ready sooner.
  enableCompileCache();
  const { bootCloud } = await import("../scenarios/cloud/cloud.ts");
  return bootCloud({ ...options, keysFile: keysFile(), report: reportDefect });
}

const PROXY = /^(https?|all)_proxy$/i;

/** Variables that let clients on a machine behind a proxy reach loopback without it. */
export function proxyBypass(outer: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  if (!Object.keys(outer).some((name) => PROXY.test(name))) return {};
  const list = [outer["no_proxy"] ?? outer["NO_PROXY"] ?? "", "127.0.0.0/8"].filter((each) => each !== "").join(",");
  return { NO_PROXY: list, no_proxy: list };
}

/** One Ctrl-C may arrive as two signals: from the terminal, and passed on by the process that started us. */
const SAME_MS_MAX = 500;

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Whether and when the user asked to end. */
interface Interruption {
  /** Resolves with the first signal that asks to end. */
  readonly first: Promise<NodeJS.Signals>;
  isOver(): boolean;
}

/**
 * Catches the signals that end a process. The first asks us to end in order; a later one ends the process at once, unless it
 * can be passed on.
 */
export function catchSignals(passOn?: (signal: NodeJS.Signals) => void): Interruption {
  const first = Promise.withResolvers<NodeJS.Signals>();
  let firstMs: number | undefined;
  const take = (signal: NodeJS.Signals): void => {
    firstMs ??= performance.now();
    first.resolve(signal);
    if (passOn !== undefined) passOn(signal);
    else if (performance.now() - firstMs > SAME_MS_MAX) process.exit(EXIT.interrupted);
  };
  for (const signal of SIGNALS) process.on(signal, take);
  return { first: first.promise, isOver: () => firstMs !== undefined };
}
