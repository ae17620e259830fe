import { phaseOfInstance } from "../behaviour/replication.ts";
import { json } from "../../kernel/index.ts";
import { type AgentHandler, agentRoute } from "./agent-route.ts";

const show: AgentHandler = function* (services, instance) {
  const { state, role } = instance;
  // What a group at rest is to become is decided once it works.
  if (services.real?.covers(instance) === true && !services.kernel.replaying) services.real.wake(instance);
  return json(200, { state, role, phase: phaseOfInstance(services, instance) });
};

/** Whether the data service runs, its role, and its phase in its group (`Phase`). */
export const statusRoutes = [agentRoute("GET", "/v1/status", show)];
