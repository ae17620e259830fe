import { BOSH_SLIPS } from "./bosh.ts";
import { BOSH_TEMPLATE_SLIPS } from "./bosh-templates.ts";
import { BROKER_SLIPS } from "./broker.ts";
import { BROKER_STORE_SLIPS } from "./broker-store.ts";
import { CERTIFICATE_SLIPS } from "./certificate.ts";
import { CONFORMANCE_SLIPS } from "./conformance.ts";
import { CORE_SLIPS } from "./core.ts";
import { DASHBOARD_SLIPS } from "./dashboard.ts";
import { DATASERVICES_SLIPS } from "./dataservices.ts";
import { LIVE_PAGE_SLIPS } from "./live-page.ts";
import { LOAD_SLIPS } from "./load.ts";
import { MONGODB_SLIPS } from "./mongodb.ts";
import { NAME_SLIPS } from "./names.ts";
import { NEUTRON_DESIGNATE_SLIPS } from "./neutron-designate.ts";
import { NOVA_CINDER_SLIPS } from "./nova-cinder.ts";
import { OCTAVIA_SLIPS } from "./octavia.ts";
import { OPENSTACK_IDENTITY_SLIPS } from "./openstack-identity.ts";
import { OSB_SLIPS } from "./osb.ts";
import { REDIS_SLIPS } from "./redis.ts";
import { SCENARIO_SLIPS } from "./scenarios.ts";
import type { Slip } from "./slip.ts";

/** Every slip, by the area that it is planted in. */
export const SLIPS: readonly Slip[] = [
  ...BOSH_SLIPS,
  ...BOSH_TEMPLATE_SLIPS,
  ...BROKER_SLIPS,
  ...BROKER_STORE_SLIPS,
  ...DASHBOARD_SLIPS,
  ...DATASERVICES_SLIPS,
  ...CERTIFICATE_SLIPS,
  ...CONFORMANCE_SLIPS,
  ...CORE_SLIPS,
  ...LIVE_PAGE_SLIPS,
  ...LOAD_SLIPS,
  ...MONGODB_SLIPS,
  ...NAME_SLIPS,
  ...NEUTRON_DESIGNATE_SLIPS,
  ...NOVA_CINDER_SLIPS,
  ...OCTAVIA_SLIPS,
  ...OPENSTACK_IDENTITY_SLIPS,
  ...OSB_SLIPS,
  ...REDIS_SLIPS,
  ...SCENARIO_SLIPS,
];
