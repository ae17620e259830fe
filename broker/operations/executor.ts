import { BackendError, FinalError, StoreError } from "../errors.ts";
import type { OperationKind } from "../store/schema.ts";
import type { Operation } from "../store/store.ts";
import type { Host } from "../host.ts";
import { backup, undoBackup, restore, undoRestore } from "./backups.ts";
import { bind, unbind } from "./bindings.ts";
import { deprovision, provision, undoProvision, update, undoUpdate } from "./instances.ts";
import type { OperationContext } from "./context.ts";

type OperationStep = (context: OperationContext, operation: Operation) => Promise<void>;

interface OperationSteps {
  readonly work: OperationStep;
  /** What is put right when the work has failed for good. */
  readonly undo?: OperationStep;
}

const KINDS: Readonly<Record<OperationKind, OperationSteps>> = {
  provision: { work: provision, undo: undoProvision },
  update: { work: update, undo: undoUpdate },
  deprovision: { work: deprovision },
  bind: { work: bind, undo: unbind },
  unbind: { work: unbind },
  backup: { work: backup, undo: undoBackup },
  restore: { work: restore, undo: undoRestore },
};

/** How often a whole operation is begun again while a backend is out of order, and how far apart. */
const ROUNDS_MAX = 5;
const ROUND_MS = 120_000;
/** What undoes a failure must not itself be given up soon: what it leaves costs. */
const UNDO_ROUNDS_MAX = 50;

/** How long the store is given to come back before it is asked again: longer each time, up to a limit. */
const STORE_MS = 500;
const STORE_MS_MAX = 30_000;

/** How often an operation that waits looks whether it is its turn. */
const TURN_MS = 2000;

export type Ending = "succeeded" | "failed";

/** Told of an operation when it begins (again, after a restart), when it or what undoes it goes wrong, and how it ends. */
export type OperationListener = (operation: Operation, event: "begins" | "goes wrong" | Ending, why?: unknown) => void;

/**
 * Carries operations out in the background. Each is a row that was written before the first thing was done, and each step can be done
 * again, so that a broker that was killed goes on where it was.
 */
export interface Executor {
  /** Resolves with how it ended, once that is written down. */
  start(operation: Operation): Promise<Ending>;
  /** Takes up what nobody carries out: at the start, what an earlier process left open. Waits for a store that is away. */
  resume(): Promise<void>;
  /** As `resume`, in the background: after an answer of the store that was lost, which may have opened an operation. */
  resumeLater(): void;
}

/** Begins work again while a backend is out of order, so many times; a store that is away is waited for, however long. */
async function retryRounds(host: Host, roundsMax: number, work: () => Promise<void>): Promise<void> {
  for (let [round, outages] = [1, 0]; ; ) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof BackendError)) throw error;
      if (error instanceof StoreError) {
        // It has refused nothing, and while it is away no end can be written down either.
        await host.sleepMs(Math.min(STORE_MS_MAX, STORE_MS * 2 ** outages++));
        continue;
      }
      if (round++ === roundsMax) throw error;
      outages = 0;
      await host.sleepMs(ROUND_MS);
    }
  }
}

/** Work that is done once more, and only once, for all who ask while it goes on. */
function coalesce(work: () => Promise<void>): () => Promise<void> {
  let going: Promise<void> | undefined;
  let isAskedFor = false;
  const go = async (): Promise<void> => {
    try {
      do {
        isAskedFor = false;
        await work();
      } while (isAskedFor);
    } finally {
      going = undefined;
    }
  };
  return () => {
    isAskedFor = true;
    return (going ??= go());
  };
}

export function createExecutor(
  context: OperationContext,
  report: (error: unknown, operation?: Operation) => void,
  tell: OperationListener = () => {},
): Executor {
  const { host, store } = context;
  const running = new Map<string, Promise<Ending>>();
  const rounds = (max: number, work: () => Promise<void>): Promise<void> => retryRounds(host, max, work);
  /** While the store is away nothing can be written down, and nothing can be said to have ended. */
  const written = (change: () => Promise<void>): Promise<void> => rounds(Number.POSITIVE_INFINITY, change);
  const noteTrouble = (error: unknown, operation: Operation): void => {
    tell(operation, "goes wrong", error);
    if (!(error instanceof BackendError || error instanceof FinalError)) report(error, operation);
  };
  const attempt = async (max: number, operation: Operation, work: OperationStep | undefined): Promise<Ending> => {
    try {
      await rounds(max, async () => work?.(context, operation));
      return "succeeded";
    } catch (error) {
      noteTrouble(error, operation);
      return "failed";
    }
  };
  /** Waits until it is an operation's turn. A provision that stands before it is cut short: its task is cancelled, and it takes back what it did. */
  const turn = async (operation: Operation): Promise<void> => {
    while (!(await store.takeTurn(operation))) {
      const before = await store.turnOf(operation.instance_id);
      if (before?.kind === "provision") await context.deployer.cancel(before.id);
      await host.sleepMs(TURN_MS);
    }
  };
  const perform = async (operation: Operation): Promise<Ending> => {
    if (operation.busy === null) await written(() => turn(operation));
    tell(operation, "begins");
    const { work, undo } = KINDS[operation.kind];
    const isUndoing = operation.state === "undoing";
    const ending = isUndoing ? "failed" : await attempt(ROUNDS_MAX, operation, work);
    if (ending === "failed") {
      // Whoever takes it up from here must not try the work again on what is half undone.
      if (!isUndoing) await written(() => store.undoOperation(operation.id));
      await attempt(UNDO_ROUNDS_MAX, operation, undo);
    }
    const description = ending === "failed" ? describe(operation.kind) : "";
    await written(() => store.endOperation(operation.id, ending, description));
    tell(operation, ending);
    return ending;
  };
  const start = (operation: Operation): Promise<Ending> => {
    const known = running.get(operation.id);
    if (known !== undefined) return known;
    const ending = perform(operation).finally(() => running.delete(operation.id));
    running.set(operation.id, ending);
    ending.catch((error: unknown) => report(error, operation));
    return ending;
  };
  const resume = coalesce(() =>
    written(async () => {
      for (const operation of await store.openOperations()) void start(operation);
    }),
  );
  return { start, resume, resumeLater: () => void resume().catch((error: unknown) => report(error)) };
}

/** What a platform is told: no hosts, ids or traces of the backend. */
const describe = (kind: OperationKind): string =>
  `The ${kind} did not succeed. Try again, or ask the operator of the service.`;
