import { EXIT } from "./errors.ts";

/** The time within which two signals count as one: a Ctrl-C may arrive from the terminal and again from the process that started us. */
const SAME_MS_MAX = 500;

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Whether and when the user asked to end. */
interface Interruption {
  /** Resolves with the first signal to end. */
  readonly first: Promise<NodeJS.Signals>;
  isOver(): boolean;
}

/**
 * Catches the signals that end a process. The first asks for an orderly end; a later one ends the process at once, unless it can be passed on.
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
