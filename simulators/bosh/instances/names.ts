import type { Instance } from "../state/deployments.ts";

export const instanceName = (instance: Instance): string => `${instance.group}/${instance.id}`;

export const instanceTitle = (instance: Instance): string => `${instanceName(instance)} (${instance.index})`;

export const ownerOf = (instance: Instance): { deployment: string; instance: string } => ({
  deployment: instance.deployment,
  instance: instanceName(instance),
});

export const iso = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
