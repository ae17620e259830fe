import { rolesOf } from "../config.ts";
import { BackendError, FinalError, LeaseLostError } from "../errors.ts";
import { noTracer, traceFrom } from "../observe/tracing.ts";
import type { OperationKind } from "../store/schema.ts";
import type { Operation } from "../store/store.ts";
import { backup, restore, undoBackup, undoRestore } from "./backups.ts";
import { bind, unbind } from "./bindings.ts";
import type { OperationContext } from "./context.ts";
import { deprovision, provision, undoProvision, undoUpdate, update } from "./instances.ts";
import { Intake } from "./intake.ts";
import { OperationLease, workUnder } from "./lease.ts";
import { mend } from "./mends.ts";
import { BACKUP_ROUNDS_MAX, coalesce, retryRounds, ROUNDS_MAX } from "./retry.ts";
import { kindsOf } from "./roles.ts";
import { workInSlot, WorkSlots } from "./slots.ts";

type OperationStep = (context: OperationContext, operation: Operation) => Promise<void>;

interface OperationSteps {
  readonly work: OperationStep;
  /** Undoes the work once it has definitively failed. */
  readonly undo?: OperationStep;
  /** How often the work is tried while a backend is down. Default: `ROUNDS_MAX`. */
  readonly roundsMax?: number;
}

const STEPS: Readonly<Record<OperationKind, OperationSteps>> = {
  provision: { work: provision, undo: undoProvision },
  update: { work: update, undo: undoUpdate },
  deprovision: { work: deprovision },
  bind: { work: bind, undo: unbind },
  unbind: { work: unbind },
  backup: { work: backup, undo: undoBackup, roundsMax: BACKUP_ROUNDS_MAX },
  restore: { work: restore, undo: undoRestore },
  mend: { work: mend },
};

/** How often undoing a failure is tried; giving up would leave things that cost money. */
const UNDO_ROUNDS_MAX = 50;

/** How often a waiting operation checks whether it is its turn. */
const TURN_MS = 2000;
/** How often to look for the ending of an operation that another process works on. */
const FOLLOW_MS = 1000;

/** How an operation ended. */
export type Ending = "succeeded" | "failed";

/** The events that a listener gets about an operation; `is lost` if another process has taken it over. */
type OperationEvent = "begins" | "goes wrong" | "is lost" | Ending;

/** Called when an operation begins (again, after a restart), when it or its undoing goes wrong, and when it has ended. */
export type OperationListener = (operation: Operation, event: OperationEvent, why?: unknown) => void;

/**
 * Carries operations out in the background. Each is a row that is stored before anything is done, and each step can be done again, so that whoever
 * takes over from a killed broker continues where it stopped. Of several processes on one store, only one works on an operation.
 */
export interface Executor {
  /**
   * Runs an operation that this process holds, or may take. Resolves with its ending once that is stored, even if another process works on it. An
   * operation that is started twice runs once.
   */
  start(operation: Operation): Promise<Ending>;
  /** Resumes open operations that nobody carries out, such as those of a killed process. Waits for a store that is away. */
  resume(): Promise<void>;
  /** Like `resume`, in the background: for a lost answer of the store that may have opened an operation. */
  resumeLater(): void;
  /** Renews the leases of this process, gives up what was taken from it, and resumes what others have left. @throws StoreError */
  keepLeases(): Promise<void>;
  /** How many operations this process works on. */
  readonly running: number;
}

/** The description of a failure for a platform: without hosts, ids or traces of the backend. */
const describeFailure = (kind: OperationKind): string =>
  `The ${kind} did not succeed. Try again, or ask the operator of the service.`;

interface Running {
  readonly lease: OperationLease;
  readonly ending: Promise<Ending>;
}

class BackgroundExecutor implements Executor {
  readonly #context: OperationContext;
  readonly #report: (error: unknown, operation?: Operation) => void;
  readonly #listen: OperationListener;
  readonly #slots: WorkSlots | undefined;
  readonly #intake: Intake | undefined;
  readonly #running = new Map<string, Running>();
  readonly resume: () => Promise<void>;

