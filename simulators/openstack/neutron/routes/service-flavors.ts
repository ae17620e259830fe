import { empty, type HttpReply, json } from "../../../kernel/index.ts";
import type { OpenStackRoute, RequestContext } from "../../service.ts";
import {
  associateProfile,
  checkAssociated,
  checkDriver,
  checkProfile,
  checkProfileUnused,
  checkServiceType,
  flavorsOf,
  nextProvider,
} from "../behaviour/service-flavors.ts";
import type { ServiceFlavorRow, ServiceProfileRow } from "../state/extension-rows.ts";
import { type Neutron, newRow } from "../state/state.ts";
import { itemOf, withOwner } from "../wire/attributes.ts";
import { boolean, type Convert, text, textUpTo, uuid, uuids } from "../wire/converters.ts";
import { forbidden, httpBadRequest, internalError } from "../wire/errors.ts";
import { requireRow, type Resource } from "./resource.ts";

/*
 * `/v2.0/flavors` and `/v2.0/service_profiles` of network services: everybody reads flavors; everything else is for administrators.
 */

const LONG_CHARS_MAX = 1024;
const longText = textUpTo(LONG_CHARS_MAX);
const descriptive: Convert<string> = (value) => (value === null ? "" : longText(value));

const FOR_ADMINS = {
  clients: ["openstack"],
  isCore: false,
  isBulk: false,
  isUntagged: true,
  isForAdmins: true,
} as const;

/** neutron-lib, `api/definitions/flavors.py`. */
const FLAVOR = withOwner({
  name: { convert: text },
  description: { convert: descriptive },
  service_type: { isRequired: true, put: false, convert: text },
  service_profiles: { convert: uuids },
  enabled: { convert: boolean, filter: boolean },
});

/** `/v2.0/flavors` */
export const SERVICE_FLAVORS: Resource<ServiceFlavorRow, typeof FLAVOR> = {
  name: "flavor",
  collection: "flavors",
  path: "flavors",
  exception: "Flavor",
  ...FOR_ADMINS,
  attributes: FLAVOR,
  rows: ({ slot }) => slot.value.serviceFlavors.values(),
  find: ({ slot }, id) => slot.value.serviceFlavors.get(id),
  canSee: () => true,
  canChange: (_neutron, actor) => actor.isAdmin,
  view: (_neutron, _actor, row) => ({
    id: row.id,
    name: row.name,
    description: row.description,
    service_type: row.serviceType,
    service_profiles: row.profiles,
    enabled: row.enabled,
  }),
  create: (neutron, _actor, _projectId, fields) => {
    checkServiceType(fields.service_type);
    const row: ServiceFlavorRow = {
      ...newRow(neutron, "", 0, fields.description),
      name: fields.name ?? "",
      serviceType: fields.service_type,
      enabled: fields.enabled ?? true,
      // The service accepts the list, but associates profiles only one by one.
      profiles: [],
    };
    neutron.slot.value.serviceFlavors.set(row.id, row);
    neutron.cloud.kernel.record("neutron", "flavor.create", row.id, { name: row.name });
    return row;
  },
  update: (_neutron, _actor, row, fields) => {
    // Passed to the database row unchanged, which refuses a list.
    if (fields.service_profiles !== undefined) throw internalError();
    row.name = fields.name ?? row.name;
    row.description = fields.description ?? row.description;
    row.enabled = fields.enabled ?? row.enabled;
  },
  remove: ({ slot, cloud }, _actor, row) => {
    slot.value.serviceFlavors.delete(row.id);
    cloud.kernel.record("neutron", "flavor.delete", row.id);
  },
};

const PROFILE = withOwner({
  description: { convert: descriptive },
  driver: { convert: longText },
  metainfo: {
    convert: (value: unknown): string => {
      if (typeof value !== "string") throw internalError();
      return value;
    },
  },
  enabled: { convert: boolean, filter: boolean },
});

