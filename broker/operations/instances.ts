import { FinalError } from "../errors.ts";
import { manifestOf } from "../spi/manifest.ts";
import type { InstanceRow } from "../store/schema.ts";
import type { Operation } from "../store/store.ts";
import {
  agentOf,
  guardBindings,
  instanceOf,
  locate,
  payloadOf,
  planOf,
  protect,
  save,
  secretsOf,
  type Workshop,
} from "./context.ts";

/** What a provision is told: the record to make. */
export interface ProvisionPayload {
  readonly row: InstanceRow;
}

export interface UpdatePayload {
  readonly planId: string;
  /** JSON of all parameters, those that stay included. */
  readonly parameters: string;
}

interface Wanted {
  readonly planId: string;
  readonly parameters: string;
  /** Names the attempt at the director. */
  readonly contextId: string;
}

/** Brings the deployment to what is wanted, finds where it is, puts it under guard, waits until it serves. Safe to do again. */
async function deploy(shop: Workshop, instance: InstanceRow, wanted: Wanted): Promise<InstanceRow> {
  const manifest = manifestOf({
    deployment: instance.deployment,
    service: shop.service,
    plan: planOf(shop, wanted.planId),
    parameters: JSON.parse(wanted.parameters) as Record<string, unknown>,
    secrets: secretsOf(shop, instance),
    domain: shop.config.domain ?? "dc1.consul",
  });
  const { nodes } = planOf(shop, wanted.planId);
  // Nodes look for each other while they are deployed, so their ports need the group before the task has ended.
  const meanwhile = nodes > 1 ? async () => void (await protect(shop, instance, wanted.planId)) : undefined;
  await shop.deployer.deploy(instance.deployment, manifest, wanted.contextId, meanwhile);
  const located = await locate(shop, instance, wanted.planId);
  await guardBindings(shop, located, wanted.planId);
  if (located.address === "") throw new FinalError(`deployment ${instance.deployment} has no VM`);
  await agentOf(shop, located).ready();
  return located;
}

/** The record, made now where whoever took the order could not make it. */
async function recorded(shop: Workshop, operation: Operation): Promise<InstanceRow> {
  const known = await shop.store.instance(operation.instance_id);
  if (known !== undefined) return known;
  await shop.store.addInstance(payloadOf<ProvisionPayload>(operation).row);
  return instanceOf(shop, operation);
}

export async function provision(shop: Workshop, operation: Operation): Promise<void> {
  const instance = await recorded(shop, operation);
  const { plan_id: planId, parameters } = instance;
  const deployed = await deploy(shop, instance, { planId, parameters, contextId: operation.id });
  await save(shop, deployed, { state: "ready" });
}

/** A failed provision leaves nothing that costs: deployment, disks and group go; the record stays until it is deprovisioned. */
export async function provisionFailed(shop: Workshop, operation: Operation): Promise<void> {
  const instance = await save(shop, await recorded(shop, operation), { state: "failed", address: "" });
  await shop.deployer.remove(instance.deployment, undoing(operation), {
    keepDisks: shop.config.plantedBug === "leak-volume-after-failed-deploy",
  });
  await shop.guard.remove(instance.id);
}

const undoing = (operation: Operation): string => `${operation.id}-undo`;

export async function update(shop: Workshop, operation: Operation): Promise<void> {
  const { planId, parameters } = payloadOf<UpdatePayload>(operation);
  const instance = await instanceOf(shop, operation);
  const deployed = await deploy(shop, instance, { planId, parameters, contextId: operation.id });
  await save(shop, deployed, { plan_id: planId, parameters, state: "ready" });
}

/** The deployment goes back to what the record says. Where even that fails the instance is said to be broken. */
export async function updateFailed(shop: Workshop, operation: Operation): Promise<void> {
  const instance = await instanceOf(shop, operation);
  const { plan_id: planId, parameters } = instance;
  try {
    const deployed = await deploy(shop, instance, { planId, parameters, contextId: undoing(operation) });
    await save(shop, deployed, { state: "ready" });
  } catch (error) {
    if (!(error instanceof FinalError)) throw error;
    await save(shop, await instanceOf(shop, operation), { state: "broken" });
  }
}

/** Closes the instance first. The record goes last: while it is there, a deletion that failed can be asked for again. */
export async function deprovision(shop: Workshop, operation: Operation): Promise<void> {
  const instance = await shop.store.instance(operation.instance_id);
  if (instance !== undefined) {
    if (instance.state === "ready") await save(shop, instance, { state: "broken" });
    await shop.guard.remove(instance.id);
    await shop.deployer.remove(instance.deployment, operation.id);
    await shop.backups.remove(instance.id);
    await forget(shop, instance.id);
  }
  await shop.store.forgetOperations(operation.instance_id, operation.id);
}

async function forget({ store }: Workshop, instanceId: string): Promise<void> {
  await store.deleteRestoresOf(instanceId);
  await store.deleteBackupsOf(instanceId);
  for (const { id } of await store.bindingsOf(instanceId)) await store.deleteBinding(id);
  await store.deleteInstance(instanceId);
}
