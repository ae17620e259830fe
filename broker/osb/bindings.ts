import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { badRequest, concurrency, OsbError } from "../errors.ts";
import { domainOf, type OperationContext } from "../operations/context.ts";
import type { Ending } from "../operations/executor.ts";
import { type BindPayload, bindPayload } from "../operations/payloads.ts";
import { credentialsOf, endpointsOf } from "../spi/credentials.ts";
import type { BindingRow, InstanceRow } from "../store/schema.ts";
import { openText, sealText } from "../store/seal.ts";
import type { Operation } from "../store/store.ts";
import { canonical, ownerOf } from "./canonical.ts";
import { objectBody, optionalObject, optionalText, type RequestBody } from "./fields.ts";
import { minorOf } from "./headers.ts";
import { checkId, isId, randomHex } from "./ids.ts";
import { checkOwnIds, requireInstance } from "./instances.ts";
import { checkService, findPlan } from "./offering.ts";
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

interface BindingRoute {
  Params: { id: string; binding: string };
  Querystring: RouteQuery;
  Body: unknown;
}
type BindingRequest = FastifyRequest<BindingRoute>;

/** How long a platform that does not take 202 for an answer is kept waiting. Shorter than the usual patience of platforms, 60 s. */
const SYNCHRONOUS_MS_MAX = 50_000;
const PATIENCE_MS = 1000;
/** Endpoints came with this version; before it they would be a member that nobody knows. */
const ENDPOINTS_MINOR = 15;

/** Bindings could be asynchronous from this version on. */
const ASYNCHRONOUS_MINOR = 14;

const acceptsAsync = ({ query, headers }: BindingRequest): boolean =>
  query.accepts_incomplete === "true" && minorOf(headers) >= ASYNCHRONOUS_MINOR;

/** Members of bind_resource that say for whom a binding is; others make no difference. */
const RESOURCE = ["app_guid", "space_guid", "route", "credential_client_id"] as const;

function describeBinding(
  context: OperationContext,
  request: BindingRequest,
  instance: InstanceRow,
  row: BindingRow,
): AnswerBody {
  const location = { service: context.service, domain: domainOf(context), instance };
  return {
    credentials: credentialsOf(location, row.username, openText(context.seal, row.password)),
    ...(minorOf(request.headers) >= ENDPOINTS_MINOR && { endpoints: endpointsOf(location) }),
  };
}

/** What is asked of a binding, as one text, to tell an identical request from another. @throws OsbError 400 */
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

