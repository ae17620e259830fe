import type { Part } from "../backup/backups.ts";
import type { BackupStore } from "../backup/backups.ts";
import type { BrokerConfig } from "../config.ts";
import type { Guard } from "../guard/guard.ts";
import type { Host } from "../host.ts";
import { instanceAgent } from "../spi/agent.ts";
import type { Plan, Service } from "../spi/catalog.ts";
import type { Deployer } from "../spi/director.ts";
import { type InstanceSecrets, manifestOf } from "../spi/manifest.ts";
import type { InstanceRow, OperationRow } from "../store/schema.ts";
import { openText, type Seal } from "../store/seal.ts";
import type { Store } from "../store/store.ts";

/** What every operation works with. */
export interface Workshop {
  readonly config: BrokerConfig;
  readonly host: Host;
  readonly store: Store;
  readonly service: Service;
  readonly deployer: Deployer;
  readonly guard: Guard;
  readonly backups: BackupStore;
  readonly seal: Seal;
}

export type Operation = Omit<OperationRow, "sequence">;

export const secretsOf = (shop: Workshop, instance: InstanceRow): InstanceSecrets =>
  JSON.parse(openText(shop.seal, instance.secrets)) as InstanceSecrets;

export const planOf = ({ service }: Workshop, planId: string): Plan =>
  service.plans.find(({ id }) => id === planId) as Plan;

export const agentOf = (shop: Workshop, instance: InstanceRow): ReturnType<typeof instanceAgent> =>
  instanceAgent(shop.host, instance.address, secretsOf(shop, instance).agentPassword);

/** Opens the instance to the applications while it has a binding, and to nobody otherwise. */
export async function guardBindings(shop: Workshop, instance: InstanceRow): Promise<void> {
  const bindings = await shop.store.bindingsOf(instance.id);
  const bound = bindings.some(({ state }) => state !== "deleting");
  await shop.guard.admit(instance.id, shop.service.port, bound ? shop.config.applicationCidrs : []);
}

/** Deploys the instance as its record says, finds where it is, closes it to all but the platform. Safe to do again. */
async function deploy(
  shop: Workshop,
  operation: Operation,
  instance: InstanceRow,
  planId: string,
  parameters: string,
): Promise<void> {
  const manifest = manifestOf({
    deployment: instance.deployment,
    service: shop.service,
    plan: planOf(shop, planId),
    parameters: JSON.parse(parameters) as Record<string, unknown>,
    secrets: secretsOf(shop, instance),
    domain: shop.config.domain ?? "dc1.consul",
  });
  await shop.deployer.deploy(instance.deployment, manifest, operation.id);
  await locate(shop, instance.id);
}

/** Notes where the VMs are and puts them under guard; also after a VM was replaced. */
export async function locate(shop: Workshop, instanceId: string): Promise<void> {
  const instance = (await shop.store.instance(instanceId)) as InstanceRow;
  const vms = await shop.deployer.vms(instance.deployment);
  await shop.guard.protect(
    instance.id,
    vms.flatMap(({ cid }) => cid ?? []),
  );
  await shop.store.setInstance(instance, { address: vms[0]?.ips[0] ?? "" });
  await guardBindings(shop, instance);
}

export async function provision(shop: Workshop, operation: Operation): Promise<void> {
  const instance = (await shop.store.instance(operation.instance_id)) as InstanceRow;
  await deploy(shop, operation, instance, instance.plan_id, instance.parameters);
  const located = (await shop.store.instance(instance.id)) as InstanceRow;
  await agentOf(shop, located).ready();
  await shop.store.setInstance((await shop.store.instance(instance.id)) as InstanceRow, { state: "ready" });
}

/** A failed provision leaves nothing that costs: deployment, disks and group go; the record stays until it is deprovisioned. */
export async function provisionFailed(shop: Workshop, operation: Operation): Promise<void> {
  const instance = (await shop.store.instance(operation.instance_id)) as InstanceRow;
  await shop.deployer.remove(instance.deployment, `${operation.id}-undo`.slice(0, 64), {
    keepDisks: shop.config.plantedBug === "leak-volume-after-failed-deploy",
  });
  await shop.guard.remove(instance.id);
  await shop.store.setInstance(instance, { state: "failed", address: "" });
}

export interface UpdatePayload {
  readonly planId: string;
  readonly parameters: string;
  readonly context: string;
  readonly request: string;
}

export async function update(shop: Workshop, operation: Operation): Promise<void> {
  const { planId, parameters, context, request } = JSON.parse(operation.payload) as UpdatePayload;
  const instance = (await shop.store.instance(operation.instance_id)) as InstanceRow;
  await deploy(shop, operation, instance, planId, parameters);
  const located = (await shop.store.instance(instance.id)) as InstanceRow;
  await agentOf(shop, located).ready();
  await shop.store.setInstance((await shop.store.instance(instance.id)) as InstanceRow, {
    plan_id: planId,
    parameters,
    context,
    request,
  });
}

export async function deprovision(shop: Workshop, operation: Operation): Promise<void> {
  const instance = await shop.store.instance(operation.instance_id);
  if (instance === undefined) return;
  await shop.guard.remove(instance.id);
  await shop.deployer.remove(instance.deployment, operation.id);
  for (const backup of await shop.store.backupsOf(instance.id))
    await shop.backups.remove(JSON.parse(backup.parts) as readonly Part[]);
  await shop.store.deleteBackupsOf(instance.id);
  for (const { id } of await shop.store.bindingsOf(instance.id)) await shop.store.deleteBinding(id);
  await shop.store.deleteInstance(instance.id);
}

export async function backup(shop: Workshop, operation: Operation): Promise<void> {
  const { backupId } = JSON.parse(operation.payload) as { backupId: string };
  const instance = (await shop.store.instance(operation.instance_id)) as InstanceRow;
  await shop.store.setBackup(backupId, { state: "running" });
  const dump = await agentOf(shop, instance).dump();
  const parts = await shop.backups.put(instance.id, backupId, dump);
  await shop.store.setBackup(backupId, {
    state: "succeeded",
    parts: JSON.stringify(parts),
    size_bytes: dump.length,
    finished_ms: shop.host.nowMs(),
  });
}

export async function backupFailed(shop: Workshop, operation: Operation): Promise<void> {
  const { backupId } = JSON.parse(operation.payload) as { backupId: string };
  await shop.store.setBackup(backupId, { state: "failed", finished_ms: shop.host.nowMs() });
}

/** Everything is fetched and proved whole before the agent touches live data. */
export async function restore(shop: Workshop, operation: Operation): Promise<void> {
  const { backupId, restoreId } = JSON.parse(operation.payload) as { backupId: string; restoreId: string };
  const instance = (await shop.store.instance(operation.instance_id)) as InstanceRow;
  const source = await shop.store.backup(backupId);
  await shop.store.setRestore(restoreId, { state: "running" });
  const dump = await shop.backups.get(instance.id, JSON.parse(source?.parts ?? "[]") as readonly Part[]);
  await agentOf(shop, instance).restore(dump);
  await shop.store.setRestore(restoreId, { state: "succeeded", finished_ms: shop.host.nowMs() });
}

export async function restoreFailed(shop: Workshop, operation: Operation): Promise<void> {
  const { restoreId } = JSON.parse(operation.payload) as { restoreId: string };
  await shop.store.setRestore(restoreId, { state: "failed", finished_ms: shop.host.nowMs() });
}
