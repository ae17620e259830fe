import {
  type Body,
  bodyJson,
  bodyText,
  defineService,
  empty,
  type HttpReply,
  type HttpRequest,
  json,
  on,
  type Route,
  type Service,
} from "../../kernel/index.ts";
import { DUMP_BYTES_MAX } from "../wire/dump.ts";
import { DataServiceError, type DataServiceErrorCode } from "../wire/errors.ts";
import { faultAt, isPlanted, type FaultStep } from "../faults.ts";
import { stop } from "../behaviour/instances.ts";
import { equalInConstantTime } from "../wire/scram.ts";
import { type DataServices, neighboursOf } from "../behaviour/services.ts";
import type { Instance } from "../state.ts";
import { removeUser, writeUser } from "../behaviour/users.ts";
import { virtualDump, virtualRestore } from "../behaviour/virtual.ts";
import { AgentError, basicOf } from "../wire/agent-errors.ts";

const USERNAME = /^[a-z][a-z0-9_]{0,62}$/;
/** Names that the server or the platform keeps for itself. */
const RESERVED = /^(pg_.*|postgres|public|none|cfuser|drydock.*)$/;
/** Longer than any that a broker mints; each costs a key derivation. */
const PASSWORD_CHARS_MAX = 200;

type Handler = (services: DataServices, instance: Instance, request: HttpRequest) => Body<HttpReply>;

/** The VM is known by the address at which it was reached. */
function instanceAt({ slot }: DataServices, request: HttpRequest): Instance | undefined {
  const instance = slot.value.instances.get(new URL(request.origin).hostname);
  return instance === undefined || String(instance.agent.port) !== portOf(request) ? undefined : instance;
}

const portOf = ({ origin }: HttpRequest): string => new URL(origin).port || "80";

function authenticate(services: DataServices, request: HttpRequest): HttpReply | undefined {
  const instance = instanceAt(services, request);
  // No data service on this VM, so no agent of one: nobody listens.
  if (instance === undefined) return { status: 0, wire: { kind: "reset" } };
  const { username, password } = basicOf(request.headers.authorization);
  // Both are compared, whatever the first comparison says.
  const isUser = equalInConstantTime(username, instance.agent.username);
  const isPassword = equalInConstantTime(password, instance.agent.password);
  return isUser && isPassword ? undefined : new AgentError(401, "unauthorized", "wrong or missing credentials").reply;
}

/** Runs a handler for the instance reached, as a process of the world; what it throws becomes the agent's error. */
function withInstance(handler: Handler): Route<DataServices>["handler"] {
  return function* (services, request): Body<HttpReply> {
    const instance = instanceAt(services, request) as Instance;
    try {
      return yield* handler(services, instance, request);
    } catch (error) {
      return refusalOf(error);
    }
  };
}

const STATUSES: Partial<Record<DataServiceErrorCode, number>> = {
  DS_NOT_A_DUMP: 422,
  DS_FOREIGN_DUMP: 422,
  DS_NOT_RESTORED: 422,
  // No 5xx: asking again changes nothing.
  DS_DUMP_TOO_LARGE: 422,
  DS_NOT_COVERED: 422,
  DS_NOT_SIMULATED: 501,
  DS_REFUSED: 503,
};

function refusalOf(error: unknown): HttpReply {
  if (error instanceof AgentError) return error.reply;
  if (error instanceof DataServiceError) {
    return new AgentError(STATUSES[error.code] ?? 500, error.code.toLowerCase(), error.message).reply;
  }
  return new AgentError(500, "server_failed", `the data service failed (${reasonOf(error)})`).reply;
}

/** A message of the server may quote data, and so may one of the language: their codes and names say enough. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "no error was given";
  if ("severity" in error && "code" in error) return `SQLSTATE ${String(error.code)}`;
  return error.name === "Error" || "code" in error ? error.message : error.name;
}

function requirePrimary(instance: Instance): void {
  if (instance.state !== "running") throw new AgentError(503, "not_running", "the data service does not run");
  if (instance.role !== "primary") throw new AgentError(409, "not_primary", "ask the primary of the group");
}

/** @throws AgentError the step's armed failure; `vanish` takes the service away first */
function* applyFault(services: DataServices, step: FaultStep, instance: Instance): Body {
  const effect = faultAt(services.kernel, step, instance);
  if (effect?.kind === "delay") yield* services.kernel.faults.delay(effect);
  if (effect?.kind === "stuck" && !(yield* services.kernel.faults.stuck(effect)))
    throw new AgentError(504, `${step}_failed`, "no answer in time");
  if (effect?.kind === "error") throw new AgentError(500, `${step}_failed`, effect.message);
  if (effect?.kind === "vanish") {
    stop(services, instance.address, instance.kind);
    throw new AgentError(0, "vanished", "");
  }
}

type Outcome<T> = { readonly value: T } | { readonly error: unknown };

/**
 * Waits for work on a real server. The handler stays a process of the world: it sleeps on a signal of the kernel that the edge
 * fires when its promise settles, and goes on in an event of its own. Only for worlds that follow the wall.
 */
function* awaitReal<T>({ kernel }: DataServices, work: Promise<T>): Body<T> {
  const settled = kernel.signal<Outcome<T>>();
  work.then(
    (value) => settled.fire({ value }),
    (error: unknown) => settled.fire({ error }),
  );
  const outcome = yield* on(settled);
  if ("error" in outcome) throw outcome.error;
  return outcome.value;
}

function realOf(services: DataServices, instance: Instance): DataServices["real"] {
  if (!services.real?.covers(instance)) return undefined;
  // Real data is no part of a snapshot, so what was done to it can't be done again.
  if (services.kernel.replaying) throw new DataServiceError("DS_NOT_SIMULATED", "real data is not in a snapshot");
  return services.real;
}