/** A successor is a binding beside its predecessor, which must be one of this instance. @throws OsbError 400 */
async function checkPredecessor({ store }: OperationContext, instance: InstanceRow, id: unknown): Promise<void> {
  if (id === undefined) return;
  const predecessor = isId(id) ? await store.binding(id) : undefined;
  if (predecessor?.instance_id !== instance.id || predecessor.state !== "ready")
    throw badRequest("predecessor_binding_id is no service binding of this service instance.");
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

async function bind(controlPlane: ControlPlane, request: BindingRequest, reply: FastifyReply): Promise<AnswerBody> {
  const { context } = controlPlane;
  const id = checkId(request.params.binding);
  const body = objectBody(request.body);
  checkService(context.service, body.service_id);
  const plan = findPlan(context.service, body.plan_id);
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
  await checkPredecessor(context, instance, body.predecessor_binding_id);
  const operation = await openBind(controlPlane, newBinding(context, id, instance, fingerprint));
  return answerBind(controlPlane, request, instance, operation, reply);
}

/** @throws OsbError 422 when another operation was quicker */
async function openBind(controlPlane: ControlPlane, row: BindingRow): Promise<Operation> {
  const payload: BindPayload = { row };
  const order = { instanceId: row.instance_id, bindingId: row.id, kind: "bind", payload } as const;
  const operation = newOperation(controlPlane.context, order);
  if (!(await openOperation(controlPlane, operation))) throw concurrency();
  return operation;
}

const bindingConflict = (): OsbError => new OsbError(409, "A service binding with this id exists already.");

/** The same bind again while it is carried out. @throws OsbError 409 when it is another */
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

/** 202 to a platform that polls; to any other the binding itself, once it stands. */
async function answerBind(
  controlPlane: ControlPlane,
  request: BindingRequest,
  instance: InstanceRow,
  operation: Operation,
  reply: FastifyReply,
): Promise<AnswerBody> {
  const ending = controlPlane.executor.start(operation);
  if (acceptsAsync(request)) return acceptedReply(reply, operation);
  await waitForSuccess(controlPlane, ending);
  reply.code(201);
  return describeBinding(controlPlane.context, request, instance, bindPayload(operation).row);
}

/** @throws OsbError 500 when it failed, 503 when it goes on for longer than a platform waits */
async function waitForSuccess({ context: { host } }: ControlPlane, ending: Promise<Ending>): Promise<void> {
  let outcome: Ending | undefined;
  const ended = ending.then((value) => {
    outcome = value;
  });
  // A platform's patience is time of the wall, also where work and the pauses in it are made short.
  const deadlineMs = host.nowMs() + SYNCHRONOUS_MS_MAX;
  while (outcome === undefined && host.nowMs() < deadlineMs) await Promise.race([ended, host.sleepMs(PATIENCE_MS)]);
  if (outcome === undefined) throw new OsbError(503, "The service has not answered in time; try again.");
  if (outcome === "failed") throw new OsbError(500, "The service could not do what was asked; ask its operator.");
}

/** A binding of this instance; another instance's is none. @throws OsbError 404 or 410 when there is no such instance */
async function findOwnBinding(
  context: OperationContext,
  request: BindingRequest,
  status: 404 | 410,
): Promise<{ instance: InstanceRow; binding: BindingRow | undefined }> {
  const instance = await requireInstance(context, request.params.id, status);
  const binding = await context.store.binding(request.params.binding);
  return { instance, binding: binding?.instance_id === instance.id ? binding : undefined };
}

const noBinding = (status: 404 | 410): OsbError => new OsbError(status, "There is no such service binding.");

async function unbind(controlPlane: ControlPlane, request: BindingRequest, reply: FastifyReply): Promise<AnswerBody> {
  const { context } = controlPlane;
  const { service_id: serviceId, plan_id: planId } = request.query;
  checkService(context.service, serviceId);
  findPlan(context.service, planId);
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
async function answerUnbind(
  controlPlane: ControlPlane,
  request: BindingRequest,
  operation: Operation,
  reply: FastifyReply,
): Promise<AnswerBody> {
  const ending = controlPlane.executor.start(operation);
  if (acceptsAsync(request)) return acceptedReply(reply, operation);
  await waitForSuccess(controlPlane, ending);
  return {};
}

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
  const { operation: given, service_id: serviceId, plan_id: planId } = request.query;
  const newest = await context.store.newestOf(request.params.id, request.params.binding);
  if (newest === undefined) throw noBinding(404);
  if (newest.kind === "unbind" && newest.state === "succeeded") throw noBinding(410);
  if (serviceId !== undefined) checkService(context.service, serviceId);
  if (planId !== undefined) findPlan(context.service, planId);
  return (await answerPoll(controlPlane, newest, given, reply)).body;
}

/** Service bindings (OSB, "Binding", "Unbinding"): PUT, DELETE, GET and their last operation. */
export function bindingRoutes(app: FastifyInstance, controlPlane: ControlPlane): void {
  const path = "/v2/service_instances/:id/service_bindings/:binding";
  app.put<BindingRoute>(path, (request, reply) => bind(controlPlane, request, reply));
  app.delete<BindingRoute>(path, (request, reply) => unbind(controlPlane, request, reply));
  app.get<BindingRoute>(path, (request) => show(controlPlane.context, request));
  app.get<BindingRoute>(`${path}/last_operation`, (request, reply) => lastOperation(controlPlane, request, reply));
}
