import { emptyReply, ok } from "../wire/replies.ts";
import type { NovaRoute } from "../wire/route.ts";
import { requireServer } from "./servers/require-server.ts";

/** Routes of the API reference, "Servers password (os-server-password)". No guest ever sets one. */
export const SERVER_PASSWORD_ROUTES: readonly NovaRoute[] = [
  {
    method: "GET",
    path: "/servers/:id/os-server-password",
    handler: (call) => {
      requireServer(call);
      return ok({ password: "" });
    },
  },
  {
    method: "DELETE",
    path: "/servers/:id/os-server-password",
    handler: (call) => {
      requireServer(call);
      return emptyReply(204);
    },
  },
];
