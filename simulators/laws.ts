import { cloudLaws } from "./laws/cloud.ts";
import { type Law, lookUp, type LawfulWorld } from "./laws/lookup.ts";
import { serviceLaws } from "./laws/services.ts";
import { tenantLaws } from "./laws/tenants.ts";

export type { Law, LawfulWorld } from "./laws/lookup.ts";

/**
 * What a sound world conserves: everything that exists leads back to something that is alive, or to a list that names it an orphan,
 * and what is recorded as alive exists. One line for each thing that does not; empty when all laws hold. It takes time linear in
 * what exists.
 *
 * What a task of the director is working on right now may be half made, and breaks no law.
 *
 * @param further laws that whoever deployed something on the cloud adds, such as those of a broker's records (`scenarios/laws/records.ts`)
 */
export function findBrokenLaws(world: LawfulWorld, ...further: readonly Law[]): readonly string[] {
  const known = lookUp(world);
  return [cloudLaws, serviceLaws, tenantLaws, ...further].flatMap((law) => law(world, known));
}
