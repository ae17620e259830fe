import type { Actors } from "./actors.ts";

/**
 * Listens for rejections that nobody handles while a run goes on, such as that of a request whose check has thrown beside it. They are defects
 * of drydock's own, and would end the process with all that the run has at the broker. `hear` gets the name of whoever did it.
 * Those of others in this process end it as they would without a run. Returns what stops the listening.
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
