import type { Tracer } from "@opentelemetry/api";
import Type from "typebox";
import type { BackupStore } from "../backup/backups.ts";
import type { BrokerConfig } from "../config.ts";
import type { Guard, GuardedInstance } from "../guard/guard.ts";
import { networksOf } from "../guard/networks.ts";
import type { Host } from "../host.ts";
import { BackendError } from "../errors.ts";
import { parserOf } from "../json.ts";
import { type InstanceAgent, instanceAgent } from "../spi/agent.ts";
import type { Catalog } from "../spi/catalog.ts";
import type { Deployer, InstanceVm } from "../spi/director/deployer.ts";
import type { InstanceSecrets } from "../spi/manifest.ts";
import { awaitReplicas, findPrimary, isAnswering } from "../spi/nodes.ts";
import type { Plan, Service } from "../spi/services/service.ts";
import type { InstanceRow } from "../store/schema.ts";
import { openText, type Seal, sealText } from "../store/seal.ts";
import type { Operation, Store } from "../store/store.ts";

/** The context of every operation. */
export interface OperationContext {
  readonly config: BrokerConfig;
  readonly host: Host;
  readonly store: Store;
  readonly service: Service;
  /** Its current offer. */
  readonly catalog: Catalog;
  readonly deployer: Deployer;
  readonly guard: Guard;
  readonly backups: BackupStore;
  /** Where spans begin. Default: nowhere. */
  readonly tracer?: Tracer;
  /** Seals the secrets that the store keeps. */
  readonly seal: Seal;
}

const parseSecrets = parserOf(
  "the secrets of an instance",
  Type.Object({ agentPassword: Type.String(), ca: Type.Optional(Type.String()) }),
);

/** Unseals the passwords of an instance. @throws Error when they were sealed with another key */
export const secretsOf = ({ seal }: OperationContext, { secrets }: InstanceRow): InstanceSecrets =>
  parseSecrets(openText(seal, secrets));

const DEFAULT_DOMAIN = "dc1.consul";

/** The DNS domain of the names that instances register. */
export const domainOf = ({ config }: OperationContext): string => config.domain ?? DEFAULT_DOMAIN;

/** Finds a plan of the catalog. @throws Error if there is none with this id: a plan that the store names is never withdrawn */
export function planOf({ service }: OperationContext, planId: string): Plan {
  const plan = service.plans.find(({ id }) => id === planId);
  if (plan === undefined) throw new Error(`${service.kind} has no plan ${planId}`);
  return plan;
}

/** A client of an instance's agent, once the instance has an address. */
export const agentOf = (context: OperationContext, instance: InstanceRow): InstanceAgent =>
  instanceAgent(context.host, instance.address, secretsOf(context, instance).agentPassword);

/**
 * The agent of an instance's primary, which a fail-over may have moved since the record was written.
 *
 * @throws BackendError while there is no primary
 */
export async function primaryAgentOf(context: OperationContext, instance: InstanceRow): Promise<InstanceAgent> {
  if (planOf(context, instance.plan_id).nodes === 1) return agentOf(context, instance);
  const { agentPassword } = secretsOf(context, instance);
  const addresses = (await context.deployer.vms(instance.deployment)).flatMap(({ ips: [first] }) => first ?? []);
  return instanceAgent(context.host, await findPrimary(context.host, addresses, agentPassword), agentPassword);
}

/** Notes the authority of an instance that speaks TLS, as its agent names it: the config server made it. @throws BackendError */
export async function noteAuthority(context: OperationContext, instance: InstanceRow): Promise<InstanceRow> {
  const secrets = secretsOf(context, instance);
  const { ca } = await agentOf(context, instance).ready();
  if (ca === undefined || ca === secrets.ca) return instance;
  return saveInstance(context, instance, { secrets: sealText(context.seal, JSON.stringify({ ...secrets, ca })) });
}

