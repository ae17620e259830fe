import type { OpenStackRoute } from "../../service.ts";
import type { Neutron } from "../state/state.ts";
import { ADDRESS_GROUPS, addressGroupActions } from "./address-groups.ts";
import { ADDRESS_SCOPES } from "./address-scopes.ts";
import { agentScheduleRoutes } from "./agent-schedules.ts";
import { agentRoutes } from "./agents.ts";
import { AUTO_ALLOCATED_TOPOLOGY_ROUTES } from "./auto-allocated-topology.ts";
import { AVAILABILITY_ZONE_ROUTES } from "./availability-zones.ts";
import { extensionRoutes } from "./extensions.ts";
import { withForwardings, withQosPolicy, withTrunk } from "./extended.ts";
import { extraRouteActions } from "./extra-routes.ts";
import { METERING_LABELS, METERING_RULES } from "./metering.ts";
import { nestedRoutes } from "./nested.ts";
import { PORT_FORWARDINGS } from "./port-forwardings.ts";
import { QOS_POLICIES } from "./qos-policies.ts";
import { qosRuleRoutes } from "./qos-rules.ts";
import { tagRoutes } from "./tags.ts";
import { TRUNKS, trunkActions } from "./trunks.ts";
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
import { SEGMENTS } from "./segments.ts";
import { flavorProfileRoutes, SERVICE_FLAVORS, SERVICE_PROFILES } from "./service-flavors.ts";
import { SERVICE_PROVIDER_ROUTES } from "./service-providers.ts";
import { subnetpoolActions } from "./subnetpool-actions.ts";
import { SUBNETPOOLS } from "./subnetpools.ts";
import { SUBNETS } from "./subnets.ts";
import { VERSION_ROUTES } from "./versions.ts";

/** The routes of the recorded control plane. */
const coreRoutes = (neutron: Neutron): readonly OpenStackRoute[] => [
  ...resourceRoutes(neutron, NETWORKS),
  ...resourceRoutes(neutron, PORTS),
  ...resourceRoutes(neutron, FLOATING_IPS),
];

/** The same with the plugins for trunks, QoS, port forwarding and metering, which that one had not loaded. */
const extendedRoutes = (neutron: Neutron): readonly OpenStackRoute[] => [
  ...resourceRoutes(neutron, withQosPolicy(NETWORKS)),
  ...resourceRoutes(neutron, withQosPolicy(withTrunk(PORTS))),
  ...resourceRoutes(neutron, withQosPolicy(withForwardings(FLOATING_IPS))),
  ...resourceRoutes(neutron, TRUNKS),
  ...trunkActions(neutron),
  ...resourceRoutes(neutron, QOS_POLICIES),
  // The tags of policies are found without the prefix of their path.
  ...tagRoutes(neutron, QOS_POLICIES, "/v2.0/policies/:id"),
  ...qosRuleRoutes(neutron),
  ...nestedRoutes(neutron, PORT_FORWARDINGS),
  ...resourceRoutes(neutron, METERING_LABELS),
  ...resourceRoutes(neutron, METERING_RULES),
];

/** All routes of Neutron. */
export const neutronRoutes = (neutron: Neutron): readonly OpenStackRoute[] => [
  ...VERSION_ROUTES,
  ...extensionRoutes(neutron),
  ...SERVICE_PROVIDER_ROUTES,
  ...networkIpAvailabilityRoutes(neutron),
  ...AUTO_ALLOCATED_TOPOLOGY_ROUTES,
  ...agentRoutes(neutron),
  ...agentScheduleRoutes(neutron),
  ...AVAILABILITY_ZONE_ROUTES,
  ...flavorProfileRoutes(neutron),
  ...resourceRoutes(neutron, SERVICE_FLAVORS),
  ...resourceRoutes(neutron, SERVICE_PROFILES),
  ...resourceRoutes(neutron, SEGMENTS),
  ...FLOATINGIP_POOL_ROUTES,
  ...quotaRoutes(neutron),
  ...(neutron.cloud.profile === "rig" ? coreRoutes(neutron) : extendedRoutes(neutron)),
  ...resourceRoutes(neutron, SUBNETS),
  ...resourceRoutes(neutron, SUBNETPOOLS),
  ...subnetpoolActions(neutron),
  ...resourceRoutes(neutron, ADDRESS_SCOPES),
  ...resourceRoutes(neutron, ADDRESS_GROUPS),
  ...addressGroupActions(neutron),
  ...resourceRoutes(neutron, SECURITY_GROUPS),
  ...resourceRoutes(neutron, SECURITY_GROUP_RULES),
  ...resourceRoutes(neutron, ROUTERS),
  ...interfaceRoutes(neutron),
  ...extraRouteActions(neutron),
  ...rbacPolicyRoutes(neutron),
];
