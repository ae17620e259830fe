import { ok } from "../wire/replies.ts";
import type { NovaRoute } from "../wire/route.ts";
import { requireServer } from "./servers/require-server.ts";

/** Routes of the API reference, "Servers topology". From 2.78 on. */
export const SERVER_TOPOLOGY_ROUTES: readonly NovaRoute[] = [
  {
    method: "GET",
    path: "/servers/:id/topology",
    from: 78,
    handler: (call) => {
      requireServer(call);
      return ok({ nodes: [], pagesize_kb: null });
    },
  },
];
