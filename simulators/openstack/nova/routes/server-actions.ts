import { type HttpReply, own } from "../../../kernel/index.ts";
import { validate } from "../../common/schema.ts";
import { recordAction } from "../state/instance-actions.ts";
import { failureMessage, readBody } from "../wire/body.ts";
import { badRequest, forbiddenByPolicy, noResource } from "../wire/errors.ts";
import { FORMATS } from "../wire/formats.ts";
import type { NovaCall } from "../wire/request.ts";
import type { NovaRoute } from "../wire/route.ts";
import { actionSchema } from "./schemas/server-actions.ts";
import type { ServerAction, ActionBody, ServerActions } from "./server-actions/action.ts";
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

const ACTIONS: ServerActions = {
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
 * POST /servers/{id}/action. Each action says what its body is, who may call it, in which states, and what it leads to. The checks run in this
 * order: body, server, policy, lock, state, and what the body names.
 */

/** @throws Refusal 400 */
function readAction(call: NovaCall): {
  readonly name: string;
  readonly action: ServerAction;
  readonly body: ActionBody;
} {
  const body = readBody(call);
  const names = typeof body === "object" && body !== null ? Object.keys(body) : [];
  const [name = ""] = names;
  if (names.length !== 1) throw badRequest("Malformed request body");
  const action = own(ACTIONS, name);
  if (action === undefined) throw badRequest(`There is no such action: ${name}`);
  if (call.version > (action.to ?? 999)) throw noResource();
  const schema = actionSchema(name, call.version);
  const failure = schema === undefined ? undefined : validate(schema, body, FORMATS);
  if (failure !== undefined) throw badRequest(failureMessage(failure, "field/attribute"));
  return { name, action, body: (body as Record<string, ActionBody | null>)[name] ?? (NO_BODY as ActionBody) };
}

const NO_BODY: unknown = undefined;

export function runAction(call: NovaCall): HttpReply {
  const { name, action, body } = readAction(call);
  const server = requireServer(call);
  if (action.admin !== undefined && !call.actor.isAdmin) throw forbiddenByPolicy(action.admin);
  if (action.ignoresLock !== true) checkUnlocked(call, server);
  const given = body ?? {};
  if (action.from !== undefined) {
    const allowed = typeof action.from === "function" ? action.from(given) : action.from;
    checkState(server, action.verb ?? name, allowed, name !== "rebuild");
  }
  const reply = action.run(call, server, name.endsWith("SecurityGroup") ? body : given);
  if (action.record !== undefined) recordAction(call, server, action.record);
  return reply;
}

export const SERVER_ACTION_ROUTES: readonly NovaRoute[] = [
  { method: "POST", path: "/servers/:id/action", clients: ["bosh", "openstack"], handler: runAction },
];
