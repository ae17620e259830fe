import Type from "typebox";
import { Compile } from "typebox/compile";
import { type Body, bodyJson, type HttpReply, type HttpRequest, json } from "../../kernel/index.ts";
import { isConfirmed } from "../behaviour/commits.ts";
import { diskOf, neighboursOf } from "../behaviour/replication.ts";
import { isNothing } from "../behaviour/real-work.ts";
import type { DataServices } from "../behaviour/services.ts";
import { removeUser, writeUser } from "../behaviour/users.ts";
import { isPlanted } from "../faults.ts";
import type { Instance } from "../state.ts";
import { AgentError } from "../wire/agent-errors.ts";
import { agentRoute, applyFault, realServersOf, requirePrimary } from "./agent-route.ts";

const USERNAME = /^[a-z][a-z0-9_]{0,62}$/;
/** Names that the server or the platform reserves. */
const RESERVED = /^(pg_.*|postgres|public|none|cfuser|drydock.*)$/;
/** Longer than any password of a broker; each costs a key derivation. */
const PASSWORD_CHARS_MAX = 200;

const CREDENTIALS = Compile(Type.Object({ password: Type.String({ minLength: 1, maxLength: PASSWORD_CHARS_MAX }) }));

function* applyUsers(services: DataServices, instances: readonly Instance[]): Body {
  for (const instance of instances) {
    const real = realServersOf(services, instance);
    if (real !== undefined) yield* services.realWork.await(real.applyUsers(instance), isNothing);
  }
}

/** A primary that waits for its replicas does so here too; the platform retries. @throws AgentError 503 */
function requireConfirmation(services: DataServices, instance: Instance): void {
  if (services.real?.covers(instance) !== true && !isConfirmed(services, instance))
    throw new AgentError(503, "not_replicated", "no replica has the change yet");
}

/** @throws AgentError 400 */
function usernameOf(request: HttpRequest): string {
  const username = request.params.username ?? "";
  if (USERNAME.test(username) && !RESERVED.test(username)) return username;
  throw new AgentError(400, "bad_username", `a user name matches ${USERNAME.source} and is not reserved`);
}

/** @throws AgentError 400, and 422 for a database that is not the instance's own */
function passwordOf(instance: Instance, request: HttpRequest): string {
  const body = bodyJson(request);
  const value: unknown = body.ok ? body.value : undefined;
  if (!CREDENTIALS.Check(value))
    throw new AgentError(400, "bad_password", `password: a text of 1 to ${PASSWORD_CHARS_MAX} characters`);
  if ("database" in value && value.database !== undefined && value.database !== instance.database)
    throw new AgentError(422, "unknown_database", "this instance has no such database");
  return value.password;
}

function* put(services: DataServices, instance: Instance, request: HttpRequest): Body<HttpReply> {
  requirePrimary(services, instance);
  const username = usernameOf(request);
  const password = passwordOf(instance, request);
  yield* applyFault(services, "credentials", instance);
  const isEverywhere = isPlanted(services.kernel, "credentials everywhere", instance);
  const neighbours = isEverywhere ? neighboursOf(services, instance) : [];
  const isNew = writeUser(services, instance, username, password);
  for (const each of neighbours) writeUser(services, each, username, password);
  yield* applyUsers(services, [instance, ...neighbours]);
  requireConfirmation(services, instance);
  return json(isNew ? 201 : 200, { username, database: instance.database });
}

function* remove(services: DataServices, instance: Instance, request: HttpRequest): Body<HttpReply> {
  requirePrimary(services, instance);
  yield* applyFault(services, "credentials", instance);
  const { username = "" } = request.params;
  if (isPlanted(services.kernel, "credentials keep", instance)) return json(200, { username });
  removeUser(services, instance, username);
  // Done even if the record was gone: an earlier attempt may have failed after that.
  yield* applyUsers(services, [instance]);
  requireConfirmation(services, instance);
  return json(200, { username });
}

function* list(services: DataServices, instance: Instance): Body<HttpReply> {
  requirePrimary(services, instance);
  return json(200, { usernames: [...(diskOf(services, instance)?.users.keys() ?? [])].sort() });
}

/** Users of the instance. */
export const credentialsRoutes = [
  agentRoute("GET", "/v1/credentials", list),
  agentRoute("PUT", "/v1/credentials/:username", put),
  agentRoute("DELETE", "/v1/credentials/:username", remove),
];
