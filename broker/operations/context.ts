import type { BackupStore } from "../backup/backups.ts";
import type { BrokerConfig } from "../config.ts";
import type { Guard, GuardedInstance } from "../guard/guard.ts";
import type { Host } from "../host.ts";
import { type InstanceAgent, instanceAgent } from "../spi/agent.ts";
import type { Plan, Service } from "../spi/catalog.ts";
import type { Deployer, InstanceVm } from "../spi/director/deployer.ts";
import type { InstanceSecrets } from "../spi/manifest.ts";
import type { InstanceRow } from "../store/schema.ts";
import { openText, type Seal } from "../store/seal.ts";
import type { Operation, Store } from "../store/store.ts";

/** What every operation works with. */
export interface OperationContext {
  readonly config: BrokerConfig;
  readonly host: Host;
  readonly store: Store;
  readonly service: Service;
  readonly deployer: Deployer;
  readonly guard: Guard;
  readonly backups: BackupStore;
  readonly seal: Seal;
}

export const secretsOf = (context: OperationContext, instance: InstanceRow): InstanceSecrets =>
  JSON.parse(openText(context.seal, instance.secrets)) as InstanceSecrets;

export const planOf = ({ service }: OperationContext, planId: string): Plan =>
  service.plans.find(({ id }) => id === planId) as Plan;

export const agentOf = (context: OperationContext, instance: InstanceRow): InstanceAgent =>
  instanceAgent(context.host, instance.address, secretsOf(context, instance).agentPassword);

/** What an operation was told to work on. */
export const payloadOf = <T>(operation: Operation): T => JSON.parse(operation.payload) as T;

/** The record that an operation is about; it is there as long as the operation goes on. */
export async function instanceOf({ store }: OperationContext, operation: Operation): Promise<InstanceRow> {
  const instance = await store.instance(operation.instance_id);
  if (instance === undefined) throw new Error(`operation ${operation.id} has no instance`);
  return instance;
}

/** Writes a change down and answers with the record as it is now. An instance has one operation at a time, so nobody else writes. */
export async function save(
  { store }: OperationContext,
  instance: InstanceRow,
  change: Partial<Omit<InstanceRow, "id" | "version">>,
): Promise<InstanceRow> {
  if (!(await store.setInstance(instance, change)))
    throw new Error(`the record of instance ${instance.id} was changed by somebody else`);
  return { ...instance, ...change, version: instance.version + 1 };
}

/** An instance as data guard sees it, with the nodes of its plan or of the one that it is about to have. */
export const guardedOf = (
  context: OperationContext,
  { id, plan_id: own }: InstanceRow,
  planId = own,
): GuardedInstance => ({
  id,
  nodes: planOf(context, planId).nodes,
});

export const isBound = async ({ store }: OperationContext, { id }: InstanceRow): Promise<boolean> =>
  (await store.bindingsOf(id)).some(({ state }) => state === "ready");

/** Opens the instance to the applications while it has a binding, and to nobody otherwise. */
export async function guardBindings(context: OperationContext, instance: InstanceRow, planId?: string): Promise<void> {
  const cidrs = (await isBound(context, instance)) ? context.config.applicationCidrs : [];
  await context.guard.admit(guardedOf(context, instance, planId), cidrs);
}

/** Puts the VMs that there are under guard. */
export async function protect(
  context: OperationContext,
  instance: InstanceRow,
  planId?: string,
): Promise<readonly InstanceVm[]> {
  const vms = await context.deployer.vms(instance.deployment);
  await context.guard.protect(
    guardedOf(context, instance, planId),
    vms.flatMap(({ cid }) => cid ?? []),
  );
  return vms;
}

/** Notes where the VMs are and puts them under guard; also after a VM was replaced. */
export async function locate(context: OperationContext, instance: InstanceRow, planId?: string): Promise<InstanceRow> {
  const vms = await protect(context, instance, planId);
  const address = vms[0]?.ips[0] ?? "";
  return address === instance.address ? instance : save(context, instance, { address });
}
