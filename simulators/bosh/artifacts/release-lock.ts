/** The lock under which versions of a release are created and deleted. */
export const releaseLock = (name: string): string => `lock:release:${name}`;

/** How long a task waits for the lock of a release. */
export const LOCK_MS = 300_000;
