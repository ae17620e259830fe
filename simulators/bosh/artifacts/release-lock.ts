export const releaseLock = (name: string): string => `lock:release:${name}`;

export const LOCK_MS = 300_000;
