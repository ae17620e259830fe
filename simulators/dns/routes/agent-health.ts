import { byKey, type HttpReply, type Route } from "../../kernel/index.ts";
import { aggregate } from "../state/health.ts";
import type { ConsulCall, ConsulSim } from "../wire/call.ts";
import { answerAtOnce } from "../wire/handler.ts";
import { refuseInternally } from "../wire/refusal.ts";
import { agentServiceView, bareCheckView } from "../wire/views.ts";
import { rightsOf, withEmptyRest } from "./agent-rights.ts";

/** HTTP status of a health, for load balancers. */
const HTTP_STATUS: Readonly<Record<string, number>> = { passing: 200, warning: 429, critical: 503, maintenance: 503 };
/** From best to worst. */
const SEVERITY = ["passing", "warning", "critical", "maintenance"];

const wantsText = ({ query, request }: ConsulCall): boolean =>
  query.get("format") === "text" || (request.headers.accept ?? "").startsWith("text/plain");

function healthReply(call: ConsulCall, status: number, reason: string, value: unknown): HttpReply {
  const headers = { "X-Consul-Reason": reason };
  if (!wantsText(call)) return call.json(value, headers, status);
  return { status, headers: { ...headers, "Content-Type": "text/plain" }, body: reason };
}

function healthOf(call: ConsulCall, id: string): { readonly status: string; readonly view: unknown } {
  const known = call.agent.local.service(id)?.service;
  const own = [...call.agent.local.state.checks.values()].filter(
    ({ check }) => check.serviceId === "" || check.serviceId === id,
  );
  const status = aggregate(own.map(({ check }) => check));
  const view = {
    AggregatedStatus: status,
    Service: known && agentServiceView(known, call.style),
    Checks: own.map((check) => bareCheckView(check, call.style)),
  };
  return { status, view };
}

/** @throws HttpError 500, whatever the text says */
const refuseNameless = ({ agent }: ConsulCall, what: string): never =>
  refuseInternally(`${agent.options.profile.badRequestPrefix}Missing ${what}`);

function readHealthById(call: ConsulCall): HttpReply {
  const authorizer = rightsOf(call);
  if (call.rest === "") refuseNameless(call, "serviceID");
  const known = call.agent.local.service(call.rest)?.service;
  if (known === undefined) return unknownService(call, `ServiceId ${call.rest} not found`);
  call.require(authorizer, "service", "read", known.name);
  const { status, view } = healthOf(call, call.rest);
  return healthReply(call, HTTP_STATUS[status] ?? 503, status, view);
}

function unknownService(call: ConsulCall, reason: string): HttpReply {
  const headers = { "X-Consul-Reason": reason };
  if (wantsText(call) && call.style.isToday)
    return { status: 404, headers: { ...headers, "Content-Type": "text/plain" }, body: reason };
  if (wantsText(call)) return call.json(reason, headers, 404);
  return call.json({ AggregatedStatus: "critical", Service: null, Checks: null }, headers, 404);
}

function readHealthByName(call: ConsulCall): HttpReply {
  const authorizer = rightsOf(call);
  if (call.rest === "") refuseNameless(call, "service Name");
  call.require(authorizer, "service", "read", call.rest);
  const healths = [...call.agent.local.state.services]
    .sort(byKey)
    .filter(([, { service }]) => service.name === call.rest)
    .map(([id]) => healthOf(call, id));
  const [worst] = healths.map(({ status }) => status).sort((a, b) => SEVERITY.indexOf(b) - SEVERITY.indexOf(a));
  if (worst === undefined) return healthReply(call, 404, `ServiceName ${call.rest} Not Found`, []);
  const views = healths.map(({ view }) => view);
  return healthReply(call, HTTP_STATUS[worst] ?? 503, worst, views);
}

/** `/v1/agent/health/service/…`: the health of an agent's services (Consul 1.8, "Service - Agent HTTP API"). */
export const AGENT_HEALTH_ROUTES: readonly Route<ConsulSim>[] = [
  ...withEmptyRest("GET", "/v1/agent/health/service/id/", answerAtOnce(readHealthById)),
  ...withEmptyRest("GET", "/v1/agent/health/service/name/", answerAtOnce(readHealthByName)),
];
