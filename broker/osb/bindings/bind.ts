import type { FastifyReply } from "fastify";
import { badRequest, concurrency, OsbError } from "../../errors.ts";
import type { OperationContext } from "../../operations/context.ts";
import { type BindPayload, bindPayload } from "../../operations/payloads.ts";
import type { BindingRow, InstanceRow } from "../../store/schema.ts";
import { sealText } from "../../store/seal.ts";
import type { Operation } from "../../store/store.ts";
import { canonical, ownerOf } from "../canonical.ts";
import { objectBody, optionalObject, optionalText, type RequestBody } from "../fields.ts";
import { checkId, isId, randomHex } from "../ids.ts";
import { requireInstance, requireInUse } from "../instances/lookup.ts";
import { checkOffer } from "../offering.ts";
import { type AnswerBody, type ControlPlane, newOperation, openOperation } from "../operations.ts";
import { answerEnding } from "./ending.ts";
import { type BindingRequest, describeBinding } from "./lookup.ts";

/** Members of bind_resource that say whom a binding is for; others make no difference. */
const RESOURCE = ["app_guid", "space_guid", "route", "credential_client_id"] as const;

/**
 * A fingerprint of a bind request, which distinguishes an identical request from a different one.
 * @throws OsbError 400
 */
function fingerprintOf(instance: InstanceRow, body: RequestBody): string {
  const resource = optionalObject(body.bind_resource, "bind_resource");
  const osbContext = optionalObject(body.context, "context");
  if (Object.keys(optionalObject(body.parameters, "parameters")).length > 0)
    throw badRequest("parameters: a binding takes none.");
  return canonical({
    instance: instance.id,
    plan: body.plan_id,
    app: optionalText(body.app_guid, "app_guid"),
    predecessor: optionalText(body.predecessor_binding_id, "predecessor_binding_id"),
    resource: Object.fromEntries(RESOURCE.map((name) => [name, resource[name]])),
    owner: ownerOf(osbContext),
  });
}

/** Checks that a predecessor, if one is named, is a binding of this instance. Its successor exists next to it. @throws OsbError 400 */
async function checkPredecessor({ store }: OperationContext, instance: InstanceRow, id: unknown): Promise<void> {
  if (id === undefined) return;
  const predecessor = isId(id) ? await store.binding(id) : undefined;
  if (predecessor?.instance_id !== instance.id || predecessor.state !== "ready")
    throw badRequest("predecessor_binding_id is not a service binding of this service instance.");
}

const newBinding = (context: OperationContext, id: string, instance: InstanceRow, request: string): BindingRow => ({
  id,
  instance_id: instance.id,
  state: "creating",
  request,
  username: `a9s${randomHex(context, 20)}`,
  password: sealText(context.seal, randomHex(context, 32)),
  created_ms: context.host.nowMs(),
});

/** PUT of a binding. @throws OsbError 400, 404, 409, 422, 500, 503 */
export async function bind(
  controlPlane: ControlPlane,
  request: BindingRequest,
  reply: FastifyReply,
): Promise<AnswerBody> {
  const { context } = controlPlane;
  const id = checkId(request.params.binding);
  const body = objectBody(request.body);
  const plan = checkOffer(context.service.offerings, body);
  const instance = await requireInstance(context, request.params.id, 404);
  const fingerprint = fingerprintOf(instance, body);
  if (plan.id !== instance.plan_id) throw badRequest("plan_id is not the plan of this service instance.");
  const known = await context.store.binding(id);
  if (known?.state === "ready" && known.request === fingerprint)
    return describeBinding(context, request, instance, known);
  const busy = await context.store.busyWith(instance.id);
  if (busy?.kind === "bind" && busy.binding_id === id)
    return answerRepeatedBind(controlPlane, request, instance, busy, fingerprint, reply);
  if (known !== undefined) throw bindingConflict();
  if (busy !== undefined) throw concurrency();
  if (instance.state !== "ready") throw new OsbError(422, "The service instance is not ready to be bound.");
  await requireInUse(context, instance.id);
  await checkPredecessor(context, instance, body.predecessor_binding_id);
  const operation = await openBind(controlPlane, newBinding(context, id, instance, fingerprint));
  return answerBind(controlPlane, request, instance, operation, reply);
}

/** @throws OsbError 422 if another operation was quicker */
async function openBind(controlPlane: ControlPlane, row: BindingRow): Promise<Operation> {
  const payload: BindPayload = { row };
  const order = { instanceId: row.instance_id, bindingId: row.id, kind: "bind", payload } as const;
  const operation = newOperation(controlPlane.context, order);
  if (!(await openOperation(controlPlane, operation, { table: "bindings", row }))) throw concurrency();
  return operation;
}

const bindingConflict = (): OsbError => new OsbError(409, "A service binding with this id exists already.");

/** Answers a repetition of the bind that is in progress. @throws OsbError 409 for another bind */
function answerRepeatedBind(
  controlPlane: ControlPlane,
  request: BindingRequest,
  instance: InstanceRow,
  busy: Operation,
  fingerprint: string,
  reply: FastifyReply,
): Promise<AnswerBody> {
  if (bindPayload(busy).row.request !== fingerprint) throw bindingConflict();
  return answerBind(controlPlane, request, instance, busy, reply);
}

/** 202 to a platform that polls; to any other 201 with the binding itself, once it exists. */
function answerBind(
  controlPlane: ControlPlane,
  request: BindingRequest,
  instance: InstanceRow,
  operation: Operation,
  reply: FastifyReply,
): Promise<AnswerBody> {
  return answerEnding(controlPlane, request, operation, reply, () => {
    reply.code(201);
    return describeBinding(controlPlane.context, request, instance, bindPayload(operation).row);
  });
}
