import { type Body, byKey, type HttpReply, type HttpRequest, type Route, within } from "../../kernel/index.ts";
import { DefinitionError } from "../behaviour/check-definitions.ts";
import { hasScript, readService, type ServiceDefinition } from "../behaviour/definitions.ts";
import type { LocalCheck } from "../behaviour/local-check.ts";
import { sidecarId, sidecarIn, sidecarOf } from "../behaviour/sidecar.ts";
import type { Service } from "../state/rows.ts";
import { ConsulCall, type ConsulSim, decodeBody } from "../wire/call.ts";
import { contentHash } from "../wire/content-hash.ts";
import { durationNs } from "../wire/duration.ts";
import { compileFilter } from "../wire/filter/filter.ts";
import { filterableOf } from "../wire/filter/types.ts";
import { answerAtOnce, answerErrors, type ConsulReply, EMPTY_REPLY } from "../wire/handler.ts";
import { HttpError, refuseBadRequest, refuseInternally } from "../wire/refusal.ts";
import { SERVICE, SERVICE_1_8, type ServiceFields } from "../wire/shapes.ts";
import { agentServiceView } from "../wire/views.ts";
import { readEnable } from "./agent.ts";
import { hasAcl, refuseScript, requireServiceWrite, rightsOf, withEmptyRest } from "./agent-rights.ts";

function listServices(call: ConsulCall): HttpReply {
  const authorizer = rightsOf(call);
  const filter = compileFilter(call.query.get("filter") ?? "", filterableOf(call.style).service);
  const list = [...call.agent.local.state.services]
    .sort(byKey)
    .filter(([, { service }]) => authorizer.sees("service", service.name))
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
  call.refuseEnterprise();
  const { isToday } = call.agent.options.profile;
  const { local, name: node } = call.agent;
  const authorizer = isToday ? undefined : rightsOf(call);
  const fields: ServiceFields = isToday ? decodeBody(call, SERVICE) : decodeBody(call, SERVICE_1_8);
  const { service, checks } = refuseBadDefinition(() => readService(node, fields, isToday));
  const rights = authorizer ?? rightsOf(call);
  const known = local.service(service.id)?.service;
  requireServiceWrite(call, rights, service.name);
  if (known !== undefined) requireServiceWrite(call, rights, known.name);
  if (isToday && service.kind === "connect-proxy")
    requireServiceWrite(call, rights, String(service.proxy?.DestinationServiceName ?? ""));
  const sidecar = refuseBadDefinition(() => readSidecar(call, service, fields));
  if (sidecar !== undefined) requireServiceWrite(call, rights, sidecar.service.name);
  if (hasScript(fields)) refuseScript();
  if (checks.some(({ check }) => check.type === "os_service")) refuseInternally("not implemented");
  const replaces = replacesChecks(call, isToday);
  const token = fields.Token || call.token;
  const withToken = (list: readonly LocalCheck[]): readonly LocalCheck[] => list.map((check) => ({ ...check, token }));
  local.addService(service, withToken(checks), replaces, token);
  if (sidecar !== undefined) local.addService(sidecar.service, withToken(sidecar.checks), replaces, token);
  return EMPTY_REPLY;
}

function readSidecar(call: ConsulCall, service: Service, fields: ServiceFields): ServiceDefinition | undefined {
  const asked = sidecarIn(fields);
  if (asked === undefined) return undefined;
  if (service.ports !== undefined) throw new DefinitionError("MultiPort cannot be used with Consul Connect.");
  const others = [...call.agent.local.state.services.values()].map((each) => each.service);
  return sidecarOf(service, asked, [...others, service]);
}

/** `?replace-existing-checks`: today, another value than `true` means no. */
function replacesChecks({ query }: ConsulCall, isToday: boolean): boolean {
  const given = query.get("replace-existing-checks");
  return given !== null && (!isToday || given === "" || given === "true");
}

const unknownService = (id: string): string =>
  `Unknown service ID "${id}". Ensure that the service ID is passed, not the service name.`;

/** With ACLs on, rights on an unknown service can't be judged; with ACLs off, older releases let anybody name it. @throws HttpError */
function requireKnownServiceWrite(call: ConsulCall, id: string): void {
  const { isToday } = call.agent.options.profile;
  const authorizer = rightsOf(call);
  if (!isToday && !hasAcl(call)) return;
  const known =
    call.agent.local.service(id) ??
    (isToday ? refuseMissing(unknownService(id)) : refuseInternally(`Unknown service {"${id}" {}}`));
  requireServiceWrite(call, authorizer, known.service.name);
}

const refuseMissing = (message: string): never => {
  throw new HttpError(404, message);
};

function deregisterService(call: ConsulCall): HttpReply {
  call.refuseEnterprise();
  requireKnownServiceWrite(call, call.rest);
  if (call.rest === "") refuseInternally("ServiceID missing");
  call.agent.local.removeService(call.rest);
  // A sidecar goes with the service that it was registered with.
  call.agent.local.removeSidecar(sidecarId(call.rest));
  return EMPTY_REPLY;
}

function maintainService(call: ConsulCall): HttpReply {
  if (call.rest === "") refuseBadRequest("Missing service ID");
  const isOn = readEnable(call);
  requireKnownServiceWrite(call, call.rest);
  const { local, name } = call.agent;
  const service = local.service(call.rest)?.service;
  if (service === undefined) return refuseMissing(`No service registered with ID "${call.rest}"`);
  if (isOn) local.enterMaintenance(name, service, call.query.get("reason") ?? "");
  else local.leaveMaintenance(service.id);
  return EMPTY_REPLY;
}

const HASH_HEADER = "X-Consul-Contenthash";
const HASH_WAIT_MS = 600_000;

function serviceReply(call: ConsulCall): HttpReply {
  const known = call.agent.local.service(call.rest)?.service;
  if (known === undefined) throw new HttpError(404, `unknown service ID: ${call.rest}`);
  call.require(rightsOf(call), "service", "read", known.name);
  const hash = contentHash(known, call.agent.options.profile.isToday);
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
