import { FinalError } from "../errors.ts";
import { parseObject } from "../json.ts";
import { maintenanceOf } from "../spi/maintenance.ts";
import { manifestOf } from "../spi/manifest.ts";
import type { InstanceRow } from "../store/schema.ts";
import type { Operation } from "../store/store.ts";
import {
  awaitCluster,
  domainOf,
  guardBindings,
  hasSilentNode,
  instanceOf,
  locate,
  noteAuthority,
  type OperationContext,
  planOf,
  protect,
  saveInstance,
  secretsOf,
} from "./context.ts";
import { releaseBackups } from "../backup/release.ts";
import { provisionPayload, updatePayload } from "./payloads.ts";

interface WantedDeployment {
  readonly planId: string;
  /** JSON. */
  readonly parameters: string;
  /** JSON, as the record's. */
  readonly maintenance: string;
  /** Context id of the attempt at the director. */
  readonly contextId: string;
}

const manifestFor = (context: OperationContext, instance: InstanceRow, wanted: WantedDeployment): string =>
  manifestOf({
    deployment: instance.deployment,
    service: context.service,
    plan: planOf(context, wanted.planId),
    maintenance: maintenanceOf(wanted.maintenance, context.catalog.maintenance),
    parameters: parseObject(wanted.parameters),
    secrets: secretsOf(context, instance),
    domain: domainOf(context),
    record: instance,
  });

/** Deploys what is wanted, stores its address, guards it, and waits until it serves. May be repeated. */
async function deploy(
  context: OperationContext,
  instance: InstanceRow,
  wanted: WantedDeployment,
): Promise<InstanceRow> {
  const isCluster = planOf(context, wanted.planId).nodes > 1;
  // Nodes connect to each other while they are deployed, so their ports need the group before the task has ended.
  const meanwhile = async (): Promise<void> => void (await protect(context, instance, wanted.planId));
  const manifest = manifestFor(context, instance, wanted);
  await context.deployer.deploy(instance.deployment, manifest, wanted.contextId, isCluster ? meanwhile : undefined);
  const located = await locate(context, instance, wanted.planId);
  await guardBindings(context, located, wanted.planId);
  if (located.address === "") throw new FinalError(`deployment ${instance.deployment} has no VM`);
  const noted = await noteAuthority(context, located);
  if (isCluster) await awaitCluster(context, noted);
  return noted;
}

/** Reads the record of an instance; stores it now if the request that opened the operation could not. */
async function ensureRecord(context: OperationContext, operation: Operation): Promise<InstanceRow> {
  const known = await context.store.instance(operation.instance_id);
  if (known !== undefined) return known;
  await context.store.addInstance(provisionPayload(operation).row);
  return instanceOf(context, operation);
}

/** Deploys an instance. */
export async function provision(context: OperationContext, operation: Operation): Promise<void> {
  const instance = await ensureRecord(context, operation);
  const { plan_id: planId, parameters, maintenance } = instance;
  const deployed = await deploy(context, instance, { planId, parameters, maintenance, contextId: operation.id });
  await saveInstance(context, deployed, { state: "ready" });
}

/**
 * Removes everything of a failed provision that costs money: deployment, disks and group. The record stays until the instance is deprovisioned.
 */
export async function undoProvision(context: OperationContext, operation: Operation): Promise<void> {
  const record = await ensureRecord(context, operation);
  const instance = await saveInstance(context, record, { state: "failed", address: "" });
  await remove(context, instance, undoContextId(operation));
}

/**
 * Closes an instance first; its group goes last, with the ports that dead VMs have left. It also goes if the deployment stays because the director gave
 * up deleting it: without the group, nothing is open.
 */
async function remove(context: OperationContext, instance: InstanceRow, contextId: string): Promise<void> {
  const { deployer, guard } = context;
  const isSilent = await hasSilentNode(context, instance);
  await guard.close(instance.id);
  try {
    await deployer.remove(instance.deployment, contextId, { isSilent });
  } catch (error) {
    if (error instanceof FinalError) await guard.remove(instance.id);
    throw error;
  }
  await guard.remove(instance.id);
}

const undoContextId = (operation: Operation): string => `${operation.id}-undo`;

/** Deploys an instance with another plan or other parameters. The record changes once they are in force. */
export async function update(context: OperationContext, operation: Operation): Promise<void> {
  const instance = await instanceOf(context, operation);
  const { planId, parameters, maintenance = instance.maintenance } = updatePayload(operation);
  const deployed = await deploy(context, instance, { planId, parameters, maintenance, contextId: operation.id });
  await saveInstance(context, deployed, { plan_id: planId, parameters, maintenance, state: "ready" });
}

/** Deploys an instance again as its record says. If even that fails, the instance counts as broken. */
export async function undoUpdate(context: OperationContext, operation: Operation): Promise<void> {
  const instance = await instanceOf(context, operation);
  const { plan_id: planId, parameters, maintenance } = instance;
  const contextId = undoContextId(operation);
  try {
    const deployed = await deploy(context, instance, { planId, parameters, maintenance, contextId });
    await saveInstance(context, deployed, { state: "ready" });
  } catch (error) {
    if (!(error instanceof FinalError)) throw error;
    await saveInstance(context, await instanceOf(context, operation), { state: "broken" });
  }
}

/** Deletes an instance. It is closed first, and its record is removed last: as long as that exists, a failed deletion can be ordered again. */
export async function deprovision(context: OperationContext, operation: Operation): Promise<void> {
  const instance = await context.store.instance(operation.instance_id);
  if (instance !== undefined) {
    if (instance.state === "ready") await saveInstance(context, instance, { state: "broken" });
    await remove(context, instance, operation.id);
    await releaseBackups(context, instance);
    await deleteRecords(context, instance.id);
  }
  await context.store.forgetOperations(operation.instance_id, operation.id);
}

async function deleteRecords({ store }: OperationContext, instanceId: string): Promise<void> {
  await store.deleteRestoresOf(instanceId);
  for (const { id } of await store.bindingsOf(instanceId)) await store.deleteBinding(id);
  await store.deleteQuarantine(instanceId);
  await store.deleteInstance(instanceId);
}
