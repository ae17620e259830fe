import { FinalError } from "../errors.ts";
import { parseObject } from "../json.ts";
import { makeCertificate } from "../spi/certificate.ts";
import { namesOf } from "../spi/credentials.ts";
import { maintenanceOf } from "../spi/maintenance.ts";
import { manifestOf } from "../spi/manifest.ts";
import type { InstanceRow } from "../store/schema.ts";
import { sealText } from "../store/seal.ts";
import type { Operation } from "../store/store.ts";
import {
  agentOf,
  awaitCluster,
  domainOf,
  guardBindings,
  instanceOf,
  locate,
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

/** Makes the certificate of an instance that should have one and has none yet. */
async function certify(context: OperationContext, instance: InstanceRow, planId: string): Promise<InstanceRow> {
  const secrets = secretsOf(context, instance);
  if (!planOf(context, planId).isTls || secrets.tls !== undefined) return instance;
  const names = namesOf(context.service, instance.deployment, domainOf(context));
  const tls = await context.host.track(makeCertificate(names, context.host.nowMs()));
  return saveInstance(context, instance, { secrets: sealText(context.seal, JSON.stringify({ ...secrets, tls })) });
}

/** Deploys what is wanted, stores its address, guards it, and waits until it serves. May be repeated. */
async function deploy(context: OperationContext, record: InstanceRow, wanted: WantedDeployment): Promise<InstanceRow> {
  const instance = await certify(context, record, wanted.planId);
  const isCluster = planOf(context, wanted.planId).nodes > 1;
  // Nodes connect to each other while they are deployed, so their ports need the group before the task has ended.
  const meanwhile = async (): Promise<void> => void (await protect(context, instance, wanted.planId));
  const manifest = manifestFor(context, instance, wanted);
  await context.deployer.deploy(instance.deployment, manifest, wanted.contextId, isCluster ? meanwhile : undefined);
  const located = await locate(context, instance, wanted.planId);
  await guardBindings(context, located, wanted.planId);
  if (located.address === "") throw new FinalError(`deployment ${instance.deployment} has no VM`);
  await agentOf(context, located).ready();
  if (isCluster) await awaitCluster(context, located);
  return located;
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
 * Removes everything of a failed provision that costs money: deployment, disks and group. The record stays until the instance is deprovisioned. The
 * group goes first, as in a deprovision: a deployment that can't be deleted is at least closed.
 */
export async function undoProvision(context: OperationContext, operation: Operation): Promise<void> {
  const record = await ensureRecord(context, operation);
  const instance = await saveInstance(context, record, { state: "failed", address: "" });
  await context.guard.remove(instance.id);
  await context.deployer.remove(instance.deployment, undoContextId(operation));
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
    await context.guard.remove(instance.id);
    await context.deployer.remove(instance.deployment, operation.id);
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
