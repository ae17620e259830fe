import type { FastifyInstance, FastifyReply } from "fastify";
import { concurrency, OsbError } from "../../errors.ts";
import { parseObject } from "../../json.ts";
import { type OperationContext, planOf } from "../../operations/context.ts";
import { maintenanceOf } from "../../spi/maintenance.ts";
import { checkOptionalOffer } from "../offering.ts";
import { type AnswerBody, answerPoll, type ControlPlane } from "../operations.ts";
import { deprovision } from "./deprovision.ts";
import { checkOwnIds, describeDashboard, type InstanceRequest, type InstanceRoute, requireInstance } from "./lookup.ts";
import { provision } from "./provision.ts";
import { update } from "./update.ts";

async function show(context: OperationContext, request: InstanceRequest): Promise<AnswerBody> {
  const instance = await requireInstance(context, request.params.id, 404);
  checkOwnIds(context, instance, request.query, false);
  const busy = await context.store.busyWith(instance.id);
  if (instance.state === "creating" || instance.state === "failed" || busy?.kind === "deprovision")
    throw new OsbError(404, "There is no such service instance.");
  if (busy?.kind === "update") throw concurrency();
  return {
    service_id: planOf(context, instance.plan_id).offeringId,
    plan_id: instance.plan_id,
    ...describeDashboard(context, instance.id),
    parameters: parseObject(instance.parameters),
    maintenance_info: { version: maintenanceOf(instance.maintenance, context.catalog.maintenance).version },
  };
}

async function lastOperation(
  controlPlane: ControlPlane,
  request: InstanceRequest,
  reply: FastifyReply,
): Promise<AnswerBody> {
  const { context } = controlPlane;
  const newest = await context.store.newestOf(request.params.id, "");
  if (newest === undefined) throw new OsbError(404, "There is no such service instance.");
  const isDeleted = newest.kind === "deprovision" && newest.state === "succeeded";
  if (isDeleted && (await context.store.instance(newest.instance_id)) === undefined)
    throw new OsbError(410, "The service instance is gone.");
  checkOptionalOffer(context.service.offerings, request.query);
  const { operation, body } = await answerPoll(controlPlane, newest, request.query.operation, reply);
  // These members are for updates and deletions: an instance whose provision failed is not usable anyway.
  if (body.state !== "failed" || operation.kind === "provision") return body;
  const instance = await context.store.instance(newest.instance_id);
  const isRepeatable = operation.kind === "update" && { update_repeatable: true };
  return { ...body, instance_usable: instance?.state === "ready", ...isRepeatable };
}

/** Service instances (OSB, "Provisioning" to "Deprovisioning"): PUT, PATCH, DELETE, GET and their last operation. */
export function instanceRoutes(app: FastifyInstance, controlPlane: ControlPlane): void {
  const path = "/v2/service_instances/:id";
  app.put<InstanceRoute>(path, (request, reply) => provision(controlPlane, request, reply));
  app.patch<InstanceRoute>(path, (request, reply) => update(controlPlane, request, reply));
  app.delete<InstanceRoute>(path, (request, reply) => deprovision(controlPlane, request, reply));
  app.get<InstanceRoute>(path, (request) => show(controlPlane.context, request));
  app.get<InstanceRoute>(`${path}/last_operation`, (request, reply) => lastOperation(controlPlane, request, reply));
}
