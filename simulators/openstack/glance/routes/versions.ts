import type { OpenStackRoute } from "../../service.ts";
import { versionsReply } from "../wire/versions.ts";

/** The versions of the API. */
export const VERSION_ROUTES: readonly OpenStackRoute[] = [
  {
    method: "GET",
    path: "/",
    open: true,
    clients: ["openstack"],
    handler: (context) => versionsReply(context, 300),
  },
  {
    method: "GET",
    path: "/versions",
    open: true,
    clients: ["openstack"],
    handler: (context) => versionsReply(context, 200),
  },
];
