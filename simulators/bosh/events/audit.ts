import type { Body } from "../../kernel/index.ts";
import { type Director, nowSeconds } from "../state/director.ts";
import type { AuditEvent } from "../state/events.ts";
import type { Task } from "../state/tasks.ts";
import { messageOf } from "../wire/errors.ts";

const EVENTS_MAX = 10_000;

/** How many of the oldest events are dropped at once. */
const TRIM = 1000;

/** The content of an audit event; everything else comes from the task. */
interface AuditEntry {
  readonly action: string;
  readonly type: string;
  readonly name?: string | null;
  readonly deployment?: string | null;
  readonly instance?: string | null;
  readonly context?: Readonly<Record<string, unknown>>;
  readonly error?: string | null;
  readonly parent?: number;
  /** Unix seconds. Default: now. */
  readonly timestamp?: number;
}

/** Writes an audit event and returns its id (docs/discoveries/bosh-director.md, "Audit events"). */
export function audit(director: Director, by: Task | string, what: AuditEntry): number {
  const { events } = director.slot.value;
  const id = (events.at(-1)?.id ?? 0) + 1;
  const event: AuditEvent = {
    id,
    parentId: what.parent ?? null,
    timestamp: what.timestamp ?? nowSeconds(director),
    user: typeof by === "string" ? by : by.user,
    action: what.action,
    objectType: what.type,
    objectName: what.name ?? null,
    error: what.error ?? null,
    task: typeof by === "string" ? null : by.id,
    deployment: what.deployment ?? null,
    instance: what.instance ?? null,
    context: what.context ?? {},
  };
  events.push(event);
  if (events.length > EVENTS_MAX + TRIM) events.splice(0, TRIM);
  return id;
}

/** Writes a pair of audit events around some work: the second names the first, and the error if there was one. */
export function* withAudit<T>(
  director: Director,
  task: Task,
  what: Parameters<typeof audit>[2],
  body: Body<T>,
  nameAfter?: (value: T) => string,
): Body<T> {
  const parent = audit(director, task, what);
  const { context: _begun, ...rest } = what;
  try {
    const value = yield* body;
    audit(director, task, { ...rest, ...(nameAfter && { name: nameAfter(value) }), parent });
    return value;
  } catch (error) {
    audit(director, task, { ...rest, parent, error: messageOf(error) });
    throw error;
  }
}
