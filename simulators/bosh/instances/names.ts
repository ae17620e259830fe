import type { Instance } from "../state/deployments.ts";

export const nameOf = (instance: Instance): string => `${instance.group}/${instance.id}`;

export const title = (instance: Instance): string => `${nameOf(instance)} (${instance.index})`;

export const of = (instance: Instance): { deployment: string; instance: string } => ({
  deployment: instance.deployment,
  instance: nameOf(instance),
});

export const iso = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
