import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { asyncRequired, badRequest, concurrency, OsbError } from "../errors.ts";
import type { ProvisionPayload, UpdatePayload } from "../operations/instances.ts";
import { payloadOf, planOf, type Workshop } from "../operations/context.ts";
import { MAINTENANCE_VERSION, mayBecome, type Plan } from "../spi/catalog.ts";
import type { InstanceRow } from "../store/schema.ts";
import { sealText } from "../store/seal.ts";
import type { Operation } from "../store/store.ts";
import { accepted, type Desk, open, openBehind, orderOf, polled, type Query, randomHex } from "./operations.ts";
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

type InstanceRequest = FastifyRequest<{ Params: { id: string }; Querystring: Query; Body: unknown }>;

function requireAsync(query: Query): void {
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

/** @throws OsbError 404 or 410 */
export async function existing(shop: Workshop, id: string, status: 404 | 410): Promise<InstanceRow> {
  const instance = await shop.store.instance(id);
  if (instance === undefined) throw new OsbError(status, "There is no such service instance.");
  return instance;
}

interface Wish {
  readonly plan: Plan;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly owner: string;
  readonly context: object;
}

function wishOf(shop: Workshop, body: Body): Wish {
  checkService(shop.service, body.service_id);
  const plan = findPlan(shop.service, body.plan_id);
  const organization = requiredText(body.organization_guid, "organization_guid");
  const space = requiredText(body.space_guid, "space_guid");
  const context = optionalObject(body.context, "context");
  const parameters = instanceParameters(shop.service, body.parameters);
  checkMaintenance(body.maintenance_info, MAINTENANCE_VERSION);
  return { plan, parameters, owner: ownerOf(context, organization, space), context };
}

function recordOf(shop: Workshop, id: string, { plan, parameters, owner, context }: Wish): InstanceRow {
  const secrets = { adminPassword: randomHex(shop, 32), agentPassword: randomHex(shop, 32) };
  return {
    id,
    plan_id: plan.id,
    deployment: `d${randomHex(shop, 4).slice(0, 7)}`,
    state: "creating",
    owner,
    parameters: JSON.stringify(parameters),
    context: JSON.stringify(context),
    secrets: sealText(shop.seal, JSON.stringify(secrets)),
    address: "",
    version: 1,
    created_ms: shop.host.nowMs(),
  };
}

const isAsWished = (row: InstanceRow, { plan, parameters, owner }: Wish): boolean =>
  row.plan_id === plan.id && row.owner === owner && canonical(JSON.parse(row.parameters)) === canonical(parameters);

async function provision(desk: Desk, request: InstanceRequest, reply: FastifyReply): Promise<object> {
  const { shop, executor } = desk;
  const id = checkId(request.params.id);
  const wish = wishOf(shop, objectBody(request.body));
  const known = await provisionedAlready(shop, id, wish, reply);
  if (known !== undefined) return known;
  requireAsync(request.query);
  const row = recordOf(shop, id, wish);
  const operation = orderOf(shop, { instanceId: id, kind: "provision", payload: { row } satisfies ProvisionPayload });
  // Of two equal requests at once one opens the operation; the other is told of it.
  if (!(await open(desk, operation)))
    return (await provisionedAlready(shop, id, wish, reply)) ?? Promise.reject(concurrency());
  // What is written down is carried out, also when the store goes away between the two.
  void executor.start(operation);
  await shop.store.addInstance(row);
  return accepted(reply, operation);
}

/** The same again is no new order: 202 while it goes on, 200 once it stands; anything else is a conflict. */
async function provisionedAlready(
  shop: Workshop,
  id: string,
  wish: Wish,
  reply: FastifyReply,
): Promise<object | undefined> {
  const busy = await shop.store.busyWith(id);
  const row = (await shop.store.instance(id)) ?? (busy?.kind === "provision" ? rowOf(busy) : undefined);
  if (row === undefined) {
    if (busy !== undefined) throw concurrency();
    return undefined;
  }
  if (busy?.kind === "deprovision") throw concurrency();
  if (row.state === "failed" || !isAsWished(row, wish))
    throw new OsbError(409, "A service instance with this id exists already.");
  if (busy?.kind === "provision") return accepted(reply, busy);
  reply.code(200);
  return {};
}

const rowOf = (operation: Operation): InstanceRow => payloadOf<ProvisionPayload>(operation).row;

const notSupported = (description: string): OsbError => new OsbError(422, description);

/** What an instance becomes by a PATCH. @throws OsbError 400, 422 */
function changeOf(shop: Workshop, instance: InstanceRow, body: Body): UpdatePayload & { readonly isNew: boolean } {
  const current = planOf(shop, instance.plan_id);
  const plan = body.plan_id === undefined ? current : findPlan(shop.service, body.plan_id);
  if (!mayBecome(current, plan))
    throw notSupported("An instance can grow and be replicated, not shrink: the plan change is not supported.");
  const before = JSON.parse(instance.parameters) as Record<string, unknown>;
  const merged = { ...before, ...instanceParameters(shop.service, body.parameters) };
  if (Number(merged.max_connections ?? 0) < Number(before.max_connections ?? 0))
    throw notSupported("parameters.max_connections can not be made smaller.");
  const isNew = plan !== current || canonical(merged) !== canonical(before) || instance.state !== "ready";
  return { planId: plan.id, parameters: canonical(merged), isNew };
}

function checkChange(shop: Workshop, body: Body): void {
  checkService(shop.service, body.service_id);
  if (body.plan_id !== undefined) findPlan(shop.service, body.plan_id);
  optionalObject(body.previous_values, "previous_values");
  optionalObject(body.context, "context");
  instanceParameters(shop.service, body.parameters);
  checkMaintenance(body.maintenance_info, MAINTENANCE_VERSION);
}

async function change(desk: Desk, request: InstanceRequest, reply: FastifyReply): Promise<object> {
  const { shop, executor } = desk;
  const body = objectBody(request.body);
  checkChange(shop, body);
  const instance = await existing(shop, request.params.id, 404);
  const busy = await shop.store.busyWith(instance.id);
  if (busy !== undefined && busy.kind !== "update") throw concurrency();
  if (instance.state !== "ready" && instance.state !== "broken")
    throw new OsbError(422, "The service instance is not in a state in which it can be updated.");
  const { isNew, ...payload } = changeOf(shop, instance, body);
  if (busy !== undefined) return changedAlready(busy, payload, reply);
  if (!isNew) return {};
  requireAsync(request.query);
  const operation = orderOf(shop, { instanceId: instance.id, kind: "update", payload });
  if (!(await open(desk, operation))) throw concurrency();
  void executor.start(operation);
  return accepted(reply, operation);
}

/** The same change again while it is made is answered as the first was. @throws OsbError 422 */
function changedAlready(busy: Operation, asked: UpdatePayload, reply: FastifyReply): object {
  if (canonical(payloadOf<UpdatePayload>(busy)) !== canonical(asked)) throw concurrency();
  return accepted(reply, busy);
}

async function deprovision(desk: Desk, request: InstanceRequest, reply: FastifyReply): Promise<object> {
  const { shop, executor } = desk;
  checkService(shop.service, request.query.service_id);
  findPlan(shop.service, request.query.plan_id);
  const { id } = request.params;
  const busy = await shop.store.busyWith(id);
  const instance = busy?.kind === "provision" ? rowOf(busy) : await existing(shop, id, 410);
  checkOwnIds(shop, instance, request.query, true);
  requireAsync(request.query);
  if (busy?.kind === "deprovision") return accepted(reply, busy);
  const operation = await deletion(desk, instance, busy);
  void executor.start(operation);
  return accepted(reply, operation);
}

/** A deletion puts an end to a provision that goes on; behind anything else a platform must wait itself. @throws OsbError 422 */
async function deletion(desk: Desk, { id }: InstanceRow, busy: Operation | undefined): Promise<Operation> {
  const operation = orderOf(desk.shop, { instanceId: id, kind: "deprovision" });
  if (busy?.kind === "provision") return openBehind(desk, operation);
  if (busy !== undefined || !(await open(desk, operation))) throw concurrency();
  return operation;
}

async function show(shop: Workshop, request: InstanceRequest): Promise<object> {
  const instance = await existing(shop, request.params.id, 404);
  checkOwnIds(shop, instance, request.query, false);
  const busy = await shop.store.busyWith(instance.id);
  if (instance.state === "creating" || instance.state === "failed" || busy?.kind === "deprovision")
    throw new OsbError(404, "There is no such service instance.");
  if (busy?.kind === "update") throw concurrency();
  return {
    service_id: shop.service.id,
    plan_id: instance.plan_id,
    parameters: JSON.parse(instance.parameters) as object,
    maintenance_info: { version: MAINTENANCE_VERSION },
  };
}

async function lastOperation(desk: Desk, request: InstanceRequest, reply: FastifyReply): Promise<object> {
  const { shop } = desk;
  const { operation: asked, service_id: serviceId, plan_id: planId } = request.query;
  const newest = await shop.store.newestOf(request.params.id, "");
  if (newest === undefined) throw new OsbError(404, "There is no such service instance.");
  const isDeleted = newest.kind === "deprovision" && newest.state === "succeeded";
  if (isDeleted && (await shop.store.instance(newest.instance_id)) === undefined)
    throw new OsbError(410, "The service instance is gone.");
  if (serviceId !== undefined) checkService(shop.service, serviceId);
  if (planId !== undefined) findPlan(shop.service, planId);
  const { operation, body } = await polled(desk, newest, asked, reply);
  // The hints are for updates and deletions; what never came to be is not usable.
  if (body.state !== "failed" || operation.kind === "provision") return body;
  const instance = await shop.store.instance(newest.instance_id);
  const isRepeatable = operation.kind === "update" && { update_repeatable: true };
  return { ...body, instance_usable: instance?.state === "ready", ...isRepeatable };
}

export function instanceRoutes(app: FastifyInstance, desk: Desk): void {
  const path = "/v2/service_instances/:id";
  app.put(path, (request, reply) => provision(desk, request as InstanceRequest, reply));
  app.patch(path, (request, reply) => change(desk, request as InstanceRequest, reply));
  app.delete(path, (request, reply) => deprovision(desk, request as InstanceRequest, reply));
  app.get(path, (request) => show(desk.shop, request as InstanceRequest));
  app.get(`${path}/last_operation`, (request, reply) => lastOperation(desk, request as InstanceRequest, reply));
}
