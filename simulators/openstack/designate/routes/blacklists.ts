import { emptyAdminList, refusedAdminCreation } from "./admin-lists.ts";

/** `/v2/blacklists`: none, and none can be created. */
export const BLACKLIST_ROUTES = [emptyAdminList("blacklists"), refusedAdminCreation("blacklists")];
