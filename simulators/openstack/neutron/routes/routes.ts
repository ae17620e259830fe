import type { OpenStackRoute } from "../../service.ts";
import type { Neutron } from "../state/state.ts";
import { ADDRESS_GROUPS, addressGroupActions } from "./address-groups.ts";
import { ADDRESS_SCOPES } from "./address-scopes.ts";
import { AGENT_ROUTES } from "./agents.ts";
import { AUTO_ALLOCATED_TOPOLOGY_ROUTES } from "./auto-allocated-topology.ts";
import { AVAILABILITY_ZONE_ROUTES } from "./availability-zones.ts";
import { EXTENSION_ROUTES } from "./extensions.ts";
import { FLAVOR_ROUTES } from "./flavors.ts";
import { FLOATINGIP_POOL_ROUTES } from "./floatingip-pools.ts";
import { FLOATING_IPS } from "./floatingips.ts";
import { networkIpAvailabilityRoutes } from "./network-ip-availabilities.ts";
import { NETWORKS } from "./networks.ts";
import { PORTS } from "./ports.ts";
import { quotaRoutes } from "./quotas.ts";
import { rbacPolicyRoutes } from "./rbac-policies.ts";
import { resourceRoutes } from "./resource.ts";
import { interfaceRoutes } from "./router-interfaces.ts";
import { ROUTERS } from "./routers.ts";
import { SECURITY_GROUP_RULES } from "./security-group-rules.ts";
import { SECURITY_GROUPS } from "./security-groups.ts";
import { SEGMENT_ROUTES } from "./segments.ts";
import { SERVICE_PROVIDER_ROUTES } from "./service-providers.ts";
import { subnetpoolActions } from "./subnetpool-actions.ts";
import { SUBNETPOOLS } from "./subnetpools.ts";
import { SUBNETS } from "./subnets.ts";
import { VERSION_ROUTES } from "./versions.ts";

/** All routes of Neutron. */
export const neutronRoutes = (neutron: Neutron): readonly OpenStackRoute[] => [
  ...VERSION_ROUTES,
  ...EXTENSION_ROUTES,
  ...SERVICE_PROVIDER_ROUTES,
  ...networkIpAvailabilityRoutes(neutron),
  ...AUTO_ALLOCATED_TOPOLOGY_ROUTES,
  ...AGENT_ROUTES,
  ...AVAILABILITY_ZONE_ROUTES,
  ...FLAVOR_ROUTES,
  ...SEGMENT_ROUTES,
  ...FLOATINGIP_POOL_ROUTES,
  ...quotaRoutes(neutron),
  ...resourceRoutes(neutron, NETWORKS),
  ...resourceRoutes(neutron, SUBNETS),
  ...resourceRoutes(neutron, SUBNETPOOLS),
  ...subnetpoolActions(neutron),
  ...resourceRoutes(neutron, ADDRESS_SCOPES),
  ...resourceRoutes(neutron, ADDRESS_GROUPS),
  ...addressGroupActions(neutron),
  ...resourceRoutes(neutron, PORTS),
  ...resourceRoutes(neutron, SECURITY_GROUPS),
  ...resourceRoutes(neutron, SECURITY_GROUP_RULES),
  ...resourceRoutes(neutron, ROUTERS),
  ...resourceRoutes(neutron, FLOATING_IPS),
  ...interfaceRoutes(neutron),
  ...rbacPolicyRoutes(neutron),
];
