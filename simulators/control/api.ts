import {
  bodyJson,
  compileGlob,
  defineService,
  EFFECT_KINDS,
  EFFECTS,
  effectSchema,
  empty,
  type HttpReply,
  type HttpRequest,
  json,
  type Kernel,
  KernelError,
  parseRule,
  queryOf,
  type Route,
  RULE_SCHEMA,
  type Service,
  type Snapshot,
} from "../kernel/index.ts";
import { type ControlAccess, refusal, refusalOf } from "./access.ts";

/** The subjects of the control API: the kernel, and the world as a whole. */
interface ControlledWorld {
  readonly kernel: Kernel;
  /** The conservation laws that are broken now, one line each; empty when all hold. */
  findBrokenLaws(): readonly string[];
}

/** A fault rule is small; nothing else has a body. */
const BODY_BYTES_MAX = 1024 * 1024;
/** Events of one page. */
const EVENTS_MAX = 1000;
/** Snapshots kept; the oldest goes first. */
const SNAPSHOTS_MAX = 16;

interface ControlContext extends ControlledWorld {
  readonly snapshots: Map<number, Snapshot>;
  snapshotIds: number;
}

function arm({ kernel }: ControlContext, request: HttpRequest): HttpReply {
  const body = bodyJson(request);
  if (!body.ok) return refusal(400, "FAULT_BAD_RULE", `the fault rule is malformed: ${body.error}`);
  try {
    return json(201, { id: kernel.faults.arm(parseRule(body.value)) });
  } catch (error) {
    if (error instanceof KernelError) return refusal(400, error.code, error.message);
    throw error;
  }
}

/** Disarms one rule, or all of them. */
function disarm({ kernel }: ControlContext, request: HttpRequest): HttpReply {
  const { id } = request.params;
  if (id !== undefined && !kernel.faults.rules.some((rule) => String(rule.id) === id))
    return refusal(404, "CONTROL_NO_RULE", `there is no rule ${id}`);
  kernel.faults.disarm(id === undefined ? undefined : Number(id));
  return empty(204);
}

/** The points, or those that a pattern names: `?point=dns:*`. */
function points({ kernel }: ControlContext, request: HttpRequest): HttpReply {
  const isNamed = compileGlob(queryOf(request).get("point") ?? "*");
  return json(
    200,
    kernel.faults.points.filter(({ point }) => isNamed(point)),
  );
}

const effects = (): HttpReply =>
  json(
    200,
    EFFECT_KINDS.map((kind) => ({ kind, prose: EFFECTS[kind].prose, schema: effectSchema(kind) })),
  );

function events({ kernel }: ControlContext, request: HttpRequest): HttpReply {
  const query = queryOf(request);
  const after = Number(query.get("after") ?? 0);
  const limit = Math.min(EVENTS_MAX, Number(query.get("limit") ?? EVENTS_MAX));
  if (!Number.isInteger(after) || !Number.isInteger(limit) || limit < 1)
    return refusal(400, "CONTROL_BAD_QUERY", "after and limit are whole numbers");
  const { events: all } = kernel.journal;
  const first = all[0]?.seq ?? 1;
  const page = all.slice(Math.max(0, after + 1 - first), Math.max(0, after + 1 - first) + limit);
  return json(200, { events: page, oldest: first, newest: kernel.journal.seq });
}

function takeSnapshot(control: ControlContext): HttpReply {
  let snapshot: Snapshot;
  try {
    snapshot = control.kernel.snapshot();
  } catch (error) {
    if (error instanceof KernelError) return refusal(409, error.code, error.message);
    throw error;
  }
  const id = ++control.snapshotIds;
  control.snapshots.set(id, snapshot);
  for (const oldest of control.snapshots.keys()) {
    if (control.snapshots.size <= SNAPSHOTS_MAX) break;
    control.snapshots.delete(oldest);
  }
  return json(201, { id });
}

function restoreSnapshot(control: ControlContext, request: HttpRequest): HttpReply {
  const snapshot = control.snapshots.get(Number(request.params.id));
  if (snapshot === undefined) return refusal(404, "CONTROL_NO_SNAPSHOT", `there is no snapshot ${request.params.id}`);
  control.kernel.restore(snapshot);
  return empty(204);
}

const ROUTES: readonly Route<ControlContext>[] = [
  { method: "GET", path: "/_drydock/faults/points", handler: points },
  { method: "GET", path: "/_drydock/faults/effects", handler: effects },
  { method: "GET", path: "/_drydock/faults", handler: ({ kernel }) => json(200, kernel.faults.rules) },
  { method: "POST", path: "/_drydock/faults", schema: RULE_SCHEMA, handler: arm },
  { method: "DELETE", path: "/_drydock/faults", handler: disarm },
  { method: "DELETE", path: "/_drydock/faults/:id", handler: disarm },
  { method: "GET", path: "/_drydock/events", handler: events },
  {
    method: "GET",
    path: "/_drydock/digest",
    handler: ({ kernel }) =>
      json(200, { digest: kernel.journal.digest, events: kernel.journal.seq, nowMs: kernel.nowMs }),
  },
  { method: "GET", path: "/_drydock/laws", handler: (control) => json(200, { broken: control.findBrokenLaws() }) },
  { method: "POST", path: "/_drydock/snapshots", handler: takeSnapshot },
  { method: "POST", path: "/_drydock/snapshots/:id/restore", handler: restoreSnapshot },
];

/** Answers are for the caller only: no cache keeps them, and no browser takes them for a page or a script. */
const PRIVATE = { "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff" } as const;

/**
 * Steers a world over HTTP, in any language: faults, the journal, snapshots, the laws. Not part of the simulated cloud, so its requests are
 * no inputs of a snapshot (arming a fault is one by itself) and it has no fault points of its own. Every request, even one for an unknown
 * path, must carry what `access` asks for.
 */
export function createControl(controlled: ControlledWorld, access: ControlAccess): Service {
  const service = defineService<ControlContext>({
    name: "control",
    kernel: controlled.kernel,
    sim: { ...controlled, snapshots: new Map(), snapshotIds: 0 },
    routes: ROUTES,
    infallible: true,
    bodyBytesMax: BODY_BYTES_MAX,
    before: (_control, request) => refusalOf(access, request),
    after: (_control, _request, reply) => ({ ...reply, headers: { ...PRIVATE, ...reply.headers } }),
    unmatched: (_control, request) => refusal(404, "CONTROL_NO_ROUTE", `there is no ${request.method} ${request.path}`),
  });
  return { ...service, receive: service.call };
}
