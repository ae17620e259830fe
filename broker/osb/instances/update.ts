import type { FastifyReply } from "fastify";
import { badRequest, concurrency, OsbError } from "../../errors.ts";
import { isObject, parseObject } from "../../json.ts";
import { type OperationContext, planOf } from "../../operations/context.ts";
import { type UpdatePayload, updatePayload } from "../../operations/payloads.ts";
import { isSameMaintenance, maintenanceOf } from "../../spi/maintenance.ts";
import { mayBecome, type Plan } from "../../spi/services/service.ts";
import type { InstanceRow } from "../../store/schema.ts";
import type { Operation } from "../../store/store.ts";
import { canonical } from "../canonical.ts";
import { objectBody, optionalObject, type RequestBody } from "../fields.ts";
import { checkMaintenance, findOffering, findPlan, instanceParameters } from "../offering.ts";
import {
  acceptedReply,
  type AnswerBody,
  type ControlPlane,
  newOperation,
  openOperation,
  requireAsync,
} from "../operations.ts";
import { quotasOfPlan, refuseQuota } from "../quotas.ts";
import { type InstanceRequest, requireInstance, requireInUse } from "./lookup.ts";

/** The plan and parameters that a PATCH gives an instance, and whether they are new. @throws OsbError 400, 422 */
function changeOf(
  context: OperationContext,
  instance: InstanceRow,
  body: RequestBody,
): UpdatePayload & { readonly isNew: boolean } {
  const current = planOf(context, instance.plan_id);
  if (body.service_id !== current.offeringId) throw badRequest("service_id is not the service of this instance.");
  const plan = wantedPlan(context, current, body.plan_id);
  const before = parseObject(instance.parameters);
  const merged: Readonly<Record<string, unknown>> = {
    ...before,
    ...instanceParameters(context.service, body.parameters, "update"),
  };
  for (const name of context.service.growing)
    if (Number(merged[name] ?? 0) < Number(before[name] ?? 0))
      throw new OsbError(422, `parameters.${name} can't be made smaller.`);
  const made = maintenanceOf(instance.maintenance, context.catalog.maintenance);
  // A request without a version leaves it unchanged (OSB, "Maintenance Info Object").
  const maintenance = isObject(body.maintenance_info) ? context.catalog.maintenance : made;
  const isChange = plan.id !== current.id || canonical(merged) !== canonical(before);
  const isNew = isChange || !isSameMaintenance(made, maintenance) || instance.state !== "ready";
  return { planId: plan.id, parameters: canonical(merged), maintenance: JSON.stringify(maintenance), isNew };
}

/** The plan that an instance is to have: its own, offered or not, or one that is offered. @throws OsbError 400, 422 */
function wantedPlan({ service, catalog }: OperationContext, current: Plan, id: unknown): Plan {
  if (id === undefined || id === current.id) return current;
  if (!mayBecome(current, findPlan(service.offerings, id)))
    throw new OsbError(422, "The plan change is not supported: an instance grows and gets replicas, no more.");
  return findPlan(catalog.offerings, id);
}

/** Checks what can be judged without the instance. @throws OsbError 400, 422 */
function checkUpdate(context: OperationContext, body: RequestBody): void {
  findOffering(context.service.offerings, body.service_id);
  if (body.plan_id !== undefined) findPlan(context.service.offerings, body.plan_id);
  optionalObject(body.previous_values, "previous_values");
  optionalObject(body.context, "context");
  instanceParameters(context.service, body.parameters, "update");
  checkMaintenance(body.maintenance_info, context.catalog.maintenance.version);
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
  const plan = planOf(context, payload.planId);
  const quotas = plan.id === instance.plan_id ? [] : quotasOfPlan(context, plan);
  if (!(await openOperation(controlPlane, operation, undefined, quotas).catch(refuseQuota))) throw concurrency();
  void executor.start(operation);
  return acceptedReply(reply, operation);
}

/** Answers a repetition of the change that is in progress as the first request was. @throws OsbError 422 for another change */
function answerRepeatedUpdate(busy: Operation, wanted: UpdatePayload, reply: FastifyReply): AnswerBody {
  if (canonical(updatePayload(busy)) !== canonical(wanted)) throw concurrency();
  return acceptedReply(reply, busy);
}
