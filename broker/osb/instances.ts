import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { asyncRequired, badRequest, concurrency, OsbError } from "../errors.ts";
import type { ProvisionPayload, UpdatePayload } from "../operations/instances.ts";
import { payloadOf, planOf, type OperationContext } from "../operations/context.ts";
import { MAINTENANCE_VERSION, mayBecome, type Plan } from "../spi/catalog.ts";
import type { InstanceRow } from "../store/schema.ts";
import { sealText } from "../store/seal.ts";
import type { Operation } from "../store/store.ts";
import {
  acceptedReply,
  type ControlPlane,
  openOperation,
  openBehind,
  orderOf,
  answerPoll,
  type RouteQuery,
  randomHex,
} from "./operations.ts";
import {
  type Body,
  canonical,
  checkId,
  checkMaintenance,
  checkService,
  findPlan,
  instanceParameters,
  objectBody,
  optionalObject,
  ownerOf,
  requiredText,
} from "./requests.ts";

type InstanceRequest = FastifyRequest<{ Params: { id: string }; Querystring: RouteQuery; Body: unknown }>;

function requireAsync(query: RouteQuery): void {
  if (query.accepts_incomplete !== "true") throw asyncRequired();
}

/** @throws OsbError 400 when an id that is given is not the instance's own */
export function checkOwnIds(context: OperationContext, instance: InstanceRow, query: RouteQuery, required: boolean): void {
  const { service_id: serviceId, plan_id: planId } = query;
  if (required || serviceId !== undefined) checkService(context.service, serviceId);
  if (required || planId !== undefined) findPlan(context.service, planId);
  if (planId !== undefined && planId !== instance.plan_id)
    throw badRequest("plan_id is not the plan of this service instance.");
}

/** @throws OsbError 404 or 410 */
export async function requireInstance(context: OperationContext, id: string, status: 404 | 410): Promise<InstanceRow> {
  const instance = await context.store.instance(id);
  if (instance === undefined) throw new OsbError(status, "There is no such service instance.");
  return instance;
}

interface ProvisionRequest {
  readonly plan: Plan;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly owner: string;
  /** The context object of the request (OSB, "Context Object"). */
  readonly osbContext: object;
}

function parseProvision(context: OperationContext, body: Body): ProvisionRequest {
  checkService(context.service, body.service_id);
  const plan = findPlan(context.service, body.plan_id);
  const organization = requiredText(body.organization_guid, "organization_guid");
  const space = requiredText(body.space_guid, "space_guid");
  const osbContext = optionalObject(body.context, "context");
  const parameters = instanceParameters(context.service, body.parameters);
  checkMaintenance(body.maintenance_info, MAINTENANCE_VERSION);
  return { plan, parameters, owner: ownerOf(osbContext, organization, space), osbContext };
}

function recordOf(
  context: OperationContext,
  id: string,
  { plan, parameters, owner, osbContext }: ProvisionRequest,
): InstanceRow {
  const secrets = { adminPassword: randomHex(context, 32), agentPassword: randomHex(context, 32) };
  return {
    id,
    plan_id: plan.id,
    deployment: `d${randomHex(context, 4).slice(0, 7)}`,
    state: "creating",
    owner,
    parameters: JSON.stringify(parameters),
    context: JSON.stringify(osbContext),
    secrets: sealText(context.seal, JSON.stringify(secrets)),
    address: "",
    version: 1,
    created_ms: context.host.nowMs(),
  };
}

const isSameRequest = (row: InstanceRow, { plan, parameters, owner }: ProvisionRequest): boolean =>
  row.plan_id === plan.id && row.owner === owner && canonical(JSON.parse(row.parameters)) === canonical(parameters);

