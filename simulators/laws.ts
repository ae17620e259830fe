import { cloudLaws } from "./laws/cloud.ts";
import { lookUp, type LawfulWorld } from "./laws/lookup.ts";
import { recordLaws } from "./laws/records.ts";
import type { InstanceRecord } from "./laws/records.ts";
import { serviceLaws } from "./laws/services.ts";
import { tenantLaws } from "./laws/tenants.ts";

export type { LawfulWorld } from "./laws/lookup.ts";
export type { InstanceRecord } from "./laws/records.ts";

/**
 * What a sound world conserves: everything that exists leads back to something that is alive, or to a list that names it an orphan,
 * and what is recorded as alive exists. One line for each thing that does not; empty when all laws hold. It takes time linear in
 * what exists.
 *
 * What a task of the director or an operation of a broker is working on right now may be half made: it is let pass.
 *
 * @param records what the brokers state of their instances (GET /instances, the operators' login); without them the laws that
 *   need them are not asked: data guard's groups, users of data services, backups, deployments and orphans of service instances
 */
export function findBrokenLaws(world: LawfulWorld, records?: readonly InstanceRecord[]): readonly string[] {
  const known = lookUp(world);
  return [
    ...cloudLaws(world, known),
    ...serviceLaws(world, known),
    ...tenantLaws(world, known),
    ...(records === undefined ? [] : recordLaws(world, known, records)),
  ];
}