/** Reads the record that an operation is about, which exists while the operation is in progress. */
export async function instanceOf({ store }: OperationContext, operation: Operation): Promise<InstanceRow> {
  const instance = await store.instance(operation.instance_id);
  if (instance === undefined) throw new Error(`operation ${operation.id} has no instance`);
  return instance;
}

/** Stores a change and returns the changed record. An instance has one operation at a time, so nobody else writes the record. */
export async function saveInstance(
  { store }: OperationContext,
  instance: InstanceRow,
  change: Partial<Omit<InstanceRow, "id" | "version">>,
): Promise<InstanceRow> {
  if (!(await store.setInstance(instance, change)))
    throw new Error(`the record of instance ${instance.id} was changed by somebody else`);
  return { ...instance, ...change, version: instance.version + 1 };
}

/** An instance as data guard sees it, with as many nodes as its plan has, or the plan that it is about to get. */
const guardedOf = (context: OperationContext, { id, plan_id: own }: InstanceRow, planId = own): GuardedInstance => ({
  id,
  nodes: planOf(context, planId).nodes,
});

/** The networks to which the ready bindings of an instance open it; none while it is out of use. */
async function networksOfBindings(
  { store, config }: OperationContext,
  { id }: InstanceRow,
): Promise<readonly string[]> {
  const { applicationNetworks = [], applicationCidrs } = config;
  if ((await store.quarantineOf(id)) !== undefined) return [];
  const ready = (await store.bindingsOf(id)).filter(({ state }) => state === "ready");
  return [...new Set(ready.flatMap(({ request }) => networksOf(request, applicationNetworks, applicationCidrs)))];
}

/** Opens the instance to the applications to which it is bound, and closes it to all others. @throws BackendError, FinalError */
export async function guardBindings(context: OperationContext, instance: InstanceRow, planId?: string): Promise<void> {
  await context.guard.admit(guardedOf(context, instance, planId), await networksOfBindings(context, instance));
}

/** Closes the instance to the applications to which it is no longer bound. Creates no rule, so no quota stands in its way. */
export async function narrow(context: OperationContext, instance: InstanceRow): Promise<void> {
  await context.guard.narrow(instance.id, await networksOfBindings(context, instance));
}

/** Guards the VMs that exist. @throws BackendError, FinalError */
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

/** Resolves once every node of an instance is part of its cluster. @throws BackendError */
export async function awaitCluster(context: OperationContext, instance: InstanceRow): Promise<void> {
  const vms = await context.deployer.vms(instance.deployment);
  const addresses = vms.flatMap(({ ips: [first] }) => first ?? []);
  await awaitReplicas(context.host, addresses, secretsOf(context, instance).agentPassword);
}

/** Whether the agent of some node does not answer, as that of a VM that has died; also once the instance is closed. */
export async function hasSilentNode(context: OperationContext, instance: InstanceRow): Promise<boolean> {
  const vms = await context.deployer.vms(instance.deployment);
  const addresses = vms.flatMap(({ ips: [first] }) => first ?? []);
  const password = secretsOf(context, instance).agentPassword;
  const answers = await Promise.all(addresses.map((ip) => isAnswering(context.host, ip, password)));
  return answers.includes(false);
}

/**
 * Stores the address of an instance's primary and guards its VMs, even after a VM was replaced or another node became the primary. The address is
 * empty if there is no deployment.
 *
 * @throws BackendError while there is no VM that can be the primary: one will be recreated with its disk, or another promoted
 */
export async function locate(context: OperationContext, instance: InstanceRow, planId?: string): Promise<InstanceRow> {
  const vms = await protect(context, instance, planId);
  const addresses = vms.flatMap(({ ips: [first] }) => first ?? []);
  if (vms.length > 0 && addresses.length === 0) throw new BackendError(`${instance.deployment} has no VM at present`);
  const address =
    addresses.length > 1 || vms.length > 1
      ? await findPrimary(context.host, addresses, secretsOf(context, instance).agentPassword)
      : (addresses[0] ?? "");
  return address === instance.address ? instance : saveInstance(context, instance, { address });
}
