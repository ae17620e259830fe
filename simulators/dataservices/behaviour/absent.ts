import type { Kind } from "../state.ts";
import type { RealServers } from "./services.ts";

/** The kinds that real servers stand behind, and whether those of a kind replicate. */
export type ServedKinds = Readonly<Partial<Record<Kind, { readonly replicates: boolean }>>>;

const never = <T>(): Promise<T> => new Promise(() => {});

/** Stands in for real servers while a world is made again from its inputs. Handlers take the same turns; how work ended, they learn from the inputs. */
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
