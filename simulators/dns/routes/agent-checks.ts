import { byKey, type HttpReply, type Route } from "../../kernel/index.ts";
import { checkError, checkTypeOf, isScript, isStatus, localCheck } from "../behaviour/definitions.ts";
import { type ConsulCall, type ConsulSim, decodeBody } from "../wire/call.ts";
import { compileFilter } from "../wire/filter/filter.ts";
import { CHECK } from "../wire/filter/types.ts";
import { answerAtOnce, EMPTY_REPLY } from "../wire/handler.ts";
import { refuseBadRequest, refuseInternally } from "../wire/refusal.ts";
import { CHECK_UPDATE, NODE_CHECK } from "../wire/shapes.ts";
import { localCheckView } from "../wire/views.ts";
import {
  hasAcl,
  refuseScript,
  requireNodeWrite,
  requireServiceWrite,
  rightsOf,
  withEmptyRest,
} from "./agent-rights.ts";

function listChecks(call: ConsulCall): HttpReply {
  const authorizer = rightsOf(call);
  const filter = compileFilter(call.query.get("filter") ?? "", CHECK);
  const list = [...call.agent.local.state.checks]
    .sort(byKey)
    .filter(([, { serviceName }]) =>
      serviceName === "" ? authorizer.reads("node", call.agent.name) : authorizer.reads("service", serviceName),
    )
    .map(([id, check]) => [id, localCheckView(check, call.style)] as const)
    .filter(([, view]) => filter(view));
  return call.json(Object.fromEntries(list));
}

function registerCheck(call: ConsulCall): HttpReply {
  const authorizer = rightsOf(call);
  const fields = decodeBody(call, NODE_CHECK);
  const { Name: name = "", Status: status = "", ServiceID: serviceId = "" } = fields;
  if (name === "") refuseBadRequest("Missing check name");
  if (status !== "" && !isStatus(status)) refuseBadRequest("Bad check status");
  const wrong = checkError(fields);
  if (wrong !== undefined) refuseBadRequest(`Invalid check: ${wrong}`);
  const { local, name: node } = call.agent;
  const service = local.service(serviceId)?.service;
  if (service === undefined) requireNodeWrite(authorizer, node);
  else requireServiceWrite(authorizer, service.name);
  if (serviceId !== "" && service === undefined) refuseInternally(`ServiceID "${serviceId}" does not exist`);
  if (isScript(fields)) refuseScript();
  local.addCheck(localCheck(node, fields.ID || name, name, fields, service, checkTypeOf(fields)));
  return EMPTY_REPLY;
}

/** With ACLs on, rights on an unknown check can't be judged; with ACLs off, anybody may name it. @throws HttpError */
function requireCheckWrite(call: ConsulCall, id: string): void {
  const authorizer = rightsOf(call);
  if (!hasAcl(call)) return;
  const { serviceName } = call.agent.local.check(id) ?? refuseInternally(`Unknown check "${id}"`);
  if (serviceName === "") requireNodeWrite(authorizer, call.agent.name);
  else requireServiceWrite(authorizer, serviceName);
}

function deregisterCheck(call: ConsulCall): HttpReply {
  requireCheckWrite(call, call.rest);
  if (call.rest === "") refuseInternally("CheckID missing");
  call.agent.local.removeCheck(call.rest);
  return EMPTY_REPLY;
}

function updateTtl(call: ConsulCall, status: string, output: string): HttpReply {
  requireCheckWrite(call, call.rest);
  if (!call.agent.local.updateTtl(call.rest, status, output))
    refuseInternally(`CheckID "${call.rest}" does not have associated TTL`);
  return EMPTY_REPLY;
}

/** A heartbeat that carries only the status. */
const heartbeat = (status: string) => answerAtOnce((call) => updateTtl(call, status, call.query.get("note") ?? ""));

function updateCheck(call: ConsulCall): HttpReply {
  const { Status: status = "", Output: output = "" } = decodeBody(call, CHECK_UPDATE);
  if (!isStatus(status)) refuseBadRequest(`Invalid check status: '${status}'`);
  return updateTtl(call, status, output);
}

/** `/v1/agent/check…`: the checks of an agent (Consul 1.8, "Check - Agent HTTP API"). */
export const AGENT_CHECK_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "GET", path: "/v1/agent/checks", handler: answerAtOnce(listChecks) },
  { method: "PUT", path: "/v1/agent/check/register", handler: answerAtOnce(registerCheck) },
  ...withEmptyRest("PUT", "/v1/agent/check/deregister/", answerAtOnce(deregisterCheck)),
  ...withEmptyRest("PUT", "/v1/agent/check/pass/", heartbeat("passing")),
  ...withEmptyRest("PUT", "/v1/agent/check/warn/", heartbeat("warning")),
  ...withEmptyRest("PUT", "/v1/agent/check/fail/", heartbeat("critical")),
  ...withEmptyRest("PUT", "/v1/agent/check/update/", answerAtOnce(updateCheck)),
];
