import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { badRequest, concurrency, OsbError } from "../errors.ts";
import { agentOf, guardBindings, locate, planOf, type Workshop } from "../operations/work.ts";
import { aliasOf } from "../spi/manifest.ts";
import type { BindingRow, InstanceRow } from "../store/schema.ts";
import { openText, sealText } from "../store/seal.ts";
import { busyWith, checkOwnIds, existing } from "./instances.ts";
import { canonical, checkId, checkService, findPlan, objectBody, optionalObject } from "./requests.ts";

type Query = Readonly<Record<string, string | undefined>>;
type BindingRequest = FastifyRequest<{ Params: { id: string; binding: string }; Querystring: Query; Body: unknown }>;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** What an application gets (the keys of a9s PostgreSQL; other services differ in the scheme of the uri). */
function credentialsOf(shop: Workshop, instance: InstanceRow, binding: BindingRow): object {
  const { service, config } = shop;
  const domain = config.domain ?? "dc1.consul";
  const host = `${aliasOf(instance.deployment, service)}.node.${domain}`;
  const password = openText(shop.seal, binding.password);
  const scheme = service.kind === "postgresql" ? "postgres" : service.kind;
  const hosts = Array.from(
    { length: planOf(shop, instance.plan_id).nodes },
    (_, at) => `${instance.deployment}-${service.role}-${at}.node.${domain}`,
  );
  return {
    host,
    hosts,
    port: service.port,
    name: instance.deployment,
    username: binding.username,
    password,
    uri: `${scheme}://${binding.username}:${password}@${host}:${service.port}/${instance.deployment}`,
  };
}

async function bind(shop: Workshop, request: BindingRequest, reply: FastifyReply): Promise<object> {
  const id = checkId(request.params.binding);
  const body = objectBody(request.body);
  checkService(shop.service, body.service_id);
  const plan = findPlan(shop.service, body.plan_id);
  const resource = optionalObject(body.bind_resource, "bind_resource");
  const context = optionalObject(body.context, "context");
  const parameters = optionalObject(body.parameters, "parameters");
  if (Object.keys(parameters).length > 0) throw badRequest("parameters: a binding takes none.");
  if (body.app_guid !== undefined && (typeof body.app_guid !== "string" || body.app_guid === ""))
    throw badRequest("app_guid must be a string that is not empty.");
  const instance = await existing(shop, request.params.id, 404);
  if (plan.id !== instance.plan_id) throw badRequest("plan_id is not the plan of this service instance.");
  const busy = await busyWith(shop, instance.id);
  if (busy !== undefined) throw concurrency();
  if (instance.state !== "ready") throw new OsbError(422, "The service instance is not ready to be bound.");
  const asked = canonical({ instance: instance.id, plan: plan.id, resource, context, app: body.app_guid });
  const known = await shop.store.binding(id);
  if (
    known !== undefined &&
    (known.request !== asked || known.instance_id !== instance.id || known.state === "deleting")
  ) {
    throw new OsbError(409, "A service binding with this id exists already.");
  }
  if (known?.state === "ready") return { credentials: credentialsOf(shop, instance, known) };
  const binding = known ?? (await record(shop, id, instance, asked));
  await open(shop, instance, binding);
  reply.code(201);
  return { credentials: credentialsOf(shop, instance, binding) };
}

/** The record comes first: a broker that dies in the middle finds it, and an unbind can take back what was made. */
async function record(shop: Workshop, id: string, instance: InstanceRow, request: string): Promise<BindingRow> {
  const binding: BindingRow = {
    id,
    instance_id: instance.id,
    state: "creating",
    request,
    username: `a9s${hex(shop.host.randomBytes(20))}`,
    password: sealText(shop.seal, hex(shop.host.randomBytes(32))),
    created_ms: shop.host.nowMs(),
  };
  if (!(await shop.store.addBinding(binding))) throw concurrency();
  return binding;
}

async function open(shop: Workshop, instance: InstanceRow, binding: BindingRow): Promise<void> {
  await locate(shop, instance.id);
  const located = (await shop.store.instance(instance.id)) as InstanceRow;
  await agentOf(shop, located).putCredentials(
    binding.username,
    openText(shop.seal, binding.password),
    instance.deployment,
  );
  await shop.store.setBinding(binding.id, { state: "ready" });
}

/** A binding of this instance; another instance's is none. @throws OsbError 404 or 410 */
async function ownBinding(
  shop: Workshop,
  request: BindingRequest,
  status: 404 | 410,
): Promise<{ instance: InstanceRow; binding: BindingRow }> {
  const instance = await existing(shop, request.params.id, status);
  const binding = await shop.store.binding(request.params.binding);
  if (binding === undefined || binding.instance_id !== instance.id)
    throw new OsbError(status, "There is no such service binding.");
  return { instance, binding };
}

async function unbind(shop: Workshop, request: BindingRequest): Promise<object> {
  checkService(shop.service, request.query.service_id);
  findPlan(shop.service, request.query.plan_id);
  const { instance, binding } = await ownBinding(shop, request, 410);
  checkOwnIds(shop, instance, request.query, true);
  if ((await busyWith(shop, instance.id)) !== undefined) throw concurrency();
  await shop.store.setBinding(binding.id, { state: "deleting" });
  await agentOf(shop, instance).deleteCredentials(binding.username);
  await guardBindings(shop, instance);
  await shop.store.deleteBinding(binding.id);
  return {};
}

async function show(shop: Workshop, request: BindingRequest): Promise<object> {
  const { instance, binding } = await ownBinding(shop, request, 404);
  checkOwnIds(shop, instance, request.query, false);
  if (binding.state !== "ready") throw new OsbError(404, "There is no such service binding.");
  return { credentials: credentialsOf(shop, instance, binding), parameters: {} };
}

/** Bindings are made at once, so there is no operation to ask about; what stands has succeeded. */
async function lastOperation(shop: Workshop, request: BindingRequest): Promise<object> {
  const { binding } = await ownBinding(shop, request, 404);
  return { state: binding.state === "ready" ? "succeeded" : "in progress" };
}

export function bindingRoutes(app: FastifyInstance, shop: Workshop): void {
  const path = "/v2/service_instances/:id/service_bindings/:binding";
  app.put(path, (request, reply) => bind(shop, request as BindingRequest, reply));
  app.delete(path, (request) => unbind(shop, request as BindingRequest));
  app.get(path, (request) => show(shop, request as BindingRequest));
  app.get(`${path}/last_operation`, (request) => lastOperation(shop, request as BindingRequest));
}
