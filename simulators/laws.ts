import { cloudLaws } from "./laws/cloud.ts";
import { type Law, lookUp, type LawfulWorld } from "./laws/lookup.ts";
import { serviceLaws } from "./laws/services.ts";
import { tenantLaws } from "./laws/tenants.ts";

export type { Law, LawfulWorld } from "./laws/lookup.ts";

/**
 * What a healthy world conserves: everything that exists belongs to something alive, or is listed as an orphan, and what is recorded as alive
 * exists. Returns one line for each violation; none when all laws hold. It takes time linear in what exists.
 *
 * What a task of the director is working on right now may be half made, and breaks no law.
 *
 * @param further laws of what was deployed on the cloud, such as those of a broker's records (`scenarios/laws/records.ts`)
 */
export function findBrokenLaws(world: LawfulWorld, ...further: readonly Law[]): readonly string[] {
  const known = lookUp(world);
  return [cloudLaws, serviceLaws, tenantLaws, ...further].flatMap((law) => law(world, known));
}
