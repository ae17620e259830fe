import { emptyAdminList, refusedAdminCreation } from "./admin-lists.ts";

/** `/v2/tsigkeys`: none, and none can be created. */
export const TSIGKEY_ROUTES = [emptyAdminList("tsigkeys"), refusedAdminCreation("tsigkeys")];