/** `/v2.0/service_profiles` */
export const SERVICE_PROFILES: Resource<ServiceProfileRow, typeof PROFILE> = {
  name: "service_profile",
  collection: "service_profiles",
  path: "service_profiles",
  exception: "ServiceProfile",
  ...FOR_ADMINS,
  attributes: PROFILE,
  rows: ({ slot }) => slot.value.serviceProfiles.values(),
  find: ({ slot }, id) => slot.value.serviceProfiles.get(id),
  canSee: (_neutron, actor) => actor.isAdmin,
  view: (neutron, _actor, row) => {
    const flavors = flavorsOf(neutron, row.id);
    const { id, description, driver, enabled, metainfo } = row;
    return { id, description, driver, enabled, metainfo, ...(flavors.length > 0 && { flavors }) };
  },
  create: (neutron, _actor, _projectId, { description, driver = "", metainfo = "", enabled = true }) => {
    checkProfile(driver, metainfo);
    const row: ServiceProfileRow = { ...newRow(neutron, "", 0, description), driver, metainfo, enabled };
    neutron.slot.value.serviceProfiles.set(row.id, row);
    neutron.cloud.kernel.record("neutron", "service-profile.create", row.id, { driver });
    return row;
  },
  update: (neutron, _actor, row, fields) => {
    checkDriver(fields.driver);
    checkProfileUnused(neutron, row);
    row.description = fields.description ?? row.description;
    row.driver = fields.driver ?? row.driver;
    row.metainfo = fields.metainfo ?? row.metainfo;
    row.enabled = fields.enabled ?? row.enabled;
  },
  remove: (neutron, _actor, row) => {
    checkProfileUnused(neutron, row);
    neutron.slot.value.serviceProfiles.delete(row.id);
    neutron.cloud.kernel.record("neutron", "service-profile.delete", row.id);
  },
};

const ASSOCIATION = { ...SERVICE_PROFILES, attributes: { id: { isRequired: true, convert: uuid } } } as const;

/** The routes that associate a flavor with profiles, one by one, and the one that shows who would build it. */
export function flavorProfileRoutes(neutron: Neutron): readonly OpenStackRoute[] {
  const flavorOf = ({ actor, params }: RequestContext): ServiceFlavorRow =>
    requireRow(neutron, SERVICE_FLAVORS, actor, params.flavor ?? "");
  const checkMay = ({ actor }: RequestContext, rule: string): void => {
    if (!actor.isAdmin) throw forbidden(`rule:${rule}`);
  };
  const associate = (context: RequestContext): HttpReply => {
    const { id } = itemOf(context, ASSOCIATION);
    if (id === undefined) throw httpBadRequest("Failed to parse request. Required attribute 'id' not specified");
    const profileId = uuid(id);
    checkMay(context, "create_flavor_service_profile");
    const flavor = flavorOf(context);
    associateProfile(neutron, flavor, profileId);
    // The API shows the flavor's id, as it takes the flavor that the plugin returns for the profile.
    return json(201, { service_profile: { id: flavor.id } });
  };
  const dissociate = (context: RequestContext): HttpReply => {
    const { profile = "" } = context.params;
    checkMay(context, "delete_flavor_service_profile");
    const flavor = flavorOf(context);
    checkAssociated(flavor, profile);
    flavor.profiles = flavor.profiles.filter((id) => id !== profile);
    return empty(204);
  };
  const next = (context: RequestContext): HttpReply => {
    const { driver, provider } = nextProvider(neutron, flavorOf(context));
    return json(200, { next_providers: [{ driver, provider }] });
  };
  const path = "/v2.0/flavors/:flavor";
  return [
    { method: "POST", path: `${path}/service_profiles`, handler: associate },
    { method: "DELETE", path: `${path}/service_profiles/:profile`, handler: dissociate },
    { method: "GET", path: `${path}/next_providers`, handler: next },
  ];
}
