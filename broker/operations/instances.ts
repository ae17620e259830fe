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
  type OperationContext,
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

interface WantedDeployment {
  readonly planId: string;
  readonly parameters: string;
  /** Names the attempt at the director. */
  readonly contextId: string;
}

/** Brings the deployment to what is wanted, finds where it is, puts it under guard, waits until it serves. Safe to do again. */
async function deploy(context: OperationContext, instance: InstanceRow, wanted: WantedDeployment): Promise<InstanceRow> {
  const manifest = manifestOf({
    deployment: instance.deployment,
    service: context.service,
    plan: planOf(context, wanted.planId),
    parameters: JSON.parse(wanted.parameters) as Record<string, unknown>,
    secrets: secretsOf(context, instance),
    domain: context.config.domain ?? "dc1.consul",
  });
  const { nodes } = planOf(context, wanted.planId);
  // Nodes look for each other while they are deployed, so their ports need the group before the task has ended.
  const meanwhile = nodes > 1 ? async () => void (await protect(context, instance, wanted.planId)) : undefined;
  await context.deployer.deploy(instance.deployment, manifest, wanted.contextId, meanwhile);
  const located = await locate(context, instance, wanted.planId);
  await guardBindings(context, located, wanted.planId);
  if (located.address === "") throw new FinalError(`deployment ${instance.deployment} has no VM`);
  await agentOf(context, located).ready();
  return located;
}

/** The record, made now where whoever took the order could not make it. */
async function ensureRecord(context: OperationContext, operation: Operation): Promise<InstanceRow> {
  const known = await context.store.instance(operation.instance_id);
  if (known !== undefined) return known;
  await context.store.addInstance(payloadOf<ProvisionPayload>(operation).row);
  return instanceOf(context, operation);
}

export async function provision(context: OperationContext, operation: Operation): Promise<void> {
  const instance = await ensureRecord(context, operation);
  const { plan_id: planId, parameters } = instance;
  const deployed = await deploy(context, instance, { planId, parameters, contextId: operation.id });
  await save(context, deployed, { state: "ready" });
}

/** A failed provision leaves nothing that costs: deployment, disks and group go; the record stays until it is deprovisioned. */
export async function undoProvision(context: OperationContext, operation: Operation): Promise<void> {
  const instance = await save(context, await ensureRecord(context, operation), { state: "failed", address: "" });
  await context.deployer.remove(instance.deployment, undoContextId(operation), {
    keepDisks: context.config.plantedBug === "leak-volume-after-failed-deploy",
  });
  await context.guard.remove(instance.id);
}

const undoContextId = (operation: Operation): string => `${operation.id}-undo`;

export async function update(context: OperationContext, operation: Operation): Promise<void> {
  const { planId, parameters } = payloadOf<UpdatePayload>(operation);
  const instance = await instanceOf(context, operation);
  const deployed = await deploy(context, instance, { planId, parameters, contextId: operation.id });
  await save(context, deployed, { plan_id: planId, parameters, state: "ready" });
}

/** The deployment goes back to what the record says. Where even that fails the instance is said to be broken. */
export async function undoUpdate(context: OperationContext, operation: Operation): Promise<void> {
  const instance = await instanceOf(context, operation);
  const { plan_id: planId, parameters } = instance;
  try {
    const deployed = await deploy(context, instance, { planId, parameters, contextId: undoContextId(operation) });
    await save(context, deployed, { state: "ready" });
  } catch (error) {
    if (!(error instanceof FinalError)) throw error;
    await save(context, await instanceOf(context, operation), { state: "broken" });
  }
}

/** Closes the instance first. The record goes last: while it is there, a deletion that failed can be asked for again. */
export async function deprovision(context: OperationContext, operation: Operation): Promise<void> {
  const instance = await context.store.instance(operation.instance_id);
  if (instance !== undefined) {
    if (instance.state === "ready") await save(context, instance, { state: "broken" });
    await context.guard.remove(instance.id);
    await context.deployer.remove(instance.deployment, operation.id);
    await context.backups.remove(instance.id);
    await forget(context, instance.id);
  }
  await context.store.forgetOperations(operation.instance_id, operation.id);
}

async function forget({ store }: OperationContext, instanceId: string): Promise<void> {
  await store.deleteRestoresOf(instanceId);
  await store.deleteBackupsOf(instanceId);
  for (const { id } of await store.bindingsOf(instanceId)) await store.deleteBinding(id);
  await store.deleteInstance(instanceId);
}
