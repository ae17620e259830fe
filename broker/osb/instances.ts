import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { asyncRequired, badRequest, concurrency, OsbError } from "../errors.ts";
import type { Executor } from "../operations/executor.ts";
import { type Operation, planOf, type UpdatePayload, type Workshop } from "../operations/work.ts";
import { MAINTENANCE_VERSION, mayBecome, type Plan } from "../spi/catalog.ts";
import type { InstanceRow, OperationKind } from "../store/schema.ts";
import { sealText } from "../store/seal.ts";
import {
  canonical,
  checkId,
  checkMaintenance,
  checkService,
  findPlan,
  instanceParameters,
  objectBody,
  optionalObject,
  requiredText,
} from "./requests.ts";

type Query = Readonly<Record<string, string | undefined>>;
export type InstanceRequest = FastifyRequest<{ Params: { id: string }; Querystring: Query; Body: unknown }>;

/** Seconds after which a platform should ask again. */
const RETRY_AFTER_S = 10;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

export const newId = (shop: Workshop): string => {
  const digits = hex(shop.host.randomBytes(16));
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-8${digits.slice(17, 20)}-${digits.slice(20)}`;
};

/** Opens an operation: from now on the instance is busy, and a broker that starts again carries it on. */
export async function openOperation(
  shop: Workshop,
  executor: Executor,
  instanceId: string,
  kind: OperationKind,
  payload: object = {},
): Promise<Operation> {
  const operation: Operation = {
    id: newId(shop),
    instance_id: instanceId,
    kind,
    state: "in progress",
    description: "",
    payload: JSON.stringify(payload),
    created_ms: shop.host.nowMs(),
  };
  await shop.store.addOperation(operation);
  executor.start(operation);
  return operation;
}

/** The operation that keeps an instance busy. */
export async function busyWith(shop: Workshop, instanceId: string): Promise<Operation | undefined> {
  const newest = await shop.store.operationOf(instanceId);
  return newest?.state === "in progress" ? newest : undefined;
}

export function requireAsync(query: Query): void {
  if (query.accepts_incomplete !== "true") throw asyncRequired();
}

/** @throws OsbError 400 when an id that is given is not the instance's own */
export function checkOwnIds(shop: Workshop, instance: InstanceRow, query: Query, required: boolean): void {
  const { service_id: serviceId, plan_id: planId } = query;
  if (required || serviceId !== undefined) checkService(shop.service, serviceId);
  if (required || planId !== undefined) findPlan(shop.service, planId);
  if (planId !== undefined && planId !== instance.plan_id)
    throw badRequest("plan_id is not the plan of this service instance.");
}

const fingerprint = (plan: Plan, parameters: object, organization: string, space: string, context: object): string =>
  canonical({ plan: plan.id, parameters, organization, space, context });

async function provision(
  shop: Workshop,
  executor: Executor,
  request: InstanceRequest,
  reply: FastifyReply,
): Promise<object> {
  const id = checkId(request.params.id);
  const body = objectBody(request.body);
  checkService(shop.service, body.service_id);
  const plan = findPlan(shop.service, body.plan_id);
  const organization = requiredText(body.organization_guid, "organization_guid");
  const space = requiredText(body.space_guid, "space_guid");
  const context = optionalObject(body.context, "context");
  const parameters = instanceParameters(body.parameters);
  checkMaintenance(body.maintenance_info, MAINTENANCE_VERSION);
  const asked = fingerprint(plan, parameters, organization, space, context);
  const known = await shop.store.instance(id);
  if (known !== undefined) return provisionedAlready(shop, known, asked, reply);
  requireAsync(request.query);
  const secrets = { adminPassword: hex(shop.host.randomBytes(32)), agentPassword: hex(shop.host.randomBytes(32)) };
  const added = await shop.store.addInstance({
    id,
    plan_id: plan.id,
    deployment: `d${hex(shop.host.randomBytes(4)).slice(0, 7)}`,
    state: "creating",
    request: asked,
    parameters: JSON.stringify(parameters),
    context: JSON.stringify({ ...context, organization_guid: organization, space_guid: space }),
    secrets: sealText(shop.seal, JSON.stringify(secrets)),
    address: "",
    version: 1,
    created_ms: shop.host.nowMs(),
  });
  if (!added) throw concurrency();
  const operation = await openOperation(shop, executor, id, "provision");
  reply.code(202);
  return { operation: operation.id };
}

/** The same again is no new order: 202 while it goes on, 200 once it stands; anything else is a conflict. */
async function provisionedAlready(
  shop: Workshop,
  known: InstanceRow,
  asked: string,
  reply: FastifyReply,
): Promise<object> {
  if (known.request !== asked || known.state === "failed" || known.state === "deleting")
    throw new OsbError(409, "A service instance with this id exists already.");
  const busy = await busyWith(shop, known.id);
  if (busy?.kind === "provision") {
    reply.code(202);
    return { operation: busy.id };
  }
  reply.code(200);
  return {};
}

async function change(
  shop: Workshop,
  executor: Executor,
  request: InstanceRequest,
  reply: FastifyReply,
): Promise<object> {
  const body = objectBody(request.body);
  checkService(shop.service, body.service_id);
  const wanted = body.plan_id === undefined ? undefined : findPlan(shop.service, body.plan_id);
  optionalObject(body.previous_values, "previous_values");
  const context = optionalObject(body.context, "context");
  const parameters = instanceParameters(body.parameters);
  checkMaintenance(body.maintenance_info, MAINTENANCE_VERSION);
  const instance = await existing(shop, request.params.id, 404);
  if ((await busyWith(shop, instance.id)) !== undefined) throw concurrency();
  if (instance.state !== "ready")
    throw new OsbError(422, "The service instance is not in a state in which it can be updated.");
  const current = planOf(shop, instance.plan_id);
  const plan = wanted ?? current;
  if (!mayBecome(current, plan))
    throw badRequest("An instance can grow and be replicated, not shrink: the plan change is not supported.");
  const before = JSON.parse(instance.parameters) as Record<string, unknown>;
  const merged = { ...before, ...parameters };
  if (Number(merged.max_connections ?? 0) < Number(before.max_connections ?? 0))
    throw badRequest("parameters.max_connections can not be made smaller.");
  if (plan === current && canonical(merged) === canonical(before)) return {};
  requireAsync(request.query);
  const ownContext = { ...(JSON.parse(instance.context) as Record<string, unknown>), ...context };
  const payload: UpdatePayload = {
    planId: plan.id,
    parameters: JSON.stringify(merged),
    context: JSON.stringify(ownContext),
    request: instance.request,
  };
  const operation = await openOperation(shop, executor, instance.id, "update", payload);
  reply.code(202);
  return { operation: operation.id };
}

/** @throws OsbError 404 or 410 */
export async function existing(shop: Workshop, id: string, status: 404 | 410): Promise<InstanceRow> {
  const instance = await shop.store.instance(id);
  if (instance === undefined) throw new OsbError(status, "There is no such service instance.");
  return instance;
}

async function deprovision(
  shop: Workshop,
  executor: Executor,
  request: InstanceRequest,
  reply: FastifyReply,
): Promise<object> {
  checkService(shop.service, request.query.service_id);
  findPlan(shop.service, request.query.plan_id);
  const instance = await existing(shop, request.params.id, 410);
  checkOwnIds(shop, instance, request.query, true);
  requireAsync(request.query);
  const busy = await busyWith(shop, instance.id);
  if (busy?.kind === "deprovision") {
    reply.code(202);
    return { operation: busy.id };
  }
  if (busy !== undefined) throw concurrency();
  await shop.store.setInstance(instance, { state: "deleting" });
  const operation = await openOperation(shop, executor, instance.id, "deprovision");
  reply.code(202);
  return { operation: operation.id };
}

async function show(shop: Workshop, request: InstanceRequest): Promise<object> {
  const instance = await existing(shop, request.params.id, 404);
  checkOwnIds(shop, instance, request.query, false);
  const busy = await busyWith(shop, instance.id);
  if (instance.state === "creating" || instance.state === "deleting")
    throw new OsbError(404, "There is no such service instance.");
  if (busy?.kind === "update") throw concurrency();
  return {
    service_id: shop.service.id,
    plan_id: instance.plan_id,
    parameters: JSON.parse(instance.parameters) as object,
    maintenance_info: { version: MAINTENANCE_VERSION },
  };
}

async function lastOperation(shop: Workshop, request: InstanceRequest, reply: FastifyReply): Promise<object> {
  const { operation: asked } = request.query;
  const newest = await shop.store.operationOf(request.params.id);
  const instance = await shop.store.instance(request.params.id);
  if (newest === undefined) throw new OsbError(404, "There is no such service instance.");
  if (instance === undefined) throw new OsbError(410, "The service instance is gone.");
  checkOwnIds(shop, instance, { ...(request.query.service_id && { service_id: request.query.service_id }) }, false);
  if (request.query.plan_id !== undefined) findPlan(shop.service, request.query.plan_id);
  if (asked !== undefined && asked !== newest.id)
    throw badRequest("operation is not the newest operation of this service instance.");
  if (newest.state === "in progress") reply.header("Retry-After", String(RETRY_AFTER_S));
  const failed =
    newest.state === "failed"
      ? { instance_usable: instance.state === "ready", update_repeatable: newest.kind === "update" }
      : {};
  return { state: newest.state, ...(newest.description !== "" && { description: newest.description }), ...failed };
}

export function instanceRoutes(app: FastifyInstance, shop: Workshop, executor: Executor): void {
  const path = "/v2/service_instances/:id";
  app.put(path, (request, reply) => provision(shop, executor, request as InstanceRequest, reply));
  app.patch(path, (request, reply) => change(shop, executor, request as InstanceRequest, reply));
  app.delete(path, (request, reply) => deprovision(shop, executor, request as InstanceRequest, reply));
  app.get(path, (request) => show(shop, request as InstanceRequest));
  app.get(`${path}/last_operation`, (request, reply) => lastOperation(shop, request as InstanceRequest, reply));
}
