import { json } from "../../../kernel/index.ts";
import { Refusal } from "../../refusal.ts";
import type { OpenStackRoute } from "../../service.ts";

/** The other offers of this Glance besides imports: one store, no quotas. */
export const INFO_ROUTES: readonly OpenStackRoute[] = [
  ...["/v2/info/stores", "/v2/info/stores/detail"].map((path) => ({
    method: "GET",
    path,
    clients: ["openstack"],
    handler: () => {
      throw new Refusal(404, "", "Multi backend is not supported at this site.");
    },
  })),
  { method: "GET", path: "/v2/info/usage", clients: ["openstack"], handler: () => json(200, { usage: {} }) },
];
