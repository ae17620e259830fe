import { json } from "../../../kernel/index.ts";
import type { OpenStackRoute } from "../../service.ts";
import { refuseUnmodelled, rootOf } from "../wire/request.ts";

const refuseTransfer = refuseUnmodelled("transfers of zones");

/** `/v2/zones/tasks/transfer_requests` and `transfer_accepts`: zones stay with their project. */
export const ZONE_TRANSFER_ROUTES: readonly OpenStackRoute[] = [
  {
    method: "GET",
    path: "/v2/zones/tasks/transfer_requests",
    handler: (context) =>
      json(200, { transfer_requests: [], links: { self: `${rootOf(context)}/zones/tasks/transfer_requests` } }),
  },
  { method: "POST", path: "/v2/zones/tasks/transfer_accepts", handler: refuseTransfer },
  { method: "POST", path: "/v2/zones/:zone_id/tasks/transfer_requests", handler: refuseTransfer },
];
