import type { FastifyReply } from "fastify";
import { concurrency, OsbError } from "../../errors.ts";
import { parseObject } from "../../json.ts";
import { type OperationContext, planOf } from "../../operations/context.ts";
import { type UpdatePayload, updatePayload } from "../../operations/payloads.ts";
import { MAINTENANCE_VERSION, mayBecome } from "../../spi/catalog.ts";
import type { InstanceRow } from "../../store/schema.ts";
import type { Operation } from "../../store/store.ts";
import { canonical } from "../canonical.ts";
import { objectBody, optionalObject, type RequestBody } from "../fields.ts";
import { checkMaintenance, checkService, findPlan, instanceParameters } from "../offering.ts";
import {
  acceptedReply,
  type AnswerBody,
  type ControlPlane,
  newOperation,
  openOperation,
  requireAsync,
} from "../operations.ts";
import { type InstanceRequest, requireInstance, requireInUse } from "./lookup.ts";

/** The plan and parameters that a PATCH gives an instance, and whether they are new. @throws OsbError 400, 422 */
function changeOf(
  context: OperationContext,
  instance: InstanceRow,
  body: RequestBody,
): UpdatePayload & { readonly isNew: boolean } {
  const current = planOf(context, instance.plan_id);
  const plan = body.plan_id === undefined ? current : findPlan(context.service, body.plan_id);
  if (!mayBecome(current, plan))
    throw new OsbError(422, "An instance can grow and be replicated, not shrink: the plan change is not supported.");
  const before = parseObject(instance.parameters);
  const merged: Readonly<Record<string, unknown>> = {
    ...before,
    ...instanceParameters(context.service, body.parameters, "update"),
  };
  if (Number(merged.max_connections ?? 0) < Number(before.max_connections ?? 0))
    throw new OsbError(422, "parameters.max_connections can't be made smaller.");
  const isNew = plan !== current || canonical(merged) !== canonical(before) || instance.state !== "ready";
  return { planId: plan.id, parameters: canonical(merged), isNew };
}

/** Checks what can be judged without the instance. @throws OsbError 400, 422 */
function checkUpdate(context: OperationContext, body: RequestBody): void {
  checkService(context.service, body.service_id);
  if (body.plan_id !== undefined) findPlan(context.service, body.plan_id);
  optionalObject(body.previous_values, "previous_values");
  optionalObject(body.context, "context");
  instanceParameters(context.service, body.parameters, "update");
  checkMaintenance(body.maintenance_info, MAINTENANCE_VERSION);
}

/** PATCH of an instance. @throws OsbError 400, 404, 422 */
export async function update(
  controlPlane: ControlPlane,
  request: InstanceRequest,
  reply: FastifyReply,
): Promise<AnswerBody> {
  const { context, executor } = controlPlane;
  const body = objectBody(request.body);
  checkUpdate(context, body);
  const instance = await requireInstance(context, request.params.id, 404);
  await requireInUse(context, instance.id);
  const busy = await context.store.busyWith(instance.id);
  if (busy !== undefined && busy.kind !== "update") throw concurrency();
  if (instance.state !== "ready" && instance.state !== "broken")
    throw new OsbError(422, "The service instance is not in a state in which it can be updated.");
  const { isNew, ...payload } = changeOf(context, instance, body);
  if (busy !== undefined) return answerRepeatedUpdate(busy, payload, reply);
  if (!isNew) return {};
  requireAsync(request.query);
  const operation = newOperation(context, { instanceId: instance.id, kind: "update", payload });
  if (!(await openOperation(controlPlane, operation))) throw concurrency();
  void executor.start(operation);
  return acceptedReply(reply, operation);
}

/** Answers a repetition of the change that is in progress as the first request was. @throws OsbError 422 for another change */
function answerRepeatedUpdate(busy: Operation, wanted: UpdatePayload, reply: FastifyReply): AnswerBody {
  if (canonical(updatePayload(busy)) !== canonical(wanted)) throw concurrency();
  return acceptedReply(reply, busy);
}
