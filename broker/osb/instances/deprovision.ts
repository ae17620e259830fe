import type { FastifyReply } from "fastify";
import { concurrency } from "../../errors.ts";
import { provisionPayload } from "../../operations/payloads.ts";
import type { InstanceRow } from "../../store/schema.ts";
import type { Operation } from "../../store/store.ts";
import { checkOffer } from "../offering.ts";
import {
  acceptedReply,
  type AnswerBody,
  type ControlPlane,
  newOperation,
  openBehind,
  openOperation,
  requireAsync,
} from "../operations.ts";
import { checkOwnIds, type InstanceRequest, requireInstance, requireInUse } from "./lookup.ts";

/** DELETE of an instance. @throws OsbError 400, 410, 422 */
export async function deprovision(
  controlPlane: ControlPlane,
  request: InstanceRequest,
  reply: FastifyReply,
): Promise<AnswerBody> {
  const { context, executor } = controlPlane;
  checkOffer(context.service.offerings, request.query);
  const { id } = request.params;
  const busy = await context.store.busyWith(id);
  const instance = busy?.kind === "provision" ? provisionPayload(busy).row : await requireInstance(context, id, 410);
  checkOwnIds(context, instance, request.query, true);
  requireAsync(request.query);
  await requireInUse(context, id);
  if (busy?.kind === "deprovision") return acceptedReply(reply, busy);
  const operation = await openDeletion(controlPlane, instance, busy);
  void executor.start(operation);
  return acceptedReply(reply, operation);
}

/** Opens a deletion, which cuts short a provision in progress. @throws OsbError 422 during any other operation: the platform must wait for it */
async function openDeletion(
  controlPlane: ControlPlane,
  { id }: InstanceRow,
  busy: Operation | undefined,
): Promise<Operation> {
  const operation = newOperation(controlPlane.context, { instanceId: id, kind: "deprovision" });
  if (busy?.kind === "provision") return openBehind(controlPlane, operation);
  if (busy !== undefined || !(await openOperation(controlPlane, operation))) throw concurrency();
  return operation;
}