  constructor(
    context: OperationContext,
    report: (error: unknown, operation?: Operation) => void,
    listen: OperationListener,
  ) {
    this.#context = context;
    this.#report = report;
    this.#listen = listen;
    // A private store has no connections that could run out.
    this.#slots = context.store.isPrivate ? undefined : new WorkSlots();
    this.#intake = context.store.isPrivate ? undefined : new Intake(context.host);
    this.resume = coalesce(() => retryRounds(context.host, Number.POSITIVE_INFINITY, () => this.#takeUp()));
  }

  get running(): number {
    return this.#running.size;
  }

  start(operation: Operation): Promise<Ending> {
    const known = this.#running.get(operation.id);
    if (known !== undefined && !known.lease.isLost) return known.ending;
    const isOurs = operation.worker === this.#context.store.worker.name;
    return isOurs ? this.#run(operation) : this.#takeOrFollow(operation);
  }

  resumeLater(): void {
    this.resume().catch((error: unknown) => this.#report(error));
  }

  async keepLeases(): Promise<void> {
    const { store, host } = this.#context;
    const askedMs = host.nowMs();
    const held = new Map((await store.renew()).map(({ id, fence }) => [id, fence]));
    for (const [id, { lease }] of this.#running) {
      if (held.get(id) === lease.fence) lease.prolong(askedMs);
      // An operation that has ended meanwhile belongs to nobody; its worker learns that when it stores the end.
      else if (held.has(id) || (await store.operation(id))?.worker !== store.worker.name) lease.lose();
    }
    await this.#takeUp();
  }

  /** Takes what nobody holds any more, then starts everything of this process that is not running. */
  async #takeUp(): Promise<void> {
    const { store, config } = this.#context;
    await store.takeFree(kindsOf(rolesOf(config)));
    for (const operation of await store.ownOperations()) void this.start(operation);
  }

  #run(operation: Operation): Promise<Ending> {
    const { store, host } = this.#context;
    const leaseMs = store.isPrivate ? Number.POSITIVE_INFINITY : store.worker.leaseMs;
    const lease = new OperationLease(operation.id, operation.fence, host, leaseMs);
    const context = { ...this.#context, store: store.fencedBy(operation.id, operation.fence) };
    const { tracer = noTracer() } = context;
    const attributes = { "osb.instance": operation.instance_id, "osb.operation": operation.id };
    const trace = (work: () => Promise<Ending>): Promise<Ending> =>
      traceFrom(tracer, operation.traceparent ?? "", operation.kind, attributes, work);
    const perform = async (): Promise<Ending> => {
      await this.#intake?.admit();
      return workInSlot(operation.kind, this.#slots, () => this.#perform(context, operation));
    };
    const ending = trace(() => workUnder(lease, perform))
      .finally(() => {
        if (this.#running.get(operation.id)?.lease === lease) this.#running.delete(operation.id);
      })
      .catch((error: unknown) => {
        if (!(error instanceof LeaseLostError)) throw error;
        this.#listen(operation, "is lost");
        return this.#follow(operation.id);
      });
    this.#running.set(operation.id, { lease, ending });
    ending.catch((error: unknown) => this.#report(error, operation));
    return ending;
  }

  async #takeOrFollow(operation: Operation): Promise<Ending> {
    const { store } = this.#context;
    const fence = await store.take(operation.id);
    if (fence === undefined) return this.#follow(operation.id);
    return this.#run({ ...operation, worker: store.worker.name, fence });
  }

  /** Waits for the ending of an operation that another process works on. A forgotten one was undone by the deletion of its instance. */
  async #follow(id: string): Promise<Ending> {
    const { store, host } = this.#context;
    for (;;) {
      const state = await store.operation(id).then(
        (row) => row?.state ?? "failed",
        (error: unknown) => {
          if (error instanceof BackendError) return "unknown";
          throw error;
        },
      );
      if (state === "succeeded" || state === "failed") return state;
      await host.sleepMs(FOLLOW_MS);
    }
  }

  async #perform(context: OperationContext, operation: Operation): Promise<Ending> {
    const { store } = context;
    if (operation.busy === null) await this.#writeUntilDone(() => this.#waitForTurn(context, operation));
    this.#listen(operation, "begins");
    const { work, undo, roundsMax = ROUNDS_MAX } = STEPS[operation.kind];
    const isUndoing = operation.state === "undoing";
    const ending = isUndoing ? "failed" : await this.#attempt(roundsMax, context, operation, work);
    if (ending === "failed") {
      // A broker that resumes the operation from here must not try the work again on something half undone.
      if (!isUndoing) await this.#writeUntilDone(() => store.undoOperation(operation.id));
      await this.#attempt(UNDO_ROUNDS_MAX, context, operation, undo);
    }
    const description = ending === "failed" ? describeFailure(operation.kind) : "";
    await this.#writeUntilDone(() => store.endOperation(operation.id, ending, description));
    this.#listen(operation, ending);
    return ending;
  }

  async #attempt(
    roundsMax: number,
    context: OperationContext,
    operation: Operation,
    step: OperationStep | undefined,
  ): Promise<Ending> {
    try {
      await retryRounds(context.host, roundsMax, async () => step?.(context, operation));
      return "succeeded";
    } catch (error) {
      if (error instanceof LeaseLostError) throw error;
      this.#listen(operation, "goes wrong", error);
      if (!(error instanceof BackendError || error instanceof FinalError)) this.#report(error, operation);
      return "failed";
    }
  }

  #writeUntilDone(change: () => Promise<void>): Promise<void> {
    return retryRounds(this.#context.host, Number.POSITIVE_INFINITY, change);
  }

  /** Waits for an operation's turn. Cuts short a provision before it: its task is cancelled and its work undone. */
  async #waitForTurn({ store, deployer, host }: OperationContext, operation: Operation): Promise<void> {
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