async function provision(controlPlane: ControlPlane, request: InstanceRequest, reply: FastifyReply): Promise<object> {
  const { context, executor } = controlPlane;
  const id = checkId(request.params.id);
  const wish = parseProvision(context, objectBody(request.body));
  const known = await answerRepeatedProvision(context, id, wish, reply);
  if (known !== undefined) return known;
  requireAsync(request.query);
  const row = recordOf(context, id, wish);
  const operation = orderOf(context, { instanceId: id, kind: "provision", payload: { row } satisfies ProvisionPayload });
  // Of two equal requests at once one opens the operation; the other is told of it.
  if (!(await openOperation(controlPlane, operation)))
    return (await answerRepeatedProvision(context, id, wish, reply)) ?? Promise.reject(concurrency());
  // What is written down is carried out, also when the store goes away between the two.
  void executor.start(operation);
  await context.store.addInstance(row);
  return acceptedReply(reply, operation);
}

/** The same again is no new order: 202 while it goes on, 200 once it stands; anything else is a conflict. */
async function answerRepeatedProvision(
  context: OperationContext,
  id: string,
  wish: ProvisionRequest,
  reply: FastifyReply,
): Promise<object | undefined> {
  const busy = await context.store.busyWith(id);
  const row = (await context.store.instance(id)) ?? (busy?.kind === "provision" ? rowOf(busy) : undefined);
  if (row === undefined) {
    if (busy !== undefined) throw concurrency();
    return undefined;
  }
  if (busy?.kind === "deprovision") throw concurrency();
  if (row.state === "failed" || !isSameRequest(row, wish))
    throw new OsbError(409, "A service instance with this id exists already.");
  if (busy?.kind === "provision") return acceptedReply(reply, busy);
  reply.code(200);
  return {};
}

const rowOf = (operation: Operation): InstanceRow => payloadOf<ProvisionPayload>(operation).row;

const notSupported = (description: string): OsbError => new OsbError(422, description);

/** What an instance becomes by a PATCH. @throws OsbError 400, 422 */
function changeOf(
  context: OperationContext,
  instance: InstanceRow,
  body: Body,
): UpdatePayload & { readonly isNew: boolean } {
  const current = planOf(context, instance.plan_id);
  const plan = body.plan_id === undefined ? current : findPlan(context.service, body.plan_id);
  if (!mayBecome(current, plan))
    throw notSupported("An instance can grow and be replicated, not shrink: the plan change is not supported.");
  const before = JSON.parse(instance.parameters) as Record<string, unknown>;
  const merged = { ...before, ...instanceParameters(context.service, body.parameters) };
  if (Number(merged.max_connections ?? 0) < Number(before.max_connections ?? 0))
    throw notSupported("parameters.max_connections can not be made smaller.");
  const isNew = plan !== current || canonical(merged) !== canonical(before) || instance.state !== "ready";
  return { planId: plan.id, parameters: canonical(merged), isNew };
}

function checkChange(context: OperationContext, body: Body): void {
  checkService(context.service, body.service_id);
  if (body.plan_id !== undefined) findPlan(context.service, body.plan_id);
  optionalObject(body.previous_values, "previous_values");
  optionalObject(body.context, "context");
  instanceParameters(context.service, body.parameters);
  checkMaintenance(body.maintenance_info, MAINTENANCE_VERSION);
}

async function updateInstance(controlPlane: ControlPlane, request: InstanceRequest, reply: FastifyReply): Promise<object> {
  const { context, executor } = controlPlane;
  const body = objectBody(request.body);
  checkChange(context, body);
  const instance = await requireInstance(context, request.params.id, 404);
  const busy = await context.store.busyWith(instance.id);
  if (busy !== undefined && busy.kind !== "update") throw concurrency();
  if (instance.state !== "ready" && instance.state !== "broken")
    throw new OsbError(422, "The service instance is not in a state in which it can be updated.");
  const { isNew, ...payload } = changeOf(context, instance, body);
  if (busy !== undefined) return answerRepeatedUpdate(busy, payload, reply);
  if (!isNew) return {};
  requireAsync(request.query);
  const operation = orderOf(context, { instanceId: instance.id, kind: "update", payload });
  if (!(await openOperation(controlPlane, operation))) throw concurrency();
  void executor.start(operation);
  return acceptedReply(reply, operation);
}

