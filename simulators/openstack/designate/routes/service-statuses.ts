import type { OpenStackRoute } from "../../service.ts";
import { listReply } from "../wire/lists.ts";
import { forAdmins } from "../wire/request.ts";

/** `/v2/service_statuses`: none. */
export const SERVICE_STATUS_ROUTES: readonly OpenStackRoute[] = [
  {
    method: "GET",
    path: "/v2/service_statuses",
    handler: forAdmins((context) =>
      listReply(context, {
        member: "service_statuses",
        path: "/service_statuses",
        rows: [],
        view: () => ({}),
        filters: { hostname: () => null, service_name: () => null, status: () => null },
        sorts: { hostname: () => null, service_name: () => null, status: () => null },
        counts: false,
      }),
    ),
  },
];
