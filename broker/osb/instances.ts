import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { asyncRequired, badRequest, concurrency, OsbError } from "../errors.ts";
import { parseObject } from "../json.ts";
import { type OperationContext, planOf } from "../operations/context.ts";
import { type ProvisionPayload, provisionPayload, type UpdatePayload, updatePayload } from "../operations/payloads.ts";
import { MAINTENANCE_VERSION, mayBecome, type Plan } from "../spi/catalog.ts";
import type { InstanceRow } from "../store/schema.ts";
import { sealText } from "../store/seal.ts";
import type { Operation } from "../store/store.ts";
import { canonical, ownerOf } from "./canonical.ts";
import { objectBody, optionalObject, type RequestBody, requiredText } from "./fields.ts";
import { checkId, randomHex } from "./ids.ts";
import { checkMaintenance, checkService, findPlan, instanceParameters } from "./offering.ts";
import {
  acceptedReply,
  type AnswerBody,
  answerPoll,
  type ControlPlane,
  newOperation,
  openBehind,
  openOperation,
  type RouteQuery,
} from "./operations.ts";

interface InstanceRoute {
  Params: { id: string };
  Querystring: RouteQuery;
  Body: unknown;
}
type InstanceRequest = FastifyRequest<InstanceRoute>;

function requireAsync(query: RouteQuery): void {
  if (query.accepts_incomplete !== "true") throw asyncRequired();
}

/**
 * Are the service and the plan of a query those of the instance?
 *
 * @param required false where they may be left out
 * @throws OsbError 400
 */
export function checkOwnIds(
  context: OperationContext,
  instance: InstanceRow,
  query: RouteQuery,
  required: boolean,
): void {
  const { service_id: serviceId, plan_id: planId } = query;
  if (required || serviceId !== undefined) checkService(context.service, serviceId);
  if (required || planId !== undefined) findPlan(context.service, planId);
  if (planId !== undefined && planId !== instance.plan_id)
    throw badRequest("plan_id is not the plan of this service instance.");
}

/** The instance of this id. @throws OsbError of this status when there is none */
export async function requireInstance(context: OperationContext, id: string, status: 404 | 410): Promise<InstanceRow> {
  const instance = await context.store.instance(id);
  if (instance === undefined) throw new OsbError(status, "There is no such service instance.");
  return instance;
}

/** What a platform wants provisioned. */
interface ProvisionRequest {
  readonly plan: Plan;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly owner: string;
  /** The context object of the request (OSB, "Context Object"). */
  readonly osbContext: object;
}

/** @throws OsbError 400, 422 */
function parseProvision(context: OperationContext, body: RequestBody): ProvisionRequest {
  checkService(context.service, body.service_id);
  const plan = findPlan(context.service, body.plan_id);
  const organization = requiredText(body.organization_guid, "organization_guid");
  const space = requiredText(body.space_guid, "space_guid");
  const osbContext = optionalObject(body.context, "context");
  const parameters = instanceParameters(context.service, body.parameters);
  checkMaintenance(body.maintenance_info, MAINTENANCE_VERSION);
  return { plan, parameters, owner: ownerOf(osbContext, organization, space), osbContext };
}

function newInstance(context: OperationContext, id: string, request: ProvisionRequest): InstanceRow {
  const secrets = { adminPassword: randomHex(context, 32), agentPassword: randomHex(context, 32) };
  return {
    id,
    plan_id: request.plan.id,
    deployment: `d${randomHex(context, 4).slice(0, 7)}`,
    state: "creating",
    owner: request.owner,
    parameters: JSON.stringify(request.parameters),
    context: JSON.stringify(request.osbContext),
    secrets: sealText(context.seal, JSON.stringify(secrets)),
    address: "",
    version: 1,
    created_ms: context.host.nowMs(),
  };
}

const isSameRequest = (row: InstanceRow, { plan, parameters, owner }: ProvisionRequest): boolean =>
  row.plan_id === plan.id && row.owner === owner && canonical(JSON.parse(row.parameters)) === canonical(parameters);

async function provision(
  controlPlane: ControlPlane,
  request: InstanceRequest,
  reply: FastifyReply,
): Promise<AnswerBody> {
  const { context, executor } = controlPlane;
  const id = checkId(request.params.id);
  const wanted = parseProvision(context, objectBody(request.body));
  const known = await answerRepeatedProvision(context, id, wanted, reply);
  if (known !== undefined) return known;
  requireAsync(request.query);
  const row = newInstance(context, id, wanted);
  const payload: ProvisionPayload = { row };
  const operation = newOperation(context, { instanceId: id, kind: "provision", payload });
  // Of two equal requests at once one opens the operation; the other is answered as a repeated one.
  if (!(await openOperation(controlPlane, operation)))
    return (await answerRepeatedProvision(context, id, wanted, reply)) ?? Promise.reject(concurrency());
  // What is written down is carried out, also when the store goes away between the two.
  void executor.start(operation);
  await context.store.addInstance(row);
  return acceptedReply(reply, operation);
}

