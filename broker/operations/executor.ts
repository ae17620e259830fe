import { BackendError, FinalError } from "../errors.ts";
import type { OperationKind } from "../store/schema.ts";
import {
  backup,
  backupFailed,
  deprovision,
  type Operation,
  provision,
  provisionFailed,
  restore,
  restoreFailed,
  update,
  type Workshop,
} from "./work.ts";

interface Kind {
  readonly work: (shop: Workshop, operation: Operation) => Promise<void>;
  /** What is put right when the work has failed for good. */
  readonly failed?: (shop: Workshop, operation: Operation) => Promise<void>;
}

const KINDS: Readonly<Record<OperationKind, Kind>> = {
  provision: { work: provision, failed: provisionFailed },
  update: { work: update },
  deprovision: { work: deprovision },
  backup: { work: backup, failed: backupFailed },
  restore: { work: restore, failed: restoreFailed },
};

/** How often a whole operation is begun again while a backend is out of order, and how far apart. */
const ROUNDS_MAX = 5;
const ROUND_MS = 120_000;
/** What undoes a failure must not itself be given up soon: what it leaves costs. */
const UNDO_ROUNDS_MAX = 50;

/** Carries operations out in the background; each is a row, so that a broker that was killed goes on where it was. */
export interface Executor {
  start(operation: Operation): void;
  /** Takes up what an earlier process left open. */
  resume(): Promise<void>;
}

export function createExecutor(shop: Workshop, report: (error: unknown, operation: Operation) => void): Executor {
  const { host, store } = shop;
  const rounds = async (max: number, work: () => Promise<void>): Promise<void> => {
    for (let round = 1; ; round++) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof BackendError) || round === max) throw error;
        await host.sleepMs(ROUND_MS);
      }
    }
  };
  const perform = async (operation: Operation): Promise<void> => {
    const { work, failed } = KINDS[operation.kind];
    try {
      await rounds(ROUNDS_MAX, () => work(shop, operation));
      await store.endOperation(operation.id, "succeeded", "");
    } catch (error) {
      if (!(error instanceof BackendError || error instanceof FinalError)) report(error, operation);
      await rounds(UNDO_ROUNDS_MAX, async () => failed?.(shop, operation));
      await store.endOperation(operation.id, "failed", describe(operation.kind));
    }
  };
  const start = (operation: Operation): void =>
    void perform(operation).catch((error: unknown) => report(error, operation));
  return {
    start,
    resume: async () => {
      for (const operation of await store.openOperations()) start(operation);
    },
  };
}

/** What a platform is told: no hosts, ids or traces of the backend. */
const describe = (kind: OperationKind): string =>
  `The ${kind} did not succeed. Try again, or ask the operator of the service.`;
