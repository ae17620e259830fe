import { json } from "../../../kernel/index.ts";
import type { OpenStackRoute } from "../../service.ts";

const PROVIDERS = ["dvrha", "dvr", "ha", "single_node"].map((name) => ({
  service_type: "L3_ROUTER_NAT",
  name,
  default: false,
}));

/** `/v2.0/service-providers`: the kinds of router that the L3 plugin offers. */
export const SERVICE_PROVIDER_ROUTES: readonly OpenStackRoute[] = [
  {
    method: "GET",
    path: "/v2.0/service-providers",
    clients: ["openstack"],
    handler: () => json(200, { service_providers: PROVIDERS }),
  },
];