/** The same again is no new order: 202 while it is carried out, 200 once it stands. @throws OsbError 409, 422 for anything else */
async function answerRepeatedProvision(
  context: OperationContext,
  id: string,
  wanted: ProvisionRequest,
  reply: FastifyReply,
): Promise<AnswerBody | undefined> {
  const busy = await context.store.busyWith(id);
  const row =
    (await context.store.instance(id)) ?? (busy?.kind === "provision" ? provisionPayload(busy).row : undefined);
  if (row === undefined) {
    if (busy !== undefined) throw concurrency();
    return undefined;
  }
  if (busy?.kind === "deprovision") throw concurrency();
  if (row.state === "failed" || !isSameRequest(row, wanted))
    throw new OsbError(409, "A service instance with this id exists already.");
  if (busy?.kind === "provision") return acceptedReply(reply, busy);
  reply.code(200);
  return {};
}

/** What an instance becomes by a PATCH. @throws OsbError 400, 422 */
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
    ...instanceParameters(context.service, body.parameters),
  };
  if (Number(merged.max_connections ?? 0) < Number(before.max_connections ?? 0))
    throw new OsbError(422, "parameters.max_connections can't be made smaller.");
  const isNew = plan !== current || canonical(merged) !== canonical(before) || instance.state !== "ready";
  return { planId: plan.id, parameters: canonical(merged), isNew };
}

/** What can be judged without the instance. @throws OsbError 400, 422 */
function checkUpdate(context: OperationContext, body: RequestBody): void {
  checkService(context.service, body.service_id);
  if (body.plan_id !== undefined) findPlan(context.service, body.plan_id);
  optionalObject(body.previous_values, "previous_values");
  optionalObject(body.context, "context");
  instanceParameters(context.service, body.parameters);
  checkMaintenance(body.maintenance_info, MAINTENANCE_VERSION);
}

async function update(controlPlane: ControlPlane, request: InstanceRequest, reply: FastifyReply): Promise<AnswerBody> {
  const { context, executor } = controlPlane;
  const body = objectBody(request.body);
  checkUpdate(context, body);
  const instance = await requireInstance(context, request.params.id, 404);
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

/** The same change again while it is made is answered as the first was. @throws OsbError 422 */
function answerRepeatedUpdate(busy: Operation, wanted: UpdatePayload, reply: FastifyReply): AnswerBody {
  if (canonical(updatePayload(busy)) !== canonical(wanted)) throw concurrency();
  return acceptedReply(reply, busy);
}

async function deprovision(
  controlPlane: ControlPlane,
  request: InstanceRequest,
  reply: FastifyReply,
): Promise<AnswerBody> {
  const { context, executor } = controlPlane;
  checkService(context.service, request.query.service_id);
  findPlan(context.service, request.query.plan_id);
  const { id } = request.params;
  const busy = await context.store.busyWith(id);
  const instance = busy?.kind === "provision" ? provisionPayload(busy).row : await requireInstance(context, id, 410);
  checkOwnIds(context, instance, request.query, true);
  requireAsync(request.query);
  if (busy?.kind === "deprovision") return acceptedReply(reply, busy);
  const operation = await openDeletion(controlPlane, instance, busy);
  void executor.start(operation);
  return acceptedReply(reply, operation);
}

/** A deletion puts an end to a provision in progress; behind anything else a platform must wait itself. @throws OsbError 422 */
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

async function show(context: OperationContext, request: InstanceRequest): Promise<AnswerBody> {
  const instance = await requireInstance(context, request.params.id, 404);
  checkOwnIds(context, instance, request.query, false);
  const busy = await context.store.busyWith(instance.id);
  if (instance.state === "creating" || instance.state === "failed" || busy?.kind === "deprovision")
    throw new OsbError(404, "There is no such service instance.");
  if (busy?.kind === "update") throw concurrency();
  return {
    service_id: context.service.id,
    plan_id: instance.plan_id,
    parameters: parseObject(instance.parameters),
    maintenance_info: { version: MAINTENANCE_VERSION },
  };
}

async function lastOperation(
  controlPlane: ControlPlane,
  request: InstanceRequest,
  reply: FastifyReply,
): Promise<AnswerBody> {
  const { context } = controlPlane;
  const { operation: given, service_id: serviceId, plan_id: planId } = request.query;
  const newest = await context.store.newestOf(request.params.id, "");
  if (newest === undefined) throw new OsbError(404, "There is no such service instance.");
  const isDeleted = newest.kind === "deprovision" && newest.state === "succeeded";
  if (isDeleted && (await context.store.instance(newest.instance_id)) === undefined)
    throw new OsbError(410, "The service instance is gone.");
  if (serviceId !== undefined) checkService(context.service, serviceId);
  if (planId !== undefined) findPlan(context.service, planId);
  const { operation, body } = await answerPoll(controlPlane, newest, given, reply);
  // The hints are for updates and deletions; what never came to be is not usable.
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
