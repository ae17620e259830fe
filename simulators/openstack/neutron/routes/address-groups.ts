import { emptyList, refusedCreation } from "./read-only.ts";

/** `/v2.0/address-groups`: none, and none can be created. */
export const ADDRESS_GROUP_ROUTES = [emptyList("address-groups", "address_groups"), refusedCreation("address-groups")];
