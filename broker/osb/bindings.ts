import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { badRequest, concurrency, OsbError } from "../errors.ts";
import type { BindPayload } from "../operations/bindings.ts";
import type { Ending } from "../operations/executor.ts";
import { payloadOf, type Workshop } from "../operations/context.ts";
import { credentialsOf, endpointsOf } from "../spi/credentials.ts";
import type { BindingRow, InstanceRow } from "../store/schema.ts";
import { openText, sealText } from "../store/seal.ts";
import type { Operation } from "../store/store.ts";
import { checkOwnIds, existing } from "./instances.ts";
import { accepted, type Desk, open, openBehind, orderOf, polled, type Query, randomHex } from "./operations.ts";
import {
  type Body,
  canonical,
  checkId,
  checkService,
  findPlan,
  isId,
  minorOf,
  objectBody,
  optionalObject,
  optionalText,
  ownerOf,
} from "./requests.ts";

type BindingRequest = FastifyRequest<{ Params: { id: string; binding: string }; Querystring: Query; Body: unknown }>;

/** How long a platform that does not take 202 for an answer is kept waiting. Shorter than the usual patience of platforms, 60 s. */
const SYNCHRONOUS_MS_MAX = 50_000;
const PATIENCE_MS = 1000;
/** Endpoints came with this version; before it they would be a member that nobody knows. */
const ENDPOINTS_MINOR = 15;

/** Bindings could be asynchronous from this version on. */
const ASYNCHRONOUS_MINOR = 14;

const takes202 = ({ query, headers }: BindingRequest): boolean =>
  query.accepts_incomplete === "true" && minorOf(headers) >= ASYNCHRONOUS_MINOR;

/** Members of bind_resource that say for whom a binding is; others make no difference. */
const RESOURCE = ["app_guid", "space_guid", "route", "credential_client_id"] as const;

async function told(shop: Workshop, request: BindingRequest, instance: InstanceRow, row: BindingRow): Promise<object> {
  const place = { service: shop.service, domain: shop.config.domain ?? "dc1.consul", instance };
  return {
    credentials: credentialsOf(place, row.username, openText(shop.seal, row.password)),
    ...(minorOf(request.headers) >= ENDPOINTS_MINOR && { endpoints: endpointsOf(place) }),
  };
}

/** What is asked of a binding, to tell an identical request from another. @throws OsbError 400 */
function askedOf(instance: InstanceRow, body: Body): string {
  const resource = optionalObject(body.bind_resource, "bind_resource");
  const context = optionalObject(body.context, "context");
  if (Object.keys(optionalObject(body.parameters, "parameters")).length > 0)
    throw badRequest("parameters: a binding takes none.");
  return canonical({
    instance: instance.id,
    plan: body.plan_id,
    app: optionalText(body.app_guid, "app_guid"),
    predecessor: optionalText(body.predecessor_binding_id, "predecessor_binding_id"),
    resource: Object.fromEntries(RESOURCE.map((name) => [name, resource[name]])),
    owner: ownerOf(context),
  });
}

/** A successor is a binding beside its predecessor, which must be one of this instance. @throws OsbError 400 */
async function checkPredecessor({ store }: Workshop, instance: InstanceRow, id: unknown): Promise<void> {
  if (id === undefined) return;
  const predecessor = isId(id) ? await store.binding(id) : undefined;
  if (predecessor?.instance_id !== instance.id || predecessor.state !== "ready")
    throw badRequest("predecessor_binding_id is no service binding of this service instance.");
}

const recordOf = (shop: Workshop, id: string, instance: InstanceRow, request: string): BindingRow => ({
  id,
  instance_id: instance.id,
  state: "creating",
  request,
  username: `a9s${randomHex(shop, 20)}`,
  password: sealText(shop.seal, randomHex(shop, 32)),
  created_ms: shop.host.nowMs(),
});

async function bind(desk: Desk, request: BindingRequest, reply: FastifyReply): Promise<object> {
  const { shop } = desk;
  const id = checkId(request.params.binding);
  const body = objectBody(request.body);
  checkService(shop.service, body.service_id);
  const plan = findPlan(shop.service, body.plan_id);
  const instance = await existing(shop, request.params.id, 404);
  const asked = askedOf(instance, body);
  if (plan.id !== instance.plan_id) throw badRequest("plan_id is not the plan of this service instance.");
  const known = await shop.store.binding(id);
  if (known?.state === "ready" && known.request === asked) return told(shop, request, instance, known);
  const busy = await shop.store.busyWith(instance.id);
  if (busy?.kind === "bind" && busy.binding_id === id) return boundAlready(desk, request, instance, busy, asked, reply);
  if (known !== undefined) throw taken();
  if (busy !== undefined) throw concurrency();
  if (instance.state !== "ready") throw new OsbError(422, "The service instance is not ready to be bound.");
  await checkPredecessor(shop, instance, body.predecessor_binding_id);
  const row = recordOf(shop, id, instance, asked);
  const payload: BindPayload = { row };
  const operation = orderOf(shop, { instanceId: instance.id, bindingId: id, kind: "bind", payload });
  if (!(await open(desk, operation))) throw concurrency();
  return bound(desk, request, instance, operation, reply);
}

