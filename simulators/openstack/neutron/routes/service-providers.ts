import { PROVIDERS } from "../behaviour/service-flavors.ts";
import { unfilteredList } from "./read-only.ts";

const VIEWS = PROVIDERS.map(({ name }) => ({ service_type: "L3_ROUTER_NAT", name, default: false }));

/** `/v2.0/service-providers`: the kinds of router that the L3 plugin offers. */
export const SERVICE_PROVIDER_ROUTES = [unfilteredList("service-providers", "service_providers", VIEWS)];
