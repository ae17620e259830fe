/** How long a task waits for the lock of a VM. */
export const VM_LOCK_MS = 10_000;
