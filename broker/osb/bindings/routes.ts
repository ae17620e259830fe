import type { FastifyInstance, FastifyReply } from "fastify";
import type { OperationContext } from "../../operations/context.ts";
import { checkOwnIds } from "../instances/lookup.ts";
import { checkOptionalOffer } from "../offering.ts";
import { type AnswerBody, answerPoll, type ControlPlane } from "../operations.ts";
import { bind } from "./bind.ts";
import { type BindingRequest, type BindingRoute, describeBinding, findOwnBinding, noBinding } from "./lookup.ts";
import { unbind } from "./unbind.ts";

async function show(context: OperationContext, request: BindingRequest): Promise<AnswerBody> {
  const { instance, binding } = await findOwnBinding(context, request, 404);
  if (binding?.state !== "ready") throw noBinding(404);
  checkOwnIds(context, instance, request.query, false);
  const busy = await context.store.busyWith(instance.id);
  if (busy?.binding_id === binding.id || busy?.kind === "deprovision") throw noBinding(404);
  return { ...describeBinding(context, request, instance, binding), parameters: {} };
}

async function lastOperation(
  controlPlane: ControlPlane,
  request: BindingRequest,
  reply: FastifyReply,
): Promise<AnswerBody> {
  const { context } = controlPlane;
  const newest = await context.store.newestOf(request.params.id, request.params.binding);
  if (newest === undefined) throw noBinding(404);
  if (newest.kind === "unbind" && newest.state === "succeeded") throw noBinding(410);
  checkOptionalOffer(context.service.offerings, request.query);
  return (await answerPoll(controlPlane, newest, request.query.operation, reply)).body;
}

/** Service bindings (OSB, "Binding", "Unbinding"): PUT, DELETE, GET and their last operation. */
export function bindingRoutes(app: FastifyInstance, controlPlane: ControlPlane): void {
  const path = "/v2/service_instances/:id/service_bindings/:binding";
  app.put<BindingRoute>(path, (request, reply) => bind(controlPlane, request, reply));
  app.delete<BindingRoute>(path, (request, reply) => unbind(controlPlane, request, reply));
  app.get<BindingRoute>(path, (request) => show(controlPlane.context, request));
  app.get<BindingRoute>(`${path}/last_operation`, (request, reply) => lastOperation(controlPlane, request, reply));
}
