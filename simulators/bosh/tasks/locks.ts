import type { Body } from "../../kernel/index.ts";
import { audit } from "../events/audit.ts";
import type { Director } from "../state/director.ts";
import type { Lock, Task } from "../state/tasks.ts";
import { DirectorError } from "../wire/errors.ts";

const LOCK_TIMEOUT_MS = 240_000;

const LOCK_RETRY_MS = 1000;

interface LockOptions {
  /** How long to wait for the lock before giving up. */
  readonly waitMs: number;
  /** The deployment under which the audit log shows it. */
  readonly deployment?: string;
  /** The error text of a time-out. Default: the director's words. */
  readonly refusal?: string;
}

/**
 * Does work under a lock, which is always released afterwards.
 * @throws DirectorError when the lock can't be acquired in time
 */
export function* withLock<T>(
  director: Director,
  task: Task,
  name: string,
  options: LockOptions,
  body: Body<T>,
): Body<T> {
  yield* acquireLock(director, task, name, options);
  try {
    return yield* body;
  } finally {
    director.slot.value.locks.delete(name);
    audit(director, task, { action: "release", type: "lock", name, deployment: options.deployment ?? null });
  }
}

function* acquireLock(director: Director, task: Task, name: string, options: LockOptions): Body {
  const { kernel, slot } = director;
  for (const until = kernel.nowMs + options.waitMs; ; yield LOCK_RETRY_MS) {
    const held = slot.value.locks.get(name);
    if (held === undefined) break;
    if (kernel.nowMs >= until)
      throw new DirectorError(UNCLASSED_LOCK, options.refusal ?? lockRefusal(director, name, held));
  }
  slot.value.locks.set(name, { name, taskId: task.id, timeoutMs: kernel.nowMs + LOCK_TIMEOUT_MS });
  audit(director, task, { action: "acquire", type: "lock", name, deployment: options.deployment ?? null });
}

function lockRefusal(director: Director, name: string, held: Lock): string {
  const description = director.slot.value.tasks.get(held.taskId)?.description ?? "";
  const uid = director.kernel.random("bosh/lock").uuid();
  return `Failed to acquire lock for ${name} uid: ${uid}. Locking task id is ${held.taskId}, description: '${description}'`;
}

const UNCLASSED_LOCK = 100;
