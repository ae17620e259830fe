import type { Readable } from "node:stream";
import { type Body, type HttpReply, type HttpRequest, json, queryOf, type Upload } from "../../kernel/index.ts";
import { requireSimulatedData } from "../behaviour/instances.ts";
import { diskOf, membersOf, neighboursOf } from "../behaviour/replication.ts";
import { isNothing } from "../behaviour/real-work.ts";
import type { DataServices, KeptFile, RestoreDefects } from "../behaviour/services.ts";
import { virtualRestore } from "../behaviour/virtual.ts";
import { isPlanted } from "../faults.ts";
import type { Instance } from "../state.ts";
import { AgentError } from "../wire/agent-errors.ts";
import { streamOf } from "../wire/dump-stream.ts";
import { DUMP_BYTES_MAX } from "../wire/dump.ts";
import { DataServiceError } from "../wire/errors.ts";
import { agentRoute, applyFault, instanceAt, isAgentsLogin, realServersOf, requirePrimary } from "./agent-route.ts";

/** A dump of a real server goes to a file; one of the virtual plane is small. */
const REAL_BYTES_MAX = 1024 ** 4;
/** How many restores a disk remembers. */
const RESTORED_MAX = 50;
const NAME = /^[\w.-]{1,100}$/;

const isKept = (value: unknown): value is KeptFile => typeof value === "object" && value !== null && "path" in value;

/**
 * Receives a dump: into a file if a real server stands behind the instance, otherwise into memory. The body
 * of an unauthorised caller is not read.
 */
const uploadTo = (services: DataServices): Upload => ({
  bodyBytesMax: REAL_BYTES_MAX,
  receive: async (stream: Readable, request: HttpRequest): Promise<unknown> => {
    const instance = instanceAt(services, request);
    if (instance === undefined || !isAgentsLogin(instance, request)) return undefined;
    if (services.real?.covers(instance)) return services.real.keep(stream);
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of stream) {
      bytes += Buffer.from(chunk).length;
      if (bytes > DUMP_BYTES_MAX) throw new DataServiceError("DS_DUMP_TOO_LARGE", `${DUMP_BYTES_MAX} bytes`);
      chunks.push(Buffer.from(chunk));
    }
    return new Uint8Array(Buffer.concat(chunks));
  },
});

const bytesOf = ({ received, body }: HttpRequest): Uint8Array => {
  if (received instanceof Uint8Array) return received;
  return typeof body === "string" ? Buffer.from(body) : body;
};

/** The name of a restore that may be repeated; undefined if it has none. @throws AgentError 400 */
function nameOf({ headers }: HttpRequest): string | undefined {
  const name = headers["idempotency-key"];
  if (name === undefined || NAME.test(name)) return name;
  throw new AgentError(400, "bad_name", `Idempotency-Key matches ${NAME.source}`);
}

const isDone = (services: DataServices, instance: Instance, name: string): boolean =>
  diskOf(services, instance)?.restored.includes(name) === true;

/** Every node of the group remembers it, because any of them may be the primary when the request is repeated. */
function remember(services: DataServices, instance: Instance, name: string): void {
  for (const member of membersOf(services, instance)) {
    const disk = diskOf(services, member);
    if (disk !== undefined) disk.restored = [...disk.restored, name].slice(-RESTORED_MAX);
  }
}

const DONE = json(200, { restored: true });

/** The moment that a query names, in ms since the Unix epoch. @throws AgentError 400 */
function targetMsOf(request: HttpRequest): number | undefined {
  const given = queryOf(request).get("at_ms");
  if (given === null) return undefined;
  if (/^\d{1,15}$/.test(given)) return Number(given);
  throw new AgentError(400, "bad_time", "at_ms: ms since the Unix epoch");
}

/** The work that replaces the data of one instance with the dump of a request. */
type Restoring = (target: Instance, defects: RestoreDefects) => Body;

