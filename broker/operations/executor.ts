import { BackendError, FinalError } from "../errors.ts";
import type { OperationKind } from "../store/schema.ts";
import type { Operation } from "../store/store.ts";
import { backup, restore, undoBackup, undoRestore } from "./backups.ts";
import { bind, unbind } from "./bindings.ts";
import type { OperationContext } from "./context.ts";
import { deprovision, provision, undoProvision, undoUpdate, update } from "./instances.ts";
import { coalesce, retryRounds } from "./retry.ts";

type OperationStep = (context: OperationContext, operation: Operation) => Promise<void>;

interface OperationSteps {
  readonly work: OperationStep;
  /** Undoes the work once it has failed for good. */
  readonly undo?: OperationStep;
}

const STEPS: Readonly<Record<OperationKind, OperationSteps>> = {
  provision: { work: provision, undo: undoProvision },
  update: { work: update, undo: undoUpdate },
  deprovision: { work: deprovision },
  bind: { work: bind, undo: unbind },
  unbind: { work: unbind },
  backup: { work: backup, undo: undoBackup },
  restore: { work: restore, undo: undoRestore },
};

/** How often a whole operation is tried while a backend is down. */
const ROUNDS_MAX = 5;
/** How often the undoing of a failure is tried; giving up would leave things that cost money. */
const UNDO_ROUNDS_MAX = 50;

/** How often a waiting operation checks whether it is its turn. */
const TURN_MS = 2000;

/** How an operation ended. */
export type Ending = "succeeded" | "failed";

/** Called when an operation begins (again, after a restart), when it or its undoing goes wrong, and when it has ended. */
export type OperationListener = (operation: Operation, event: "begins" | "goes wrong" | Ending, why?: unknown) => void;

/**
 * Carries operations out in the background. Each is a row that is stored before anything is done, and each step can be done
 * again, so that a broker that was killed goes on where it stopped.
 */
export interface Executor {
  /** Runs an operation. Resolves with its ending, once that is stored. An operation that is started twice runs once. */
  start(operation: Operation): Promise<Ending>;
  /** Takes up open operations that nobody carries out, such as those of an earlier process. Waits for a store that is away. */
  resume(): Promise<void>;
  /** As `resume`, in the background: for when an answer of the store was lost, which may have opened an operation. */
  resumeLater(): void;
}

/** What a platform reads of a failure: no hosts, ids or traces of the backend. */
const describeFailure = (kind: OperationKind): string =>
  `The ${kind} did not succeed. Try again, or ask the operator of the service.`;

class BackgroundExecutor implements Executor {
  readonly #context: OperationContext;
  readonly #report: (error: unknown, operation?: Operation) => void;
  readonly #listen: OperationListener;
  readonly #running = new Map<string, Promise<Ending>>();
  readonly resume: () => Promise<void>;

  constructor(
    context: OperationContext,
    report: (error: unknown, operation?: Operation) => void,
    listen: OperationListener,
  ) {
    this.#context = context;
    this.#report = report;
    this.#listen = listen;
    this.resume = coalesce(() =>
      this.#writeUntilDone(async () => {
        for (const operation of await context.store.openOperations()) void this.start(operation);
      }),
    );
  }

  start(operation: Operation): Promise<Ending> {
    const known = this.#running.get(operation.id);
    if (known !== undefined) return known;
    const ending = this.#perform(operation).finally(() => this.#running.delete(operation.id));
    this.#running.set(operation.id, ending);
    ending.catch((error: unknown) => this.#report(error, operation));
    return ending;
  }

  resumeLater(): void {
    this.resume().catch((error: unknown) => this.#report(error));
  }

  async #perform(operation: Operation): Promise<Ending> {
    const { store } = this.#context;
    if (operation.busy === null) await this.#writeUntilDone(() => this.#waitForTurn(operation));
    this.#listen(operation, "begins");
    const { work, undo } = STEPS[operation.kind];
    const isUndoing = operation.state === "undoing";
    const ending = isUndoing ? "failed" : await this.#attempt(ROUNDS_MAX, operation, work);
    if (ending === "failed") {
      // A broker that takes the operation up from here must not try the work again on what is half undone.
      if (!isUndoing) await this.#writeUntilDone(() => store.undoOperation(operation.id));
      await this.#attempt(UNDO_ROUNDS_MAX, operation, undo);
    }
    const description = ending === "failed" ? describeFailure(operation.kind) : "";
    await this.#writeUntilDone(() => store.endOperation(operation.id, ending, description));
    this.#listen(operation, ending);
    return ending;
  }

  async #attempt(roundsMax: number, operation: Operation, step: OperationStep | undefined): Promise<Ending> {
    try {
      await retryRounds(this.#context.host, roundsMax, async () => step?.(this.#context, operation));
      return "succeeded";
    } catch (error) {
      this.#listen(operation, "goes wrong", error);
      if (!(error instanceof BackendError || error instanceof FinalError)) this.#report(error, operation);
      return "failed";
    }
  }

  /** Stores an ending. While the store is away, no operation has ended. */
  #writeUntilDone(change: () => Promise<void>): Promise<void> {
    return retryRounds(this.#context.host, Number.POSITIVE_INFINITY, change);
  }

  /** Waits until it is an operation's turn. Cuts short a provision before it, whose task is cancelled and whose work is undone. */
  async #waitForTurn(operation: Operation): Promise<void> {
    const { store, deployer, host } = this.#context;
    while (!(await store.takeTurn(operation))) {
      const before = await store.turnOf(operation.instance_id);
      if (before?.kind === "provision") await deployer.cancel(before.id);
      await host.sleepMs(TURN_MS);
    }
  }
}

/**
 * Makes the executor of one control plane, which does nothing before the first `start` or `resume`.
 *
 * @param report called with defects: errors that no backend caused
 */
export const createExecutor = (
  context: OperationContext,
  report: (error: unknown, operation?: Operation) => void,
  listen: OperationListener = () => {},
): Executor => new BackgroundExecutor(context, report, listen);
