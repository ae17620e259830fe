import type { Kind } from "../state.ts";
import type { RealServers } from "./services.ts";

/** The kinds with real servers, and whether those of a kind replicate. */
export type ServedKinds = Readonly<Partial<Record<Kind, { readonly replicates: boolean }>>>;

const never = <T>(): Promise<T> => new Promise(() => {});

/**
 * Stands in for real servers while a world is restored from its inputs. Handlers take the same turns, and
 * learn the results of work from the inputs.
 */
export function absentServers(served: ServedKinds): RealServers {
  return {
    isAbsent: true,
    covers: ({ kind }) => served[kind] !== undefined,
    replicates: ({ kind }) => served[kind]?.replicates === true,
    identify: never,
    wake: () => {},
    applyUsers: never,
    dump: () => ({ [Symbol.asyncIterator]: () => ({ next: never }) }),
    keep: never,
    forget: () => Promise.resolve(),
    restore: never,
    log: never,
  };
}
