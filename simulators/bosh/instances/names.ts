import type { Instance } from "../state/deployments.ts";

/** `group/id`, as audit events and the CLI name an instance. */
export const instanceName = (instance: Instance): string => `${instance.group}/${instance.id}`;

/** `group/id (index)`, as event logs name an instance. */
export const instanceTitle = (instance: Instance): string => `${instanceName(instance)} (${instance.index})`;

/** An instance as the owner of its VM and of audit events. */
export const ownerOf = (instance: Instance): { deployment: string; instance: string } => ({
  deployment: instance.deployment,
  instance: instanceName(instance),
});
