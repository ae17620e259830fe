import { parseParts } from "../backup/backups.ts";
import type { BackupRow, InstanceRow } from "../store/schema.ts";
import type { Inventory, Records } from "./inventory.ts";

/** A kind of difference between the records and a backend, and what follows from it. */
export const DIFFERENCES = {
  "ghost-deployment":
    "a deployment of this service that no record names: mended by a new record, if its manifest says whose it is",
  "deployment-missing":
    "an instance whose deployment is gone: mended by its state, broken, so that it is not used as if it existed",
  "guard-missing": "an instance with fewer guarded ports than nodes: mended by data guard",
  "guard-left": "a group of data guard without an instance: listed, since it may be another broker's",
  "disk-left": "an orphaned disk of an instance that exists or is gone: listed",
  "server-stray": "a VM that Nova has and no deployment of the director: listed",
  "dns-missing": "an instance without a node in Consul's catalog: listed, since its own agents register it",
  "user-missing": "a binding whose user the instance lacks: mended by recreating it with its password",
  "user-left": "a user of an instance without a binding: listed, since an application may still need it",
  "agent-silent": "an instance whose agent does not answer, so that its users are unknown: listed",
  "objects-missing": "a backup with missing objects: mended by its state, failed, so that nobody relies on it",
  "objects-left":
    "objects of an instance, or of a backup, that no record names: listed, since they may be all that is left of it",
} as const;

/** One difference. */
export interface Difference {
  readonly kind: keyof typeof DIFFERENCES;
  /** Id of the instance, or the name of the deployment, disk, server … */
  readonly subject: string;
  readonly detail: string;
}

/** States in which an instance has a deployment. */
const hasDeployment = ({ state }: InstanceRow): boolean => state === "ready" || state === "broken";

/**
 * Compares the records with what exists. Instances with an operation in progress are left out: they may be half made.
 *
 * @param nodesOf how many nodes an instance has
 */
export function findDifferences(
  records: Records,
  inventory: Inventory,
  nodesOf: (instance: InstanceRow) => number,
): readonly Difference[] {
  const settled = records.instances.filter(({ id }) => !records.busy.has(id));
  return [
    ...ghosts(records, inventory),
    ...settled.flatMap((instance) => differencesOf(instance, inventory, nodesOf(instance))),
    ...settled.flatMap((instance) => differencesOfUsers(instance, records, inventory)),
    ...strays(records, inventory),
    ...incompleteBackups(records, inventory),
    ...forgottenObjects(records, inventory),
  ];
}

function ghosts({ named }: Records, { deployments }: Inventory): readonly Difference[] {
  return deployments
    .filter((name) => !named.has(name))
    .map((name) => ({ kind: "ghost-deployment", subject: name, detail: "no record names it" }));
}

function differencesOf(instance: InstanceRow, inventory: Inventory, nodes: number): readonly Difference[] {
  const { id: subject, deployment } = instance;
  const found: Difference[] = [];
  const stands = inventory.deployments.includes(deployment);
  if (instance.state === "ready" && !stands)
    found.push({ kind: "deployment-missing", subject, detail: `the director has no deployment ${deployment}` });
  for (const { cid } of inventory.orphanedDisks.filter((disk) => disk.deployment === deployment))
    found.push({ kind: "disk-left", subject: cid, detail: `of ${deployment}` });
  if (!hasDeployment(instance) || !stands) return found;
  const guarded = inventory.guarded.get(subject) ?? 0;
  if (guarded < nodes) found.push({ kind: "guard-missing", subject, detail: `${guarded} of ${nodes} ports` });
  const isRegistered = inventory.nodes?.some((name) => name.startsWith(`${deployment}-`)) ?? true;
  if (!isRegistered) found.push({ kind: "dns-missing", subject, detail: `no node ${deployment}-… in the catalog` });
  return found;
}

function differencesOfUsers(
  { id: subject }: InstanceRow,
  { bindings }: Records,
  { users }: Inventory,
): readonly Difference[] {
  if (!users.has(subject)) return [];
  const there = users.get(subject);
  if (there === undefined) return [{ kind: "agent-silent", subject, detail: "its users are unknown" }];
  const own = bindings.filter(({ instance_id: id }) => id === subject);
  const known = new Set(own.map(({ username }) => username));
  const missing = own.filter(({ state, username }) => state === "ready" && !there.includes(username));
  return [
    ...missing.map(({ id }): Difference => ({ kind: "user-missing", subject, detail: `of binding ${id}` })),
    ...there
      .filter((username) => !known.has(username))
      .map((username): Difference => ({ kind: "user-left", subject, detail: username })),
  ];
}

function strays({ instances, busy }: Records, { servers, deployments, guarded }: Inventory): readonly Difference[] {
  const known = new Set([...instances.map(({ id }) => id), ...busy]);
  const working = new Set(instances.filter(({ id }) => busy.has(id)).map(({ deployment }) => deployment));
  const isStray = (deployment: string): boolean => !deployments.includes(deployment) && !working.has(deployment);
  return [
    ...servers
      .filter(({ metadata }) => isStray(metadata.deployment ?? ""))
      .map(
        ({ id, metadata }): Difference => ({
          kind: "server-stray",
          subject: id,
          detail: `of ${metadata.deployment}, which the director does not have`,
        }),
      ),
    ...[...guarded.keys()]
      .filter((id) => !known.has(id))
      .map((id): Difference => ({ kind: "guard-left", subject: id, detail: `guard_${id}` })),
  ];
}

const namesOf = ({ parts }: BackupRow): readonly string[] => parseParts(parts).map(({ name }) => name);

function incompleteBackups({ backups, busy }: Records, { objects }: Inventory): readonly Difference[] {
  const there = new Set(objects);
  return backups
    .filter(({ state, instance_id: id }) => state === "succeeded" && !busy.has(id))
    .map((row) => ({ row, missing: namesOf(row).filter((name) => !there.has(name)) }))
    .filter(({ missing }) => missing.length > 0)
    .map(({ row, missing }) => ({
      kind: "objects-missing",
      subject: row.id,
      detail: `${missing.length} of the objects of a backup of ${row.instance_id}, first ${missing[0]}`,
    }));
}

function forgottenObjects({ instances, backups, busy }: Records, { objects }: Inventory): readonly Difference[] {
  const owners = new Set([...instances.map(({ id }) => id), ...backups.map((row) => row.instance_id), ...busy]);
  // The objects of a backup that failed are deleted before its operation ends; what is there afterwards could not be.
  const kept = backups.filter(({ state }) => state !== "failed" && state !== "deleted");
  const folders = new Set(kept.map(({ instance_id: instance, id }) => `${instance}/${id}`));
  /** The record to forget: an instance, or one of its backups; its log goes with it. */
  const forgottenIn = (object: string): string | undefined => {
    const [owner = "", folder = ""] = object.split("/");
    if (!owners.has(owner)) return owner;
    const isKnown = busy.has(owner) || folder.startsWith("log-") || folders.has(`${owner}/${folder}`);
    return isKnown ? undefined : `${owner}/${folder}`;
  };
  return [...Map.groupBy(objects, forgottenIn)].flatMap(([subject, names]): readonly Difference[] =>
    subject === undefined ? [] : [{ kind: "objects-left", subject, detail: `${names.length} objects` }],
  );
}
