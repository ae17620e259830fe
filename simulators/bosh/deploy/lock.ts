export const DEPLOYMENT_LOCK_MS = 10_000;

export const deploymentLock = (name: string): string => `lock:deployment:${name}`;
