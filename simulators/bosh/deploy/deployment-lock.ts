/**
 * How long a task waits for the lock of a deployment. `tasks/locks.ts` acquires it, and has the text of the
 * time-out.
 */
export const DEPLOYMENT_LOCK_MS = 10_000;

/** The lock under which a deployment is changed. */
export const deploymentLock = (name: string): string => `lock:deployment:${name}`;
