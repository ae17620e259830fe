import { requireAdmin } from "../wire/errors.ts";
import { ok } from "../wire/replies.ts";
import type { NovaRoute } from "../wire/route.ts";
import { requireServer } from "./servers/require-server.ts";

/** Routes of the API reference, "Migrations (os-migrations)". There are none. */
export const MIGRATION_ROUTES: readonly NovaRoute[] = [
  {
    method: "GET",
    path: "/os-migrations",
    clients: ["openstack"],
    handler: (call) => {
      requireAdmin(call, "os-migrations:index");
      return ok({ migrations: [] });
    },
  },
  {
    method: "GET",
    path: "/servers/:id/migrations",
    from: 23,
    handler: (call) => {
      requireAdmin(call, "servers:migrations:index");
      requireServer(call);
      return ok({ migrations: [] });
    },
  },
];
