import { type HttpReply, isObject } from "../../../../kernel/index.ts";
import { startColdMove, startLiveMove } from "../../behaviour/move.ts";
import { chooseHost, type Destination } from "../../behaviour/scheduler.ts";
import { startTask } from "../../behaviour/tasks.ts";
import { findHost, serviceOf } from "../../state/host.ts";
import type { Server } from "../../state/server.ts";
import { badRequest } from "../../wire/errors.ts";
import { emptyReply, ok } from "../../wire/replies.ts";
import type { NovaCall } from "../../wire/request.ts";
import { newPassword } from "../servers/password.ts";
import { ACTION_MS, type ServerActions } from "./action.ts";

/** The host that a body names, where it names one. */
function namedHost(body: unknown): string | undefined {
  return isObject(body) && typeof body.host === "string" ? body.host : undefined;
}

/** @throws Refusal 400 */
function checkHostExists(call: NovaCall, host: string | undefined): void {
  if (host !== undefined && findHost(call.nova, host) === undefined)
    throw badRequest(`Compute host ${host} could not be found.`);
}

/** The host to which a server goes: never its own. */
function targetOf(call: NovaCall, server: Server, host: string | undefined): string | undefined {
  const destination: Destination = { except: server.host ?? "", ...(host !== undefined && { host }) };
  const placement = chooseHost(call.nova, server, destination);
  return "host" in placement ? placement.host.name : undefined;
}

/** Moves a stopped copy, to be confirmed. Without another host it comes back as it was, as recorded. */
function migrate(call: NovaCall, server: Server, body: unknown): HttpReply {
  const host = call.version >= 56 ? namedHost(body) : undefined;
  checkHostExists(call, host);
  if (host !== undefined && host === server.host)
    throw badRequest(`Cannot migrate to the host ${host} where the server exists.`);
  const target = targetOf(call, server, host);
  if (target === undefined) {
    startTask(call.nova, server, "resize_prep", ACTION_MS.migrate, server.vm);
    return emptyReply(202);
  }
  startColdMove(call.nova, server, call.actor, { target, kind: "migration", oldFlavorId: server.flavor.id });
  Object.assign((server.extras ??= {}), { oldFlavor: server.flavor, oldVm: server.vm });
  startTask(call.nova, server, "resize_prep", ACTION_MS.resize, "resized", "moved", target);
  return emptyReply(202);
}

function migrateLive(call: NovaCall, server: Server, body: unknown): HttpReply {
  const host = namedHost(body);
  if (host !== undefined && host === server.host)
    throw badRequest(`Unable to migrate instance (${server.id}) to current host (${host}).`);
  checkHostExists(call, host);
  const target = targetOf(call, server, host);
  if (target === undefined) throw badRequest("No valid host was found. There are not enough hosts available.");
  startLiveMove(call.nova, server, call.actor, target, "migrating");
  return emptyReply(202);
}

/** Nothing is evacuated from a host that works. */
function evacuate(call: NovaCall, server: Server, body: unknown): HttpReply {
  const host = namedHost(body);
  checkHostExists(call, host);
  if (host !== undefined && host === server.host) throw badRequest("The target host can't be the same one.");
  if (server.host !== null && !serviceOf(call.nova, server.host).isForcedDown)
    throw badRequest(`Compute service of ${server.host} is still in use.`);
  const target = targetOf(call, server, host);
  if (target === undefined) throw badRequest("No valid host was found. There are not enough hosts available.");
  startLiveMove(call.nova, server, call.actor, target, "rebuilding");
  const password = isObject(body) && typeof body.adminPass === "string" ? body.adminPass : newPassword(call);
  return call.version >= 14 ? emptyReply(200) : ok({ adminPass: password });
}

/** Moves of servers from host to host. The recorded rig has one host, so there they fail. */
export const MIGRATE_ACTIONS: ServerActions = {
  migrate: { admin: "os-migrate-server:migrate", from: ["active", "stopped"], record: "migrate", run: migrate },
  "os-migrateLive": {
    admin: "os-migrate-server:migrate_live",
    from: ["active", "paused"],
    record: "live-migration",
    run: migrateLive,
  },
  evacuate: {
    admin: "os-evacuate",
    from: ["active", "stopped", "error"],
    record: "evacuate",
    run: evacuate,
  },
};
