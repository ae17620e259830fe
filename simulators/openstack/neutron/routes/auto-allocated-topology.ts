import { Refusal } from "../../refusal.ts";
import type { OpenStackRoute } from "../../service.ts";
import { conflict } from "../wire/errors.ts";

/** `/v2.0/auto-allocated-topology`: there is no default external network, so it always fails. */
export const AUTO_ALLOCATED_TOPOLOGY_ROUTES: readonly OpenStackRoute[] = [
  {
    method: "GET",
    path: "/v2.0/auto-allocated-topology/:project",
    clients: ["openstack"],
    handler: ({ params, actor }) => {
      if (params.project !== actor.projectId && !actor.isAdmin)
        throw new Refusal(403, "NotAuthorized", "Not authorized.");
      throw conflict("AutoAllocationFailure", "Deployment error: No default router:external network.");
    },
  },
];