const taken = (): OsbError => new OsbError(409, "A service binding with this id exists already.");

/** The same bind again while it is carried out. @throws OsbError 409 when it is another */
function boundAlready(
  desk: Desk,
  request: BindingRequest,
  instance: InstanceRow,
  busy: Operation,
  asked: string,
  reply: FastifyReply,
): Promise<object> {
  if (payloadOf<BindPayload>(busy).row.request !== asked) throw taken();
  return bound(desk, request, instance, busy, reply);
}

/** 202 to a platform that polls; to any other the binding itself, once it stands. */
async function bound(
  desk: Desk,
  request: BindingRequest,
  instance: InstanceRow,
  operation: Operation,
  reply: FastifyReply,
): Promise<object> {
  const ending = desk.executor.start(operation);
  if (takes202(request)) return accepted(reply, operation);
  await succeeded(desk, ending);
  reply.code(201);
  return told(desk.shop, request, instance, payloadOf<BindPayload>(operation).row);
}

/** @throws OsbError 500 when it failed, 503 when it goes on for longer than a platform waits */
async function succeeded({ shop: { host } }: Desk, ending: Promise<Ending>): Promise<void> {
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

/** A binding of this instance; another instance's is none. @throws OsbError 404 or 410 */
async function ownBinding(
  shop: Workshop,
  request: BindingRequest,
  status: 404 | 410,
): Promise<{ instance: InstanceRow; binding: BindingRow | undefined }> {
  const instance = await existing(shop, request.params.id, status);
  const binding = await shop.store.binding(request.params.binding);
  return { instance, binding: binding?.instance_id === instance.id ? binding : undefined };
}

const noBinding = (status: 404 | 410): OsbError => new OsbError(status, "There is no such service binding.");

async function unbind(desk: Desk, request: BindingRequest, reply: FastifyReply): Promise<object> {
  const { shop } = desk;
  const { service_id: serviceId, plan_id: planId } = request.query;
  checkService(shop.service, serviceId);
  findPlan(shop.service, planId);
  const { instance, binding } = await ownBinding(shop, request, 410);
  const busy = await shop.store.busyWith(instance.id);
  const isOurs = busy?.binding_id === request.params.binding;
  if (binding === undefined && !isOurs) throw noBinding(410);
  checkOwnIds(shop, instance, request.query, true);
  if (busy?.kind === "unbind" && isOurs) return unbound(desk, request, busy, reply);
  const operation = orderOf(shop, { instanceId: instance.id, bindingId: request.params.binding, kind: "unbind" });
  if (busy?.kind === "bind" && isOurs) return unbound(desk, request, await openBehind(desk, operation), reply);
  if (busy !== undefined || !(await open(desk, operation))) throw concurrency();
  return unbound(desk, request, operation, reply);
}

async function unbound(
  desk: Desk,
  request: BindingRequest,
  operation: Operation,
  reply: FastifyReply,
): Promise<object> {
  const ending = desk.executor.start(operation);
  if (takes202(request)) return accepted(reply, operation);
  await succeeded(desk, ending);
  return {};
}

async function show(shop: Workshop, request: BindingRequest): Promise<object> {
  const { instance, binding } = await ownBinding(shop, request, 404);
  if (binding?.state !== "ready") throw noBinding(404);
  checkOwnIds(shop, instance, request.query, false);
  const busy = await shop.store.busyWith(instance.id);
  if (busy?.binding_id === binding.id || busy?.kind === "deprovision") throw noBinding(404);
  return { ...(await told(shop, request, instance, binding)), parameters: {} };
}

async function lastOperation(desk: Desk, request: BindingRequest, reply: FastifyReply): Promise<object> {
  const { shop } = desk;
  const { operation: asked, service_id: serviceId, plan_id: planId } = request.query;
  const newest = await shop.store.newestOf(request.params.id, request.params.binding);
  if (newest === undefined) throw noBinding(404);
  if (newest.kind === "unbind" && newest.state === "succeeded") throw noBinding(410);
  if (serviceId !== undefined) checkService(shop.service, serviceId);
  if (planId !== undefined) findPlan(shop.service, planId);
  return (await polled(desk, newest, asked, reply)).body;
}

export function bindingRoutes(app: FastifyInstance, desk: Desk): void {
  const path = "/v2/service_instances/:id/service_bindings/:binding";
  app.put(path, (request, reply) => bind(desk, request as BindingRequest, reply));
  app.delete(path, (request, reply) => unbind(desk, request as BindingRequest, reply));
  app.get(path, (request) => show(desk.shop, request as BindingRequest));
  app.get(`${path}/last_operation`, (request, reply) => lastOperation(desk, request as BindingRequest, reply));
}
