import { byKey, type HttpReply, type Route } from "../../kernel/index.ts";
import { checkError, checkTypeOf, isScript, isStatus, localCheck } from "../behaviour/check-definitions.ts";
import { type ConsulCall, type ConsulSim, decodeBody } from "../wire/call.ts";
import { compileFilter } from "../wire/filter/filter.ts";
import { FAILED } from "../wire/filter/parse.ts";
import { filterableOf } from "../wire/filter/types.ts";
import { answerAtOnce, EMPTY_REPLY } from "../wire/handler.ts";
import type { DecodedStruct } from "../wire/json/shape.ts";
import { HttpError, Refusal, refuseBadRequest, refuseInternally } from "../wire/refusal.ts";
import { CHECK_UPDATE, NODE_CHECK, NODE_CHECK_1_8 } from "../wire/check-shapes.ts";
import { localCheckView } from "../wire/views.ts";
import {
  hasAcl,
  refuseScript,
  requireNodeWrite,
  requireServiceWrite,
  rightsOf,
  withEmptyRest,
} from "./agent-rights.ts";

/** The filter of a list; today's text for a wrong one lacks the beginning. @throws FilterError, HttpError */
function filterOf(call: ConsulCall): (value: unknown) => boolean {
  try {
    return compileFilter(call.query.get("filter") ?? "", filterableOf(call.style).check);
  } catch (error) {
    const isSelector = error instanceof Refusal && error.message.startsWith(`${FAILED}Selector `);
    if (call.style.isToday && isSelector) refuseInternally(error.message.slice(FAILED.length));
    throw error;
  }
}

function listChecks(call: ConsulCall): HttpReply {
  const authorizer = rightsOf(call);
  const filter = filterOf(call);
  const list = [...call.agent.local.state.checks]
    .sort(byKey)
    .filter(([, { serviceName }]) =>
      serviceName === "" ? authorizer.sees("node", call.agent.name) : authorizer.sees("service", serviceName),
    )
    .map(([id, check]) => [id, localCheckView(check, call.style)] as const)
    .filter(([, view]) => filter(view));
  return call.json(Object.fromEntries(list));
}

function registerCheck(call: ConsulCall): HttpReply {
  call.refuseEnterprise();
  const { isToday } = call.agent.options.profile;
  const older = isToday ? undefined : rightsOf(call);
  const fields: DecodedStruct<(typeof NODE_CHECK)["fields"]> = decodeBody(call, isToday ? NODE_CHECK : NODE_CHECK_1_8);
  const { Name: name = "", Status: status = "" } = fields;
  const serviceId = fields.ServiceID || (fields.service_id ?? "");
  if (name === "") refuseBadRequest("Missing check name");
  if (status !== "" && !isStatus(status)) refuseBadRequest("Bad check status");
  const authorizer = older ?? rightsOf(call);
  const wrong = checkError(fields, isToday);
  if (wrong !== undefined) refuseBadRequest(`Invalid check: ${wrong}`);
  const { local, name: node } = call.agent;
  const service = local.service(serviceId)?.service;
  const isMissing = serviceId !== "" && service === undefined;
  if (isMissing && isToday) throw new HttpError(404, `ServiceID "${serviceId}" does not exist`);
  if (service === undefined) requireNodeWrite(call, authorizer, node);
  else requireServiceWrite(call, authorizer, service.name);
  if (isMissing) refuseInternally(`ServiceID "${serviceId}" does not exist`);
  if (isScript(fields)) refuseScript();
  const type = checkTypeOf(fields);
  if (type === "os_service") refuseInternally("not implemented");
  const check = localCheck(node, fields.ID || name, name, fields, service, type);
  local.addCheck({ ...check, token: fields.Token || call.token });
  return EMPTY_REPLY;
}

const unknownCheck = (id: string): string =>
  `Unknown check ID "${id}". Ensure that the check ID is passed, not the check name.`;

/** With ACLs on, rights on an unknown check can't be judged; with ACLs off, older releases let anybody name it. @throws HttpError */
function requireCheckWrite(call: ConsulCall, id: string): void {
  const { isToday } = call.agent.options.profile;
  const authorizer = rightsOf(call);
  if (!isToday && !hasAcl(call)) return;
  const known = call.agent.local.check(id);
  if (known === undefined && isToday) throw new HttpError(404, unknownCheck(id));
  const { serviceName } = known ?? refuseInternally(`Unknown check "${id}"`);
  if (serviceName === "") requireNodeWrite(call, authorizer, call.agent.name);
  else requireServiceWrite(call, authorizer, serviceName);
}

function deregisterCheck(call: ConsulCall): HttpReply {
  call.refuseEnterprise();
  requireCheckWrite(call, call.rest);
  if (call.rest === "") refuseInternally("CheckID missing");
  call.agent.local.removeCheck(call.rest);
  return EMPTY_REPLY;
}

const OUTPUT_BYTES_MAX = 4096;

/** Long output is cut, and says so. */
function shorten(output: string): string {
  const bytes = Buffer.from(output);
  if (bytes.length <= OUTPUT_BYTES_MAX) return output;
  return `${bytes.toString("utf8", 0, OUTPUT_BYTES_MAX)} ... (captured ${OUTPUT_BYTES_MAX} of ${bytes.length} bytes)`;
}

function updateTtl(call: ConsulCall, status: string, output: string): HttpReply {
  requireCheckWrite(call, call.rest);
  if (!call.agent.local.updateTtl(call.rest, status, shorten(output)))
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
