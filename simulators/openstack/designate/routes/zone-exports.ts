import type { OpenStackRoute } from "../../service.ts";
import { listReply } from "../wire/lists.ts";
import { refuseUnmodelled } from "../wire/request.ts";

/** `/v2/zones/tasks/exports`: none, and none can be made. */
export const ZONE_EXPORT_ROUTES: readonly OpenStackRoute[] = [
  { method: "POST", path: "/v2/zones/:zone_id/tasks/export", handler: refuseUnmodelled("exports of zones") },
  {
    method: "GET",
    path: "/v2/zones/tasks/exports",
    handler: (context) =>
      listReply(context, {
        member: "exports",
        path: "/zones/tasks/exports",
        rows: [],
        view: () => ({}),
        keys: { status: () => "", message: () => "" },
      }),
  },
];
