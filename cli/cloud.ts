import { enableCompileCache } from "node:module";
import type { Cloud, CloudOptions } from "../scenarios/cloud/cloud.ts";
import { keysFile } from "./cloud-state.ts";
import { EXIT } from "./errors.ts";

/** Options that `up` and `exec` share. */
export type BootOptions = Pick<CloudOptions, "seed" | "secretsFrom" | "pace" | "block" | "services" | "tell">;

/** Something in a cloud that is up went wrong, with nobody to tell but the person who started it. */
function report(error: unknown): void {
  process.stderr.write(
    `drydock: in the cloud: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}\n`,
  );
}

/** What whoever gave a seed has to know. */
export const PREDICTABLE =
  "every password of this cloud follows from its seed: anybody on this machine can work them out; leave --seed away for random ones";

export async function boot(options: BootOptions): Promise<Cloud> {
  // What was compiled once is kept for the next time, in a folder of Node's own, as are the keys: a cloud is ready sooner.
  enableCompileCache();
  const { bootCloud } = await import("../scenarios/cloud/cloud.ts");
  return bootCloud({ ...options, keysFile: keysFile(), report });
}

const PROXY = /^(https?|all)_proxy$/i;

/** What clients of this machine need beside the cloud's own environment: behind a proxy, to reach loopback past it. */
export function pastProxy(outer: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  if (!Object.keys(outer).some((name) => PROXY.test(name))) return {};
  const list = [outer["no_proxy"] ?? outer["NO_PROXY"] ?? "", "127.0.0.0/8"].filter((each) => each !== "").join(",");
  return { NO_PROXY: list, no_proxy: list };
}

/** One Ctrl-C may arrive as two signals: from the terminal, and passed on by the process that started us. */
const SAME_MS_MAX = 500;

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export interface Interruption {
  /** Resolves with the first signal that asks to end. */
  readonly first: Promise<NodeJS.Signals>;
  isOver(): boolean;
}

/**
 * Takes the signals that end a process. The first one is for us to end in order; a later one ends the process at once, unless
 * there is somebody to pass it on to.
 */
export function interruption(passOn?: (signal: NodeJS.Signals) => void): Interruption {
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
