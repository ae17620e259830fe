import { hash } from "node:crypto";
import {
  type Body,
  type HttpReply,
  type HttpRequest,
  readBasic,
  type Route,
  sameSecret,
  type Upload,
} from "../../kernel/index.ts";
import { stop } from "../behaviour/instances.ts";
import { phaseOfInstance } from "../behaviour/replication.ts";
import type { DataServices } from "../behaviour/services.ts";
import { faultAt, type FaultStep } from "../faults.ts";
import type { Instance } from "../state.ts";
import { AgentError, refusalOf } from "../wire/agent-errors.ts";
import { DataServiceError } from "../wire/errors.ts";

/**
 * Answers a request for the instance at the address that received it; anything that it throws becomes the
 * agent's error.
 */
export type AgentHandler = (services: DataServices, instance: Instance, request: HttpRequest) => Body<HttpReply>;

const portOf = ({ origin }: HttpRequest): string => new URL(origin).port || "80";

/** The instance whose agent the request reached, by the VM's address. Undefined if the VM has no data service. */
export function instanceAt({ slot }: DataServices, request: HttpRequest): Instance | undefined {
  const instance = slot.value.instances.get(new URL(request.origin).hostname);
  return instance === undefined || String(instance.agent.port) !== portOf(request) ? undefined : instance;
}

/** Whether a request carries the login of an instance's agent. Both parts are compared, whatever the first comparison says. */
export function isAgentsLogin({ agent }: Instance, { headers }: HttpRequest): boolean {
  const { username = "", password = "" } = readBasic(headers.authorization) ?? {};
  const isUser = sameSecret(username, agent.username);
  const isPassword = sameSecret(hash("sha256", password), agent.passwordSha256);
  return isUser && isPassword;
}

/** The answer of a connection that nobody accepts. */
export const NOBODY_LISTENS: HttpReply = { status: 0, wire: { kind: "reset" } };

/** One route of the agent, for its platform alone. */
export const agentRoute = (
  method: string,
  path: string,
  handler: AgentHandler,
  upload?: Upload,
): Route<DataServices> => ({
  method,
  path,
  ...(upload && { upload }),
  auth: "basic, the job's property `agent`",
  clients: ["broker"],
  *handler(services, request): Body<HttpReply> {
    const instance = instanceAt(services, request);
    if (instance === undefined) return NOBODY_LISTENS;
    try {
      return yield* handler(services, instance, request);
    } catch (error) {
      return refusalOf(error);
    }
  },
});

/** @throws AgentError 503 when the data service does not run, 409 on a replica */
export function requirePrimary(services: DataServices, instance: Instance): void {
  if (instance.state !== "running") throw new AgentError(503, "not_running", "the data service does not run");
  if (instance.role !== "primary" || phaseOfInstance(services, instance) !== "primary")
    throw new AgentError(409, "not_primary", "ask the primary of the group");
}

/** Lets the armed fault of a step act. @throws AgentError its failure; `vanish` stops the service first */
export function* applyFault(services: DataServices, step: FaultStep, instance: Instance): Body {
  const effect = faultAt(services.kernel, step, instance);
  if (effect?.kind === "delay") yield* services.kernel.faults.delay(effect);
  if (effect?.kind === "stuck" && !(yield* services.kernel.faults.stuck(effect)))
    throw new AgentError(504, `${step}_failed`, "no answer in time");
  if (effect?.kind === "error") throw new AgentError(500, `${step}_failed`, effect.message);
  if (effect?.kind === "vanish") {
    stop(services, instance.address, instance.kind);
    throw new AgentError(0, "vanished", "");
  }
}

/**
 * The real servers, if one stands behind the instance.
 *
 * @throws DataServiceError DS_NOT_SIMULATED while a snapshot is replayed: it holds no real data, so work on such data can't be repeated
 */
export function realServersOf(services: DataServices, instance: Instance): DataServices["real"] {
  if (!services.real?.covers(instance)) return undefined;
  if (services.kernel.replaying && !services.real.isAbsent)
    throw new DataServiceError("DS_NOT_SIMULATED", "real data is not in a snapshot");
  return services.real;
}
