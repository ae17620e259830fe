import type { OctaviaAttribute } from "./attributes.ts";
import type { OfferKind } from "./state.ts";

/*
 * What operators offer (octavia, `api/v2/types/flavors.py`, `availability_zones.py` and their profiles; `api/drivers/amphora_driver/flavor_schema.py`
 * and `availability_zone_schema.py`).
 */

/** The drivers that build load balancers. */
export const PROVIDERS = [
  { name: "amphora", description: "The Octavia Amphora driver." },
  { name: "octavia", description: "Deprecated alias of the Octavia Amphora driver." },
] as const;

/** One word of the data of a profile, and what it is for. */
interface Capability {
  readonly name: string;
  readonly description: string;
}

/** The capabilities in the data of a flavor's profile. */
export const FLAVOR_CAPABILITIES: readonly Capability[] = [
  { name: "amp_image_tag", description: "The amphora image tag." },
  { name: "compute_flavor", description: "The compute driver flavor ID." },
  {
    name: "loadbalancer_topology",
    description:
      "The load balancer topology. One of: SINGLE - One amphora per load balancer. ACTIVE_STANDBY - Two amphora per load balancer.",
  },
];

/** The capabilities in the data of a zone's profile. */
export const ZONE_CAPABILITIES: readonly Capability[] = [
  { name: "compute_zone", description: "The compute availability zone." },
  { name: "management_network", description: "The management network ID for the amphora." },
  {
    name: "valid_vip_networks",
    description:
      "List of network IDs that are allowed for VIP use. This overrides/replaces the list of allowed networks configured in `octavia.conf`.",
  },
];

/** How the API speaks of one kind of offer. */
interface Offer {
  readonly path: string;
  readonly collection: string;
  /** In messages. */
  readonly title: string;
  readonly attributes: Readonly<Record<string, OctaviaAttribute>>;
  /** Whether it is known by its name; default by an id. */
  readonly isNamed?: true;
  /** Whether only administrators read it. */
  readonly isHidden?: true;
  /** The attribute that holds JSON, and the words in it. */
  readonly data?: { readonly name: string; readonly words: readonly Capability[] };
  /** The attribute that names its profile, and the profile's kind. */
  readonly profile?: { readonly name: string; readonly kind: OfferKind };
  /** The kind whose offers name it. */
  readonly usedBy?: OfferKind;
}

const NAME: OctaviaAttribute = { check: { type: "text", max: 255 }, isRequired: true };
const TEXT: OctaviaAttribute = { check: { type: "text", max: 255 }, fallback: "", isNullable: true };
const DATA: OctaviaAttribute = { check: { type: "text", max: 4096 }, isRequired: true };
const ENABLED: OctaviaAttribute = { check: { type: "boolean" }, fallback: true };
const PROFILE: OctaviaAttribute = { check: { type: "uuid" }, isRequired: true, isFixed: true };

type Naming = Pick<Offer, "path" | "collection" | "title">;

/** A profile: the capabilities of a provider, in one attribute that only administrators see. */
const profileOffer = (naming: Naming, dataName: string, words: readonly Capability[], usedBy: OfferKind): Offer => ({
  ...naming,
  attributes: { name: NAME, provider_name: NAME, [dataName]: DATA },
  isHidden: true,
  data: { name: dataName, words },
  usedBy,
});

/** An offer to all projects, which names its profile. */
const publicOffer = (naming: Naming, name: OctaviaAttribute, profile: NonNullable<Offer["profile"]>): Offer => ({
  ...naming,
  attributes: { name, description: TEXT, enabled: ENABLED, [profile.name]: PROFILE },
  profile,
});

/** Every kind of offer, by the member of bodies. */
export const OFFERS: Readonly<Record<OfferKind, Offer>> = {
  flavorprofile: profileOffer(
    { path: "flavorprofiles", collection: "flavorprofiles", title: "Flavor profile" },
    "flavor_data",
    FLAVOR_CAPABILITIES,
    "flavor",
  ),
  flavor: publicOffer({ path: "flavors", collection: "flavors", title: "Flavor" }, NAME, {
    name: "flavor_profile_id",
    kind: "flavorprofile",
  }),
  availability_zone_profile: profileOffer(
    {
      path: "availabilityzoneprofiles",
      collection: "availability_zone_profiles",
      title: "Availability Zone Profile",
    },
    "availability_zone_data",
    ZONE_CAPABILITIES,
    "availability_zone",
  ),
  availability_zone: {
    ...publicOffer(
      { path: "availabilityzones", collection: "availability_zones", title: "Availability Zone" },
      { ...NAME, isFixed: true },
      { name: "availability_zone_profile_id", kind: "availability_zone_profile" },
    ),
    isNamed: true,
  },
};
