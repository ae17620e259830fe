import { phaseOfInstance } from "../behaviour/replication.ts";
import { json } from "../../kernel/index.ts";
import { type AgentHandler, agentRoute } from "./agent-route.ts";

const show: AgentHandler = function* (services, instance) {
  const { state, role } = instance;
  return json(200, { state, role, phase: phaseOfInstance(services, instance) });
};

/** Whether the data service runs, its role, and its phase in its group (`Phase`). */
export const statusRoutes = [agentRoute("GET", "/v1/status", show)];