/** The same change again while it is made is answered as the first was. @throws OsbError 422 */
function answerRepeatedUpdate(busy: Operation, asked: UpdatePayload, reply: FastifyReply): object {
  if (canonical(payloadOf<UpdatePayload>(busy)) !== canonical(asked)) throw concurrency();
  return acceptedReply(reply, busy);
}

async function deprovision(controlPlane: ControlPlane, request: InstanceRequest, reply: FastifyReply): Promise<object> {
  const { context, executor } = controlPlane;
  checkService(context.service, request.query.service_id);
  findPlan(context.service, request.query.plan_id);
  const { id } = request.params;
  const busy = await context.store.busyWith(id);
  const instance = busy?.kind === "provision" ? rowOf(busy) : await requireInstance(context, id, 410);
  checkOwnIds(context, instance, request.query, true);
  requireAsync(request.query);
  if (busy?.kind === "deprovision") return acceptedReply(reply, busy);
  const operation = await openDeletion(controlPlane, instance, busy);
  void executor.start(operation);
  return acceptedReply(reply, operation);
}

/** A deletion puts an end to a provision that goes on; behind anything else a platform must wait itself. @throws OsbError 422 */
async function openDeletion(controlPlane: ControlPlane, { id }: InstanceRow, busy: Operation | undefined): Promise<Operation> {
  const operation = orderOf(controlPlane.context, { instanceId: id, kind: "deprovision" });
  if (busy?.kind === "provision") return openBehind(controlPlane, operation);
  if (busy !== undefined || !(await openOperation(controlPlane, operation))) throw concurrency();
  return operation;
}

async function show(context: OperationContext, request: InstanceRequest): Promise<object> {
  const instance = await requireInstance(context, request.params.id, 404);
  checkOwnIds(context, instance, request.query, false);
  const busy = await context.store.busyWith(instance.id);
  if (instance.state === "creating" || instance.state === "failed" || busy?.kind === "deprovision")
    throw new OsbError(404, "There is no such service instance.");
  if (busy?.kind === "update") throw concurrency();
  return {
    service_id: context.service.id,
    plan_id: instance.plan_id,
    parameters: JSON.parse(instance.parameters) as object,
    maintenance_info: { version: MAINTENANCE_VERSION },
  };
}

async function lastOperation(controlPlane: ControlPlane, request: InstanceRequest, reply: FastifyReply): Promise<object> {
  const { context } = controlPlane;
  const { operation: asked, service_id: serviceId, plan_id: planId } = request.query;
  const newest = await context.store.newestOf(request.params.id, "");
  if (newest === undefined) throw new OsbError(404, "There is no such service instance.");
  const isDeleted = newest.kind === "deprovision" && newest.state === "succeeded";
  if (isDeleted && (await context.store.instance(newest.instance_id)) === undefined)
    throw new OsbError(410, "The service instance is gone.");
  if (serviceId !== undefined) checkService(context.service, serviceId);
  if (planId !== undefined) findPlan(context.service, planId);
  const { operation, body } = await answerPoll(controlPlane, newest, asked, reply);
  // The hints are for updates and deletions; what never came to be is not usable.
  if (body.state !== "failed" || operation.kind === "provision") return body;
  const instance = await context.store.instance(newest.instance_id);
  const isRepeatable = operation.kind === "update" && { update_repeatable: true };
  return { ...body, instance_usable: instance?.state === "ready", ...isRepeatable };
}

export function instanceRoutes(app: FastifyInstance, controlPlane: ControlPlane): void {
  const path = "/v2/service_instances/:id";
  app.put(path, (request, reply) => provision(controlPlane, request as InstanceRequest, reply));
  app.patch(path, (request, reply) => updateInstance(controlPlane, request as InstanceRequest, reply));
  app.delete(path, (request, reply) => deprovision(controlPlane, request as InstanceRequest, reply));
  app.get(path, (request) => show(controlPlane.context, request as InstanceRequest));
  app.get(`${path}/last_operation`, (request, reply) => lastOperation(controlPlane, request as InstanceRequest, reply));
}
