import { emptyList, refusedCreation } from "./read-only.ts";

/** `/v2.0/address-scopes`: none, and none can be created. */
export const ADDRESS_SCOPE_ROUTES = [emptyList("address-scopes", "address_scopes"), refusedCreation("address-scopes")];
