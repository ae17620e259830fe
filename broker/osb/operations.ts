import type { FastifyReply } from "fastify";
import { asyncRequired, OsbError, StoreError } from "../errors.ts";
import type { Executor } from "../operations/executor.ts";
import type { OperationContext } from "../operations/context.ts";
import type { OperationKind } from "../store/schema.ts";
import type { Operation } from "../store/store.ts";
import { optionalText } from "./fields.ts";
import { newId } from "./ids.ts";

/** The query of a route. */
export type RouteQuery = Readonly<Record<string, string | undefined>>;

/** A route of a resource: the parameters of its path, its query, and a body that nobody has checked yet. */
export interface ResourceRoute<Params> {
  Params: Params;
  Querystring: RouteQuery;
  Body: unknown;
}

/** What the routes of one control plane work with. */
export interface ControlPlane {
  readonly context: OperationContext;
  readonly executor: Executor;
}

/** What goes out as the body of an answer. */
export type AnswerBody = Readonly<Record<string, unknown>>;

/** Seconds after which a platform should ask again, where simulated work takes its real time. */
const RETRY_AFTER_S = 10;

interface OperationOrder {
  readonly instanceId: string;
  readonly bindingId?: string;
  readonly kind: OperationKind;
  /** See `operations/payloads.ts`. Default: empty. */
  readonly payload?: object;
}

/** A new operation, not yet written down. */
export const newOperation = (
  context: OperationContext,
  { instanceId, bindingId, kind, payload }: OperationOrder,
): Operation => ({
  id: newId(context),
  instance_id: instanceId,
  binding_id: bindingId ?? "",
  kind,
  state: "in progress",
  description: "",
  payload: JSON.stringify(payload ?? {}),
  busy: instanceId,
  created_ms: context.host.nowMs(),
});

/**
 * Opens an operation: from now on the instance is busy, and a broker that starts again carries it on. False when the instance was busy
 * already. Nothing is done before this is written down.
 *
 * @throws StoreError
 */
export const openOperation = (controlPlane: ControlPlane, operation: Operation): Promise<boolean> =>
  resumeIfLost(controlPlane, controlPlane.context.store.claim(operation));

/** Opens an operation that waits until what is in progress has ended. Answers with it as it was written down. @throws StoreError */
export async function openBehind(controlPlane: ControlPlane, operation: Operation): Promise<Operation> {
  const waiting = { ...operation, busy: null };
  await resumeIfLost(controlPlane, controlPlane.context.store.enqueue(waiting));
  return waiting;
}

async function resumeIfLost<T>({ executor }: ControlPlane, change: Promise<T>): Promise<T> {
  try {
    return await change;
  } catch (error) {
    // An answer of the store that was lost may have opened it.
    if (error instanceof StoreError) executor.resumeLater();
    throw error;
  }
}

/** Refuses a platform that does not poll. @throws OsbError 422 AsyncRequired */
export function requireAsync(query: RouteQuery): void {
  if (query.accepts_incomplete !== "true") throw asyncRequired();
}

/** Answers 202 with the operation. */
export function acceptedReply(reply: FastifyReply, operation: Operation): AnswerBody {
  reply.code(202);
  return { operation: operation.id };
}

/**
 * Answers a poll: the operation that it is about, and what is said of it.
 *
 * @param given the query's `operation`; without one, the newest is meant
 * @throws OsbError 400 when what is given is no operation of what the poll is about
 */
export async function answerPoll(
  { context }: ControlPlane,
  newest: Operation,
  given: unknown,
  reply: FastifyReply,
): Promise<{ readonly operation: Operation; readonly body: AnswerBody }> {
  const id = optionalText(given, "operation");
  const operation = id === undefined || id === newest.id ? newest : await context.store.operation(id);
  const isOfResource = operation?.instance_id === newest.instance_id && operation.binding_id === newest.binding_id;
  if (operation === undefined || !isOfResource) throw new OsbError(400, "operation is not one of this resource.");
  const state = operation.state === "undoing" ? "in progress" : operation.state;
  const retryAfterS = Math.round(RETRY_AFTER_S * (context.config.pace ?? 1));
  if (state === "in progress" && retryAfterS > 0) reply.header("Retry-After", String(retryAfterS));
  return { operation, body: { state, ...(operation.description !== "" && { description: operation.description }) } };
}
