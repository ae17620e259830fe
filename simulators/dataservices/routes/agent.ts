import { defineService, type HttpReply, type HttpRequest, type Service } from "../../kernel/index.ts";
import type { DataServices } from "../behaviour/services.ts";
import { AgentError } from "../wire/agent-errors.ts";
import { instanceAt, isAgentsLogin, NOBODY_LISTENS } from "./agent-route.ts";
import { credentialsRoutes } from "./credentials.ts";
import { dumpsRoutes } from "./dumps.ts";
import { logsRoutes } from "./logs.ts";
import { restoresRoutes } from "./restores.ts";
import { statusRoutes } from "./status.ts";

/** The limit of any body except a dump or a file of a log, which are uploads. */
const BODY_BYTES_MAX = 64 * 1024;

function authenticate(services: DataServices, request: HttpRequest): HttpReply | undefined {
  const instance = instanceAt(services, request);
  // There is no data service on this VM, so there is no agent.
  if (instance === undefined) return NOBODY_LISTENS;
  return isAgentsLogin(instance, request)
    ? undefined
    : new AgentError(401, "unauthorized", "wrong or missing credentials").reply;
}

/** The agent beside the data service on each VM, for the platform alone: one service at many addresses. */
export function createAgent(services: DataServices): Service {
  return defineService<DataServices>({
    name: "dataservice-agent",
    kernel: services.kernel,
    sim: services,
    bodyBytesMax: BODY_BYTES_MAX,
    before: authenticate,
    unmatched: (_services, _request, allowed) =>
      allowed.length > 0
        ? new AgentError(405, "method_not_allowed", `allowed: ${allowed.join(", ")}`).reply
        : new AgentError(404, "not_found", "no such resource").reply,
    routes: [...statusRoutes, ...credentialsRoutes, ...dumpsRoutes, ...restoresRoutes(services), ...logsRoutes],
  });
}
