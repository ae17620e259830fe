import { Refusal } from "../../refusal.ts";
import type { ServiceFlavorRow, ServiceProfileRow } from "../state/extension-rows.ts";
import type { Neutron } from "../state/state.ts";
import { conflict, invalid, notFoundAs } from "../wire/errors.ts";

/*
 * Flavors of network services, and the profiles with which a provider builds them (neutron, `db/flavors_db.py`).
 */

const PACKAGE = "neutron.services.l3_router.service_providers";

/** The kinds of router that the L3 plugin offers, and the driver behind each. */
export const PROVIDERS = [
  { name: "dvrha", driver: `${PACKAGE}.dvrha.DvrHaDriver` },
  { name: "dvr", driver: `${PACKAGE}.dvr.DvrDriver` },
  { name: "ha", driver: `${PACKAGE}.ha.HaDriver` },
  { name: "single_node", driver: `${PACKAGE}.single_node.SingleNodeDriver` },
] as const;

/** The types of service whose plugins are loaded. */
const SERVICE_TYPES = ["CORE", "L3_ROUTER_NAT", "AUTO-ALLOCATED-TOPOLOGY", "FLAVORS", "METERING", "QOS"];

/** @throws Refusal 400 unless a plugin of this type is loaded */
export function checkServiceType(type: string): void {
  if (!SERVICE_TYPES.includes(type)) throw invalid("InvalidFlavorServiceType", `Invalid service type ${type}.`);
}

/** A profile by its id. @throws Refusal 404 */
function requireProfile({ slot }: Neutron, id: string): ServiceProfileRow {
  const row = slot.value.serviceProfiles.get(id);
  if (row === undefined) throw notFoundAs("ServiceProfileNotFound", `Service Profile ${id} could not be found.`);
  return row;
}

/** The provider of a driver. @throws Refusal 404 */
function requireProvider(driver: string): (typeof PROVIDERS)[number] {
  const provider = PROVIDERS.find((each) => each.driver === driver);
  if (provider === undefined)
    throw notFoundAs("ServiceProfileDriverNotFound", `Service Profile driver ${driver} could not be found.`);
  return provider;
}

/** @throws Refusal 400 for a profile that says nothing, 404 for a driver that no provider has */
export function checkProfile(driver: string, metainfo: string): void {
  if (driver !== "") requireProvider(driver);
  else if (metainfo === "") throw invalid("ServiceProfileEmpty", "Service Profile needs either a driver or metainfo.");
}

/** @throws Refusal 404 for a driver that no provider has */
export function checkDriver(driver: string | undefined): void {
  if (driver) requireProvider(driver);
}

/** The flavors that name a profile. */
export const flavorsOf = ({ slot }: Neutron, profileId: string): readonly string[] =>
  [...slot.value.serviceFlavors.values()].filter(({ profiles }) => profiles.includes(profileId)).map(({ id }) => id);

/** @throws Refusal 409 while a flavor names it */
export function checkProfileUnused(neutron: Neutron, { id }: ServiceProfileRow): void {
  if (flavorsOf(neutron, id).length > 0)
    throw conflict("ServiceProfileInUse", `Service Profile ${id} is used by some service instance.`);
}

/** Lets a flavor be built with one profile more. @throws Refusal 404, 409 */
export function associateProfile(neutron: Neutron, flavor: ServiceFlavorRow, profileId: string): void {
  if (flavor.profiles.includes(profileId))
    throw conflict(
      "FlavorServiceProfileBindingExists",
      `Service Profile ${profileId} is already associated with flavor ${flavor.id}.`,
    );
  requireProfile(neutron, profileId);
  flavor.profiles = [...flavor.profiles, profileId];
}

/** @throws Refusal 404 unless the flavor names the profile */
export function checkAssociated(flavor: ServiceFlavorRow, profileId: string): void {
  if (!flavor.profiles.includes(profileId))
    throw notFoundAs(
      "FlavorServiceProfileBindingNotFound",
      `Service Profile ${profileId} is not associated with flavor ${flavor.id}.`,
    );
}

/** The provider that would build a service of a flavor now. @throws Refusal 404, 503 */
export function nextProvider(
  neutron: Neutron,
  flavor: ServiceFlavorRow,
): { readonly driver: string; readonly provider: string } {
  const [profileId = ""] = flavor.profiles;
  checkAssociated(flavor, profileId);
  const { driver, enabled } = requireProfile(neutron, profileId);
  if (!enabled) throw new Refusal(503, "ServiceProfileDisabled", "Service Profile is not enabled.");
  return { driver, provider: requireProvider(driver).name };
}
