import { Ajv, type ValidateFunction } from "ajv";
import {
  bodyJson,
  defineService,
  empty,
  type FaultRule,
  type HttpReply,
  type HttpRequest,
  json,
  type Kernel,
  KernelError,
  queryOf,
  type Route,
  type Service,
  type Snapshot,
} from "../kernel/index.ts";
import { type ControlAccess, refusal, refusalOf } from "./access.ts";

/** What the control API steers: the kernel, and what the world as a whole can say of itself. */
export interface Controlled {
  readonly kernel: Kernel;
  /** The conservation laws that are broken now, one line each; empty when all hold. */
  brokenLaws(): readonly string[];
}

/** A fault rule is small; nothing else has a body. */
const BODY_BYTES_MAX = 1024 * 1024;
/** Events of one page. */
const EVENTS_MAX = 1000;
/** Snapshots kept; the oldest goes first. */
const SNAPSHOTS_MAX = 16;

const TEXT = { type: "string", maxLength: 1000 } as const;
const COUNT = { type: "integer", minimum: 0 } as const;

/** One effect, told by its kind; see the kernel's `Effect`. */
const effect = (
  kind: string,
  required: Record<string, object> = {},
  optional: Record<string, object> = {},
): object => ({
  type: "object",
  properties: { kind: { const: kind }, ...required, ...optional },
  required: ["kind", ...Object.keys(required)],
});

/** JSON Schema of a fault rule; see the kernel's `FaultRule`. */
const RULE_SCHEMA = {
  type: "object",
  additionalProperties: false,
  required: ["point", "effect"],
  properties: {
    point: TEXT,
    match: { type: "object", additionalProperties: TEXT },
    skip: COUNT,
    count: { type: ["integer", "null"], minimum: 1 },
    probability: { type: "number", minimum: 0, maximum: 1 },
    effect: {
      type: "object",
      required: ["kind"],
      discriminator: { propertyName: "kind" },
      oneOf: [
        effect(
          "reply",
          { status: { type: "integer", minimum: 100, maximum: 599 } },
          { body: {}, headers: { type: "object", additionalProperties: TEXT } },
        ),
        effect("delay", { delayMs: { ...COUNT, maximum: 86_400_000 } }),
        effect("reset"),
        effect("lost-reply"),
        effect("truncate", { bytes: COUNT }),
        effect("error", { message: TEXT }, { code: { type: "integer" } }),
        effect("stuck"),
        effect("vanish"),
        effect("stale", { ageMs: COUNT }),
      ],
    },
  },
};

/** Of objects and arrays within each other: what a rule carries is printed and copied, each a call a level. */
const DEPTH_MAX = 100;

function isTooDeep(value: unknown): boolean {
  let level: readonly unknown[] = [value];
  for (let depth = 0; depth <= DEPTH_MAX; depth++) {
    level = level.flatMap((each) => (typeof each === "object" && each !== null ? Object.values(each) : []));
    if (level.length === 0) return false;
  }
  return true;
}

/** Compiled when the first rule comes: most worlds never see one. */
let compiled: ValidateFunction | undefined;

/** What is wrong with a rule; `undefined` when nothing is. */
function faultOf(rule: unknown): string | undefined {
  if (isTooDeep(rule)) return `it is more than ${DEPTH_MAX} levels deep`;
  compiled ??= new Ajv({ discriminator: true, strictTypes: false }).compile(RULE_SCHEMA);
  if (compiled(rule)) return undefined;
  const [first] = compiled.errors ?? [];
  return `${first?.instancePath ?? ""} ${first?.message ?? ""}`;
}

interface Control extends Controlled {
  readonly snapshots: Map<number, Snapshot>;
  snapshotIds: number;
}

function arm({ kernel }: Control, request: HttpRequest): HttpReply {
  const body = bodyJson(request);
  const fault = body.ok ? faultOf(body.value) : body.error;
  if (!body.ok || fault !== undefined) return refusal(400, "FAULT_BAD_RULE", `the fault rule is malformed: ${fault}`);
  try {
    return json(201, { id: kernel.faults.arm(body.value as FaultRule) });
  } catch (error) {
    if (error instanceof KernelError) return refusal(400, error.code, error.message);
    throw error;
  }
}

function disarm({ kernel }: Control, request: HttpRequest): HttpReply {
  const { id } = request.params;
  kernel.faults.disarm(id === undefined ? undefined : Number(id));
  return empty(204);
}

function events({ kernel }: Control, request: HttpRequest): HttpReply {
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

function capture(control: Control): HttpReply {
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

function bringBack(control: Control, request: HttpRequest): HttpReply {
  const snapshot = control.snapshots.get(Number(request.params.id));
  if (snapshot === undefined) return refusal(404, "CONTROL_NO_SNAPSHOT", `there is no snapshot ${request.params.id}`);
  control.kernel.restore(snapshot);
  return empty(204);
}

const ROUTES: readonly Route<Control>[] = [
  { method: "GET", path: "/_drydock/faults/points", handler: ({ kernel }) => json(200, kernel.faults.points) },
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
  { method: "GET", path: "/_drydock/laws", handler: (control) => json(200, { broken: control.brokenLaws() }) },
  { method: "POST", path: "/_drydock/snapshots", handler: capture },
  { method: "POST", path: "/_drydock/snapshots/:id/restore", handler: bringBack },
];

/** Answers are for who asked: no cache keeps them, and no browser takes them for a page or a script. */
const PRIVATE = { "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff" } as const;

/**
 * Steers a world over HTTP, in any language: faults, the journal, snapshots, the laws. Not part of the simulated cloud, so
 * its requests are no inputs of a snapshot (arming a fault is one by itself) and it has no fault points of its own. Every request, also one for
 * a path that nothing answers, must bring what `access` asks for.
 */
export function createControl(controlled: Controlled, access: ControlAccess): Service {
  const service = defineService<Control>({
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
