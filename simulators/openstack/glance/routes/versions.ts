import { json } from "../../../kernel/index.ts";
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
  { method: "OPTIONS", path: "/", open: true, handler: () => ({ status: 200, body: "" }) },
  {
    method: "GET",
    path: "/healthcheck",
    open: true,
    handler: () => json(200, { detailed: false, reasons: ["OK"] }),
  },
  {
    method: "GET",
    path: "/v2",
    handler: ({ cloud, request }) => ({
      status: 302,
      body: "",
      headers: { Location: `${cloud.root("image", request)}/v2/`, "Content-Type": "text/plain; charset=utf8" },
    }),
  },
  {
    method: "GET",
    path: "/versions",
    open: true,
    clients: ["openstack"],
    handler: (context) => versionsReply(context, 200),
  },
];
