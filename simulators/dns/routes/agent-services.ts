import { type Body, byKey, type HttpReply, type HttpRequest, type Route, within } from "../../kernel/index.ts";
import { DefinitionError, hasScript, readService } from "../behaviour/definitions.ts";
import { ConsulCall, type ConsulSim, decodeBody } from "../wire/call.ts";
import { contentHash } from "../wire/content-hash.ts";
import { durationNs } from "../wire/duration.ts";
import { compileFilter } from "../wire/filter/filter.ts";
import { SERVICE as SERVICE_FILTER } from "../wire/filter/types.ts";
import { answerAtOnce, answerErrors, type ConsulReply, EMPTY_REPLY } from "../wire/handler.ts";
import { HttpError, refuseBadRequest, refuseInternally } from "../wire/refusal.ts";
import { SERVICE } from "../wire/shapes.ts";
import { agentServiceView } from "../wire/views.ts";
import { readEnable } from "./agent.ts";
import { hasAcl, refuseScript, requireRight, requireServiceWrite, rightsOf, withEmptyRest } from "./agent-rights.ts";

function listServices(call: ConsulCall): HttpReply {
  const authorizer = rightsOf(call);
  const filter = compileFilter(call.query.get("filter") ?? "", SERVICE_FILTER);
  const list = [...call.agent.local.state.services]
    .sort(byKey)
    .filter(([, { service }]) => authorizer.reads("service", service.name))
    .map(([id, { service }]) => [id, agentServiceView(service, call.style)] as const)
    .filter(([, view]) => filter({ TaggedAddresses: {}, ...view }));
  return call.json(Object.fromEntries(list));
}

/** Definitions are refused with 400. @throws HttpError */
function refuseBadDefinition<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof DefinitionError) return refuseBadRequest(error.message);
    throw error;
  }
}

function registerService(call: ConsulCall): HttpReply {
  const authorizer = rightsOf(call);
  const fields = decodeBody(call, SERVICE);
  const { local, name: node } = call.agent;
  const { service, checks } = refuseBadDefinition(() => readService(node, fields));
  const known = local.service(service.id)?.service;
  requireServiceWrite(authorizer, service.name);
  if (known !== undefined) requireServiceWrite(authorizer, known.name);
  if (hasScript(fields)) refuseScript();
  local.addService(service, checks, call.flag("replace-existing-checks"));
  return EMPTY_REPLY;
}

/** With ACLs on, rights on an unknown service can't be judged; with ACLs off, anybody may name it. @throws HttpError */
function requireKnownServiceWrite(call: ConsulCall, id: string): void {
  const authorizer = rightsOf(call);
  if (!hasAcl(call)) return;
  const known = call.agent.local.service(id) ?? refuseInternally(`Unknown service {"${id}" {}}`);
  requireServiceWrite(authorizer, known.service.name);
}

function deregisterService(call: ConsulCall): HttpReply {
  requireKnownServiceWrite(call, call.rest);
  if (call.rest === "") refuseInternally("ServiceID missing");
  call.agent.local.removeService(call.rest);
  return EMPTY_REPLY;
}

function maintainService(call: ConsulCall): HttpReply {
  if (call.rest === "") refuseBadRequest("Missing service ID");
  const isOn = readEnable(call);
  requireKnownServiceWrite(call, call.rest);
  const { local, name } = call.agent;
  const service = local.service(call.rest)?.service;
  if (service === undefined) throw new HttpError(404, `No service registered with ID "${call.rest}"`);
  if (isOn) local.enterMaintenance(name, service, call.query.get("reason") ?? "");
  else local.leaveMaintenance(service.id);
  return EMPTY_REPLY;
}

const HASH_HEADER = "X-Consul-Contenthash";
const HASH_WAIT_MS = 600_000;

function serviceReply(call: ConsulCall): HttpReply {
  const known = call.agent.local.service(call.rest)?.service;
  if (known === undefined) throw new HttpError(404, `unknown service ID: ${call.rest}`);
  requireRight(rightsOf(call).reads("service", known.name));
  const hash = contentHash(known);
  return call.json({ ...agentServiceView(known, call.style), ContentHash: hash }, { [HASH_HEADER]: hash });
}

/** One service; with `?hash=` the answer waits until its content has another. */
function readAgentService(sim: ConsulSim, request: HttpRequest): ConsulReply {
  const call = new ConsulCall(sim, request);
  const reply = (): ConsulReply => answerErrors(sim.agent, {}, () => serviceReply(call));
  const hash = call.query.get("hash") ?? "";
  const first = reply();
  if (hash === "" || !hasHash(first, hash)) return first;
  const waitMs = (durationNs(call.query.get("wait") ?? "") ?? 0) / 1e6;
  return waitForChange(call, reply, hash, waitMs > 0 ? Math.min(waitMs, HASH_WAIT_MS) : HASH_WAIT_MS);
}

const hasHash = (reply: ConsulReply, hash: string): boolean =>
  "status" in reply && reply.headers?.[HASH_HEADER] === hash;

function* waitForChange(call: ConsulCall, read: () => ConsulReply, hash: string, waitMs: number): Body<HttpReply> {
  const { kernel, local } = call.agent;
  const untilMs = kernel.nowMs + waitMs;
  for (;;) {
    const leftMs = untilMs - kernel.nowMs;
    const woken = leftMs > 0 ? yield* within(kernel, local.changed, leftMs) : undefined;
    const reply = read();
    if (woken === undefined || !hasHash(reply, hash)) return "status" in reply ? reply : yield* reply;
  }
}

/** `/v1/agent/service…`: the services of an agent (Consul 1.8, "Service - Agent HTTP API"). */
export const AGENT_SERVICE_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "GET", path: "/v1/agent/services", clients: ["consul"], handler: answerAtOnce(listServices) },
  ...withEmptyRest("GET", "/v1/agent/service/", readAgentService),
  { method: "PUT", path: "/v1/agent/service/register", clients: ["consul"], handler: answerAtOnce(registerService) },
  ...withEmptyRest("PUT", "/v1/agent/service/deregister/", answerAtOnce(deregisterService), ["consul"]),
  ...withEmptyRest("PUT", "/v1/agent/service/maintenance/", answerAtOnce(maintainService)),
];
