import { unfilteredList } from "./read-only.ts";

const PROVIDERS = ["dvrha", "dvr", "ha", "single_node"].map((name) => ({
  service_type: "L3_ROUTER_NAT",
  name,
  default: false,
}));

/** `/v2.0/service-providers`: the kinds of router that the L3 plugin offers. */
export const SERVICE_PROVIDER_ROUTES = [unfilteredList("service-providers", "service_providers", PROVIDERS)];
