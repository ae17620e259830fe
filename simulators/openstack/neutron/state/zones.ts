import { Refusal } from "../../refusal.ts";
import type { Neutron } from "./state.ts";

/** Checks that agents serve the zones that a client suggests. @throws Refusal 404 */
export function checkZones({ cloud }: Neutron, hints: readonly string[] = []): void {
  const known = cloud.profile === "agents" ? cloud.zones : [];
  const unknown = hints.filter((hint) => !known.includes(hint));
  if (unknown.length > 0)
    throw new Refusal(404, "AvailabilityZoneNotFound", `AvailabilityZone ${unknown.join(", ")} could not be found.`);
}
