import type { Instance, LawfulWorld, Lookup } from "./lookup.ts";
import { dataServiceOf } from "./services.ts";
import { isForApplications } from "./tenants.ts";

/** What a broker states of one of its instances. */
export interface InstanceRecord {
  readonly id: string;
  readonly deployment: string;
  /** `failed`: nothing of it may be left but the record. */
  readonly state: "creating" | "ready" | "failed" | "deleting";
  /** The kind of operation in progress, or null. */
  readonly operation: string | null;
  readonly bindings: readonly { readonly id: string; readonly state: string; readonly username: string }[];
  readonly backups: readonly { readonly id: string; readonly state: string; readonly objects: readonly string[] }[];
}

interface Books {
  readonly byId: ReadonlyMap<string, InstanceRecord>;
  readonly byDeployment: ReadonlyMap<string, InstanceRecord>;
}

/** May something of this instance exist? A record that has failed, with nothing going on, has no claim to anything. */
const claims = (record: InstanceRecord | undefined): boolean =>
  record !== undefined && (record.state !== "failed" || record.operation !== null);

const isDataService = (instances: readonly Instance[]): boolean =>
  instances.some((instance) => dataServiceOf(instance) !== undefined);

/** Each deployment with a data service is that of an instance; each instance that is ready has one, and runs. */
function deployments({ bosh }: LawfulWorld, _known: Lookup, { byDeployment }: Books): readonly string[] {
  const { deployments: all } = bosh.state();
  const stray = [...all.values()]
    .filter(({ name, instances }) => isDataService(instances) && !claims(byDeployment.get(name)))
    .map(({ name }) => `the deployment ${name} belongs to no service instance`);
  const missing = [...byDeployment.values()]
    .filter(({ state, operation, deployment }) => state === "ready" && operation === null && !all.has(deployment))
    .map(({ id, deployment }) => `the deployment ${deployment} of the service instance ${id} does not exist`);
  return [...stray, ...missing];
}

/** An orphaned disk leads back to a deployment of the platform, or to an instance that is alive. */
function orphans({ bosh }: LawfulWorld, _known: Lookup, { byDeployment }: Books): readonly string[] {
  const { orphanDisks, deployments: all } = bosh.state();
  return [...orphanDisks.values()]
    .filter(({ deployment }) => {
      const isPlatforms = all.has(deployment) && !isDataService(all.get(deployment)?.instances ?? []);
      return !claims(byDeployment.get(deployment)) && !(isPlatforms && !byDeployment.has(deployment));
    })
    .map(({ cid, deployment }) => `the disk ${cid} of ${deployment} is left although its service instance is no more`);
}

const GUARD = "guard_";

/** Each group of data guard is that of an instance, there is one for each, and it is open to applications as long as there is a binding. */
function groups({ openstack }: LawfulWorld, _known: Lookup, { byId }: Books): readonly string[] {
  const guards = [...openstack.state().neutron.groups.values()].filter(({ name }) => name.startsWith(GUARD));
  const seen = new Map<string, number>();
  for (const { name } of guards) seen.set(name, (seen.get(name) ?? 0) + 1);
  const stray = guards
    .filter(({ name }) => !claims(byId.get(name.slice(GUARD.length))))
    .map(({ name }) => `the security group ${name} belongs to no service instance`);
  const settled = [...byId.values()].filter(({ state, operation }) => state === "ready" && operation === null);
  const counted = settled
    .filter(({ id }) => seen.get(`${GUARD}${id}`) !== 1)
    .map(({ id }) => `the service instance ${id} has ${seen.get(`${GUARD}${id}`) ?? 0} security groups of data guard`);
  const settledIds = new Set(settled.map(({ id }) => id));
  const ways = guards.flatMap(({ id, name, rules }) => {
    const record = byId.get(name.slice(GUARD.length));
    if (record === undefined || !settledIds.has(record.id)) return [];
    const isOpen = rules.some((rule) => isForApplications(rule, id));
    if (isOpen && record.bindings.length === 0) return [`${name} is open although the service instance has no binding`];
    const isBound = record.bindings.some(({ state }) => state === "ready");
    return isBound && !isOpen ? [`${name} is closed although the service instance has a binding`] : [];
  });
  return [...stray, ...counted, ...ways];
}

/** Each user of a data service is that of a binding. */
function users({ dataservices }: LawfulWorld, known: Lookup, { byDeployment }: Books): readonly string[] {
  return [...dataservices.parts.slot.value.disks.values()].flatMap(({ id, users: on }) => {
    const deployment = known.byDisk.get(id)?.deployment;
    if (deployment === undefined) return [];
    const bound = new Set(byDeployment.get(deployment)?.bindings.map(({ username }) => username));
    return [...on.keys()]
      .filter((username) => !bound.has(username))
      .map((username) => `the user ${username} of ${deployment} belongs to no binding`);
  });
}

const CONTAINER = "backups";

/** Each object of a backup is named by the record of a backup, and each that is named exists. */
function backups({ openstack }: LawfulWorld, known: Lookup, { byId }: Books): readonly string[] {
  const container = openstack.state().swift.accounts.get(`AUTH_${known.project}`)?.get(CONTAINER);
  const stored = container?.objects ?? new Map<string, unknown>();
  const idle = [...byId.values()].filter(({ operation }) => operation === null);
  const named = new Set([...byId.values()].flatMap((each) => each.backups.flatMap(({ objects }) => objects)));
  const stray = [...stored.keys()]
    .filter((name) => {
      const record = byId.get(name.split("/")[0] ?? "");
      return !named.has(name) && (record === undefined || record.operation === null);
    })
    .map((name) => `the object ${CONTAINER}/${name} belongs to no backup`);
  const missing = idle
    .flatMap((record) => record.backups.flatMap(({ objects }) => objects))
    .filter((name) => !stored.has(name))
    .map((name) => `the object ${CONTAINER}/${name} of a backup does not exist`);
  return [...stray, ...missing];
}

/** @param records in any order; ids and deployments are unique */
export function recordLaws(world: LawfulWorld, known: Lookup, records: readonly InstanceRecord[]): readonly string[] {
  const books: Books = {
    byId: new Map(records.map((record) => [record.id, record])),
    byDeployment: new Map(records.map((record) => [record.deployment, record])),
  };
  return [deployments, orphans, groups, users, backups].flatMap((law) => law(world, known, books));
}
