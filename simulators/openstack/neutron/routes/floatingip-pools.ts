import { unfilteredList } from "./read-only.ts";

/** `/v2.0/floatingip_pools`: none. */
export const FLOATINGIP_POOL_ROUTES = [unfilteredList("floatingip_pools", "floatingip_pools")];
