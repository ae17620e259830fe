import type { FastifyReply } from "fastify";
import { concurrency } from "../../errors.ts";
import type { Operation } from "../../store/store.ts";
import { checkOwnIds } from "../instances/lookup.ts";
import { checkOffer } from "../offering.ts";
import { type AnswerBody, type ControlPlane, newOperation, openBehind, openOperation } from "../operations.ts";
import { answerEnding } from "./ending.ts";
import { type BindingRequest, findOwnBinding, noBinding } from "./lookup.ts";

/** DELETE of a binding. @throws OsbError 400, 410, 422, 500, 503 */
export async function unbind(
  controlPlane: ControlPlane,
  request: BindingRequest,
  reply: FastifyReply,
): Promise<AnswerBody> {
  const { context } = controlPlane;
  checkOffer(context.service.offerings, request.query);
  const { instance, binding } = await findOwnBinding(context, request, 410);
  const bindingId = request.params.binding;
  const busy = await context.store.busyWith(instance.id);
  const isOurs = busy?.binding_id === bindingId;
  if (binding === undefined && !isOurs) throw noBinding(410);
  checkOwnIds(context, instance, request.query, true);
  if (busy?.kind === "unbind" && isOurs) return answerUnbind(controlPlane, request, busy, reply);
  const operation = newOperation(context, { instanceId: instance.id, bindingId, kind: "unbind" });
  if (busy?.kind === "bind" && isOurs)
    return answerUnbind(controlPlane, request, await openBehind(controlPlane, operation), reply);
  if (busy !== undefined || !(await openOperation(controlPlane, operation))) throw concurrency();
  return answerUnbind(controlPlane, request, operation, reply);
}

/** 202 to a platform that polls; to any other 200, once the binding is gone. */
const answerUnbind = (
  controlPlane: ControlPlane,
  request: BindingRequest,
  operation: Operation,
  reply: FastifyReply,
): Promise<AnswerBody> => answerEnding(controlPlane, request, operation, reply, () => ({}));
