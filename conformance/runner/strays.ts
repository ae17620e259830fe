import type { Actors } from "./actors.ts";

/**
 * Listens for unhandled rejections during a run, such as that of a request whose check has meanwhile thrown. They are defects of drydock's own, and
 * would end the process while the run still has things at the broker. `hear` gets the name of the actor that caused it. Those of other code in this
 * process end it as they would without a run. Returns a function that stops listening.
 */
export function catchStrays(actors: Actors, hear: (who: string, error: unknown) => void): () => void {
  const listen = (error: unknown): void => {
    const who = actors.current;
    if (who !== undefined) hear(who, error);
    else if (process.listenerCount("unhandledRejection") === 1) throw error;
  };
  process.on("unhandledRejection", listen);
  return () => void process.off("unhandledRejection", listen);
}
