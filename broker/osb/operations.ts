import type { FastifyReply } from "fastify";
import { asyncRequired, OsbError, StoreError } from "../errors.ts";
import type { Executor } from "../operations/executor.ts";
import type { OperationContext } from "../operations/context.ts";
import type { OperationKind } from "../store/schema.ts";
import type { QuotaRule } from "../store/quotas.ts";
import type { NewRecord, Operation } from "../store/store.ts";
import { currentTraceparent } from "../observe/tracing.ts";
import { optionalText } from "./fields.ts";
import { newId } from "./ids.ts";
import { currentActor } from "./scope.ts";

/** The query of a route. */
export type RouteQuery = Readonly<Record<string, string | undefined>>;

/** A route of a resource: the parameters of its path, its query, and a body that has not been checked yet. */
export interface ResourceRoute<Params> {
  Params: Params;
  Querystring: RouteQuery;
  Body: unknown;
}

/** The context of one control plane's routes. */
export interface ControlPlane {
  readonly context: OperationContext;
  readonly executor: Executor;
}

/** The body of an answer. */
export type AnswerBody = Readonly<Record<string, unknown>>;

/** Seconds after which a platform should poll again, at pace 1. */
const RETRY_AFTER_S = 10;

interface OperationOrder {
  readonly instanceId: string;
  readonly bindingId?: string;
  readonly kind: OperationKind;
  /** See `operations/payloads.ts`. Default: empty. */
  readonly payload?: object;
}

/** Makes a new operation, which is not stored yet. */
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
  worker: context.store.worker.name,
  fence: 1,
  traceparent: currentTraceparent(),
});

/**
 * Stores an operation, and the record that it makes, before any work on it: from now on the instance is busy, and any running broker will continue
 * it. Returns false if the instance was already busy, or the record's id is taken.
 *
 * @param quotas the quotas that must have room for it. Default: none
 * @throws StoreError, QuotaError
 */
export const openOperation = (
  controlPlane: ControlPlane,
  operation: Operation,
  record?: NewRecord,
  quotas: readonly QuotaRule[] = [],
): Promise<boolean> =>
  resumeIfLost(
    controlPlane,
    controlPlane.context.store.openOperation(operation, { actor: currentActor(), quotas, ...(record && { record }) }),
  );

/** Stores an operation that waits until the one in progress has ended. Returns it as it was stored. @throws StoreError */
export async function openBehind(controlPlane: ControlPlane, operation: Operation): Promise<Operation> {
  const waiting = { ...operation, busy: null };
  await resumeIfLost(controlPlane, controlPlane.context.store.enqueue(waiting, currentActor()));
  return waiting;
}

async function resumeIfLost<T>({ executor }: ControlPlane, change: Promise<T>): Promise<T> {
  try {
    return await change;
  } catch (error) {
    // The answer of the store was lost, but the operation may be open.
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
 * Answers a poll. Returns the operation that it is about, and the body.
 *
 * @param given the query's `operation`; without one, the newest is meant
 * @throws OsbError 400 if `given` is not an operation of the polled resource
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
