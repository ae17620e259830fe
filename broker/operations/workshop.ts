import type { BackupStore } from "../backup/backups.ts";
import type { BrokerConfig } from "../config.ts";
import type { Guard } from "../guard/guard.ts";
import type { Host } from "../host.ts";
import { type InstanceAgent, instanceAgent } from "../spi/agent.ts";
import type { Plan, Service } from "../spi/catalog.ts";
import type { Deployer } from "../spi/director.ts";
import type { InstanceSecrets } from "../spi/manifest.ts";
import type { InstanceRow } from "../store/schema.ts";
import { openText, type Seal } from "../store/seal.ts";
import type { Operation, Store } from "../store/store.ts";

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

export const secretsOf = (shop: Workshop, instance: InstanceRow): InstanceSecrets =>
  JSON.parse(openText(shop.seal, instance.secrets)) as InstanceSecrets;

export const planOf = ({ service }: Workshop, planId: string): Plan =>
  service.plans.find(({ id }) => id === planId) as Plan;

export const agentOf = (shop: Workshop, instance: InstanceRow): InstanceAgent =>
  instanceAgent(shop.host, instance.address, secretsOf(shop, instance).agentPassword);

/** What an operation was told to work on. */
export const payloadOf = <T>(operation: Operation): T => JSON.parse(operation.payload) as T;

/** The record that an operation is about; it is there as long as the operation goes on. */
export async function instanceOf({ store }: Workshop, operation: Operation): Promise<InstanceRow> {
  const instance = await store.instance(operation.instance_id);
  if (instance === undefined) throw new Error(`operation ${operation.id} has no instance`);
  return instance;
}

/** Writes a change down and answers with the record as it is now. An instance has one operation at a time, so nobody else writes. */
export async function save(
  { store }: Workshop,
  instance: InstanceRow,
  change: Partial<Omit<InstanceRow, "id" | "version">>,
): Promise<InstanceRow> {
  if (!(await store.setInstance(instance, change)))
    throw new Error(`the record of instance ${instance.id} was changed by somebody else`);
  return { ...instance, ...change, version: instance.version + 1 };
}

/** Opens the instance to the applications while it has a binding, and to nobody otherwise. */
export async function guardBindings({ store, guard, service, config }: Workshop, instance: InstanceRow): Promise<void> {
  const bindings = await store.bindingsOf(instance.id);
  const isBound = bindings.some(({ state }) => state === "ready");
  await guard.admit(instance.id, service.port, isBound ? config.applicationCidrs : []);
}

/** Notes where the VMs are and puts them under guard; also after a VM was replaced. */
export async function locate(shop: Workshop, instance: InstanceRow): Promise<InstanceRow> {
  const vms = await shop.deployer.vms(instance.deployment);
  await shop.guard.protect(
    instance.id,
    vms.flatMap(({ cid }) => cid ?? []),
  );
  const address = vms[0]?.ips[0] ?? "";
  return address === instance.address ? instance : save(shop, instance, { address });
}
