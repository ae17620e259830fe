import { type HttpReply, own } from "../../../kernel/index.ts";
import { Refusal } from "../../refusal.ts";
import { addInstanceAction } from "../state/instance-actions.ts";
import { recordChange } from "../state/nova.ts";
import type { Server } from "../state/server.ts";
import { failureMessage, readBody } from "../wire/body.ts";
import { badRequest, noResource, requireAdmin } from "../wire/errors.ts";
import { FORMATS } from "../wire/formats.ts";
import type { NovaCall } from "../wire/request.ts";
import type { NovaRoute } from "../wire/route.ts";
import { envelope } from "./schemas/parts.ts";
import type { ServerAction, ServerActions } from "./server-actions/action.ts";
import { ADDRESS_ACTIONS } from "./server-actions/addresses.ts";
import { ADMIN_ACTIONS } from "./server-actions/admin.ts";
import { CONSOLE_ACTIONS } from "./server-actions/console.ts";
import { DELETE_ACTIONS } from "./server-actions/delete.ts";
import { IMAGE_ACTIONS } from "./server-actions/image.ts";
import { LOCK_ACTIONS } from "./server-actions/lock.ts";
import { MIGRATE_ACTIONS } from "./server-actions/migrate.ts";
import { POWER_ACTIONS } from "./server-actions/power.ts";
import { REBUILD_ACTIONS } from "./server-actions/rebuild.ts";
import { RESCUE_ACTIONS } from "./server-actions/rescue.ts";
import { RESIZE_ACTIONS } from "./server-actions/resize.ts";
import { SECURITY_GROUP_ACTIONS } from "./server-actions/security-groups.ts";
import { SHELVE_ACTIONS } from "./server-actions/shelve.ts";
import { checkState, checkUnlocked } from "./servers/checks.ts";
import { requireServer } from "./servers/require-server.ts";
import { validate } from "../../schema/validate.ts";

/** Every action of a server. */
export const SERVER_ACTIONS: ServerActions = {
  ...POWER_ACTIONS,
  ...RESIZE_ACTIONS,
  ...REBUILD_ACTIONS,
  ...RESCUE_ACTIONS,
  ...IMAGE_ACTIONS,
  ...SHELVE_ACTIONS,
  ...LOCK_ACTIONS,
  ...DELETE_ACTIONS,
  ...CONSOLE_ACTIONS,
  ...SECURITY_GROUP_ACTIONS,
  ...ADDRESS_ACTIONS,
  ...MIGRATE_ACTIONS,
  ...ADMIN_ACTIONS,
};

/*
 * POST /servers/{id}/action. Each action declares its body, who may call it, in which states, and what it does. The checks run in this
 * order: body, server, policy, lock, state, and what the body names.
 */

interface RequestedAction {
  readonly name: string;
  readonly action: ServerAction;
  readonly body: unknown;
}

/** @throws Refusal 400, 404 */
function readAction(call: NovaCall): RequestedAction {
  const whole = readBody(call);
  const entries: readonly (readonly [string, unknown])[] =
    typeof whole === "object" && whole !== null ? Object.entries(whole) : [];
  const [[name, body] = ["", undefined]] = entries;
  if (entries.length !== 1) throw badRequest("Malformed request body");
  const action = own(SERVER_ACTIONS, name);
  if (action === undefined) throw badRequest(`There is no such action: ${name}`);
  if (action.isRemoved === true)
    throw new Refusal(410, "computeFault", "This resource is no longer available. No forwarding address is given.");
  if (call.version > (action.to ?? Number.POSITIVE_INFINITY)) throw noResource();
  const failure = action.schema && validate(envelope(name, action.schema(call.version)), whole, FORMATS);
  if (failure !== undefined) throw badRequest(failureMessage(failure, "field/attribute"));
  return { name, action, body };
}

/** @throws Refusal 409 */
function checkAllowed(server: Server, { name, action, body }: RequestedAction): void {
  if (action.from === undefined) return;
  const allowed = typeof action.from === "function" ? action.from(body) : action.from;
  checkState(server, action.verb ?? name, allowed, name !== "rebuild");
}

function runAction(call: NovaCall): HttpReply {
  const requested = readAction(call);
  const { action, body } = requested;
  const server = requireServer(call);
  if (action.admin !== undefined) requireAdmin(call, action.admin);
  if (action.ignoresLock !== true) checkUnlocked(call, server);
  checkAllowed(server, requested);
  const reply = action.run(call, server, body);
  if (action.record !== undefined) {
    addInstanceAction(call, server, action.record);
    recordChange(call.nova, "server.action", server.id, { action: action.record });
  }
  return reply;
}

/** Routes of the API reference, "Servers - run an action". */
export const SERVER_ACTION_ROUTES: readonly NovaRoute[] = [
  { method: "POST", path: "/servers/:id/action", clients: ["bosh", "openstack"], handler: runAction },
];
