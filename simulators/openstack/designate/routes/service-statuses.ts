import { emptyAdminList } from "./admin-lists.ts";

/** `/v2/service_statuses`: none. */
export const SERVICE_STATUS_ROUTES = [emptyAdminList("service_statuses")];
