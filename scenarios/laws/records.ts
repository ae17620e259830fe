import type { Law, LawfulWorld, Lookup } from "../../simulators/laws/lookup.ts";
import { checkBackups } from "./backups.ts";
import { checkDeployments, checkOrphanedDisks } from "./deployments.ts";
import { checkGuard } from "./guard.ts";
import { indexRecords, type InstanceRecord, type RecordIndex } from "./instance-records.ts";

/**
 * Each user of a data service belongs to a binding. The disk of a replica that does not follow a primary is outdated, and is replaced before it
 * serves.
 */
function checkUsers({ dataservices }: LawfulWorld, known: Lookup, { byDeployment }: RecordIndex): readonly string[] {
  return [...dataservices.parts.slot.value.disks.values()].flatMap(({ id, users }) => {
    const deployment = known.byDisk.get(id)?.deployment;
    if (deployment === undefined || dataservices.isStale(id)) return [];
    const bound = new Set(byDeployment.get(deployment)?.bindings.map(({ username }) => username));
    return [...users.keys()]
      .filter((username) => !bound.has(username))
      .map((username) => `the user ${username} of ${deployment} belongs to no binding`);
  });
}

/**
 * Makes the law that what exists agrees with the reference broker's records: deployments and orphaned disks of service instances, data guard's
 * security groups, users of data services, backups. Whatever an operation is working on may be half made and breaks no law.
 *
 * @param records those of all brokers of the world, in any order
 */
export function recordLaws(records: readonly InstanceRecord[]): Law {
  const index = indexRecords(records);
  return (world, known) => [
    ...checkDeployments(world, index),
    ...checkOrphanedDisks(world, index),
    ...checkGuard(world, index),
    ...checkUsers(world, known, index),
    ...checkBackups(world, known, index),
  ];
}