function* applyUsers(services: DataServices, instances: readonly Instance[]): Body {
  for (const instance of instances) {
    const real = realOf(services, instance);
    if (real !== undefined) yield* awaitReal(services, real.applyUsers(instance));
  }
}

function* status(_services: DataServices, { state, role }: Instance): Body<HttpReply> {
  return json(200, { state, role });
}

function credentialsOf(instance: Instance, request: HttpRequest): { password: string; database: string } {
  const body = bodyJson(request);
  const fields = body.ok ? (body.value as Readonly<Record<string, unknown>> | null) : null;
  const { password, database } = fields ?? {};
  if (typeof password !== "string" || password === "" || password.length > PASSWORD_CHARS_MAX)
    throw new AgentError(400, "bad_password", `password: a text of 1 to ${PASSWORD_CHARS_MAX} characters`);
  if (database !== undefined && database !== instance.database)
    throw new AgentError(422, "unknown_database", "this instance has no such database");
  return { password, database: instance.database };
}

function* putCredentials(services: DataServices, instance: Instance, request: HttpRequest): Body<HttpReply> {
  requirePrimary(instance);
  const username = request.params.username ?? "";
  if (!USERNAME.test(username) || RESERVED.test(username))
    throw new AgentError(400, "bad_username", `a user name matches ${USERNAME.source} and is not reserved`);
  const { password, database } = credentialsOf(instance, request);
  yield* applyFault(services, "credentials", instance);
  const everywhere = isPlanted(services.kernel, "credentials everywhere", instance);
  const neighbours = everywhere ? neighboursOf(services, instance) : [];
  const isNew = writeUser(services, instance, username, password);
  for (const each of neighbours) writeUser(services, each, username, password);
  yield* applyUsers(services, [instance, ...neighbours]);
  return json(isNew ? 201 : 200, { username, database });
}

function* deleteCredentials(services: DataServices, instance: Instance, request: HttpRequest): Body<HttpReply> {
  requirePrimary(instance);
  yield* applyFault(services, "credentials", instance);
  if (isPlanted(services.kernel, "credentials keep", instance)) return empty(204);
  removeUser(services, instance, request.params.username ?? "");
  // Also when the record was gone: an earlier attempt may have failed after it.
  yield* applyUsers(services, [instance]);
  return empty(204);
}

function requireData({ kind }: Instance): void {
  if (kind !== "postgresql") throw new DataServiceError("DS_NOT_SIMULATED", `the data of ${kind}`);
}

function* dump(services: DataServices, instance: Instance): Body<HttpReply> {
  requirePrimary(instance);
  requireData(instance);
  yield* applyFault(services, "dump", instance);
  const { kernel } = services;
  const disclosed = isPlanted(kernel, "dump wrong-neighbour", instance)
    ? neighboursOf(services, instance)[0]
    : undefined;
  const from = disclosed ?? instance;
  const defects = {
    isTorn: isPlanted(kernel, "dump torn-snapshot", instance),
    isShort: isPlanted(kernel, "dump lost-tail", instance),
  };
  const real = realOf(services, from);
  const body =
    real === undefined
      ? yield* virtualDump(services, from, defects)
      : yield* awaitReal(services, real.dump(from, defects));
  kernel.record("dataservices", "dump.done", instance.address, { deployment: instance.deployment, bytes: body.length });
  return { status: 200, headers: { "Content-Type": "application/octet-stream" }, body };
}

function* restore(services: DataServices, instance: Instance, request: HttpRequest): Body<HttpReply> {
  requirePrimary(instance);
  requireData(instance);
  const bytes = typeof request.body === "string" ? Buffer.from(bodyText(request)) : request.body;
  yield* applyFault(services, "restore", instance);
  const { kernel } = services;
  const defects = {
    isAppending: isPlanted(kernel, "restore append", instance),
    isTrusting: isPlanted(kernel, "restore skip-verification", instance),
    keepsSessions: isPlanted(kernel, "restore keep-sessions", instance),
  };
  const hit = isPlanted(kernel, "restore wrong-neighbour", instance) ? neighboursOf(services, instance)[0] : undefined;
  for (const target of hit === undefined ? [instance] : [instance, hit]) {
    const real = realOf(services, target);
    if (real === undefined) yield* virtualRestore(services, target, bytes, defects);
    else yield* awaitReal(services, real.restore(target, bytes, defects));
    kernel.record("dataservices", "restore.done", target.address, { deployment: target.deployment });
  }
  return json(200, { restored: true });
}

const AUTH = "basic, the job's property `agent`";
const CLIENTS = ["broker"];
const route = (method: string, path: string, handler: Handler): Route<DataServices> => ({
  method,
  path,
  auth: AUTH,
  clients: CLIENTS,
  handler: withInstance(handler),
});

/** The agent that stands beside the data service on each VM, for the platform alone: one service, many addresses. */
export function createAgent(services: DataServices): Service {
  return defineService<DataServices>({
    name: "dataservice-agent",
    kernel: services.kernel,
    sim: services,
    bodyBytesMax: DUMP_BYTES_MAX + 1024,
    before: authenticate,
    unmatched: (_services, _request, allowed) =>
      allowed.length > 0
        ? new AgentError(405, "method_not_allowed", `allowed: ${allowed.join(", ")}`).reply
        : new AgentError(404, "not_found", "no such resource").reply,
    routes: [
      route("GET", "/v1/status", status),
      route("PUT", "/v1/credentials/:username", putCredentials),
      route("DELETE", "/v1/credentials/:username", deleteCredentials),
      route("POST", "/v1/dumps", dump),
      route("POST", "/v1/restores", restore),
    ],
  });
}
