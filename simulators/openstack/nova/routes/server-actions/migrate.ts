import type { HttpReply } from "../../../../kernel/index.ts";
import { HOST } from "../../state/host.ts";
import type { Server } from "../../state/server.ts";
import { badRequest } from "../../wire/errors.ts";
import type { NovaCall } from "../../wire/request.ts";
import { ACTION_MS, type ServerActions, startTransition } from "./action.ts";

function migrateLive(_call: NovaCall, server: Server, body: unknown): HttpReply {
  if (typeof body === "object" && body !== null && "host" in body && body.host === HOST)
    throw badRequest(`Unable to migrate instance (${server.id}) to current host (${HOST}).`);
  throw badRequest("No valid host was found. There are not enough hosts available.");
}

/** Nothing is evacuated from a host that works. */
function evacuate(): never {
  throw badRequest(`Compute service of ${HOST} is still in use.`);
}

/** There is only one host, so a cold migration fails. */
export const MIGRATE_ACTIONS: ServerActions = {
  migrate: {
    admin: "os-migrate-server:migrate",
    from: ["active", "stopped"],
    record: "migrate",
    run: (call, server) => startTransition("resize_prep", ACTION_MS.migrate, server.vm)(call, server),
  },
  "os-migrateLive": { admin: "os-migrate-server:migrate_live", from: ["active", "paused"], run: migrateLive },
  evacuate: { admin: "os-evacuate", run: evacuate },
};