function restorer(services: DataServices, request: HttpRequest, name: string | undefined): Restoring {
  const atMs = targetMsOf(request);
  return function* (instance, defects) {
    const real = realServersOf(services, instance);
    if (real === undefined) {
      if (atMs !== undefined) throw new DataServiceError("DS_NOT_SIMULATED", "a moment after the dump");
      return yield* virtualRestore(services, instance, bytesOf(request), defects);
    }
    const dump = isKept(request.received)
      ? request.received
      : yield* services.realWork.await(real.keep(streamOf(bytesOf(request))), isKept);
    const log = services.stagedLogs.get(stageOf(instance, name)) ?? new Map<string, KeptFile>();
    const target = atMs === undefined ? {} : { target: { atMs, log } };
    yield* services.realWork.await(real.restore(instance, { dump, defects, ...target }), isNothing);
  };
}

/** The key of what belongs to one restore. */
const stageOf = ({ address }: Instance, name: string | undefined): string => `${address} ${name ?? ""}`;

function* create(services: DataServices, instance: Instance, request: HttpRequest): Body<HttpReply> {
  const name = nameOf(request);
  const order = stageOf(instance, name);
  if (name !== undefined && services.restoring.has(order))
    throw new AgentError(409, "in_progress", "this restore is in progress");
  services.restoring.add(order);
  try {
    return yield* restore(services, instance, request);
  } finally {
    services.restoring.delete(order);
    if (isKept(request.received)) void services.real?.forget(request.received);
    services.stagedLogs.delete(order);
  }
}

function* restore(services: DataServices, instance: Instance, request: HttpRequest): Body<HttpReply> {
  requirePrimary(services, instance);
  requireSimulatedData(services, instance);
  const name = nameOf(request);
  if (name !== undefined && isDone(services, instance, name)) return DONE;
  yield* applyFault(services, "restore", instance);
  const { kernel } = services;
  const defects = {
    isAppending: isPlanted(kernel, "restore append", instance),
    isTrusting: isPlanted(kernel, "restore skip-verification", instance),
    keepsSessions: isPlanted(kernel, "restore keep-sessions", instance),
  };
  const isStraying = isPlanted(kernel, "restore wrong-neighbour", instance);
  const neighbours = isStraying ? neighboursOf(services, instance).slice(0, 1) : [];
  const perform = restorer(services, request, name);
  for (const target of [instance, ...neighbours]) {
    yield* perform(target, defects);
    kernel.record("dataservices", "restore.done", target.address, { deployment: target.deployment });
  }
  if (name !== undefined) remember(services, instance, name);
  return DONE;
}

function* show(services: DataServices, instance: Instance, request: HttpRequest): Body<HttpReply> {
  const { name = "" } = request.params;
  if (isDone(services, instance, name)) return DONE;
  if (services.restoring.has(stageOf(instance, name))) return json(200, { restored: false, running: true });
  throw new AgentError(404, "not_found", "no such restore was done");
}

/** Keeps a file of the log for the restore that will need it. */
function* stage(services: DataServices, instance: Instance, request: HttpRequest): Body<HttpReply> {
  const { name = "", file = "" } = request.params;
  const real = realServersOf(services, instance);
  if (real === undefined) throw new DataServiceError("DS_NOT_SIMULATED", "a moment after the dump");
  if (!NAME.test(name) || !/^[0-9A-Z.a-z]{1,60}$/.test(file))
    throw new AgentError(400, "bad_name", "not the name of a file");
  const kept = isKept(request.received)
    ? request.received
    : yield* services.realWork.await(real.keep(streamOf(bytesOf(request))), isKept);
  const key = stageOf(instance, name);
  const files = services.stagedLogs.get(key) ?? new Map<string, KeptFile>();
  services.stagedLogs.set(key, files.set(file, kept));
  return json(200, { file });
}

/** Replaces all data with those of a dump. */
export const restoresRoutes = (services: DataServices) => [
  agentRoute("POST", "/v1/restores", create, uploadTo(services)),
  agentRoute("GET", "/v1/restores/:name", show),
  agentRoute("PUT", "/v1/restores/:name/log/:file", stage, uploadTo(services)),
];
