import type { NovaRoute } from "../wire/route.ts";
import { AGGREGATE_ROUTES } from "./aggregates.ts";
import { AVAILABILITY_ZONE_ROUTES } from "./availability-zones.ts";
import { EXTENSION_ROUTES } from "./extensions.ts";
import { FLAVOR_ACCESS_ROUTES } from "./flavor-access.ts";
import { FLAVOR_EXTRA_SPEC_ROUTES } from "./flavor-extra-specs.ts";
import { FLAVOR_ROUTES } from "./flavors.ts";
import { FLOATING_IP_ROUTES } from "./floating-ips.ts";
import { HOST_ROUTES } from "./hosts.ts";
import { HYPERVISOR_ROUTES } from "./hypervisors.ts";
import { IMAGE_METADATA_ROUTES } from "./image-metadata.ts";
import { IMAGE_ROUTES } from "./images.ts";
import { INSTANCE_ACTION_ROUTES } from "./instance-actions.ts";
import { KEYPAIR_ROUTES } from "./keypairs.ts";
import { LIMIT_ROUTES } from "./limits.ts";
import { MIGRATION_ROUTES } from "./migrations.ts";
import { NETWORK_ROUTES } from "./networks.ts";
import { PORT_INTERFACE_ROUTES } from "./port-interfaces.ts";
import { QUOTA_CLASS_SET_ROUTES } from "./quota-class-sets.ts";
import { QUOTA_SET_ROUTES } from "./quota-sets.ts";
import { REMOTE_CONSOLE_ROUTES } from "./remote-consoles.ts";
import { REMOVED_ROUTES } from "./removed-apis.ts";
import { SECURITY_GROUP_RULE_ROUTES } from "./security-group-rules.ts";
import { SECURITY_GROUP_ROUTES } from "./security-groups.ts";
import { SERVER_ACTION_ROUTES } from "./server-actions.ts";
import { SERVER_DIAGNOSTICS_ROUTES } from "./server-diagnostics.ts";
import { SERVER_GROUP_ROUTES } from "./server-groups.ts";
import { SERVER_IP_ROUTES } from "./server-ips.ts";
import { SERVER_METADATA_ROUTES } from "./server-metadata.ts";
import { SERVER_PASSWORD_ROUTES } from "./server-password.ts";
import { SERVER_SECURITY_GROUP_ROUTES } from "./server-security-groups.ts";
import { SERVER_TAG_ROUTES } from "./server-tags.ts";
import { SERVER_TOPOLOGY_ROUTES } from "./server-topology.ts";
import { SERVER_ROUTES } from "./servers.ts";
import { SERVICE_ROUTES } from "./services.ts";
import { TENANT_USAGE_ROUTES } from "./simple-tenant-usage.ts";
import { UNMODELLED_ROUTES } from "./unmodelled.ts";
import { VOLUME_ATTACHMENT_ROUTES } from "./volume-attachments.ts";
import { VOLUME_PROXY_ROUTES } from "./volumes.ts";

/** Every route of Nova, by resource. */
export const ROUTES: readonly NovaRoute[] = [
  ...SERVER_ROUTES,
  ...SERVER_METADATA_ROUTES,
  ...SERVER_IP_ROUTES,
  ...SERVER_ACTION_ROUTES,
  ...INSTANCE_ACTION_ROUTES,
  ...SERVER_TAG_ROUTES,
  ...PORT_INTERFACE_ROUTES,
  ...VOLUME_ATTACHMENT_ROUTES,
  ...SERVER_SECURITY_GROUP_ROUTES,
  ...SERVER_DIAGNOSTICS_ROUTES,
  ...REMOTE_CONSOLE_ROUTES,
  ...SERVER_PASSWORD_ROUTES,
  ...SERVER_TOPOLOGY_ROUTES,
  ...MIGRATION_ROUTES,
  ...FLAVOR_ROUTES,
  ...FLAVOR_ACCESS_ROUTES,
  ...FLAVOR_EXTRA_SPEC_ROUTES,
  ...KEYPAIR_ROUTES,
  ...SERVER_GROUP_ROUTES,
  ...AGGREGATE_ROUTES,
  ...QUOTA_SET_ROUTES,
  ...QUOTA_CLASS_SET_ROUTES,
  ...LIMIT_ROUTES,
  ...AVAILABILITY_ZONE_ROUTES,
  ...SERVICE_ROUTES,
  ...HYPERVISOR_ROUTES,
  ...TENANT_USAGE_ROUTES,
  ...EXTENSION_ROUTES,
  ...HOST_ROUTES,
  ...IMAGE_ROUTES,
  ...IMAGE_METADATA_ROUTES,
  ...FLOATING_IP_ROUTES,
  ...SECURITY_GROUP_ROUTES,
  ...SECURITY_GROUP_RULE_ROUTES,
  ...NETWORK_ROUTES,
  ...VOLUME_PROXY_ROUTES,
  ...UNMODELLED_ROUTES,
  ...REMOVED_ROUTES,
];
