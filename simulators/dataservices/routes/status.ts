import { json } from "../../kernel/index.ts";
import { type AgentHandler, agentRoute } from "./agent-route.ts";

const show: AgentHandler = function* (_services, { state, role }) {
  return json(200, { state, role });
};

/** Whether the data service runs, and its role. */
export const statusRoutes = [agentRoute("GET", "/v1/status", show)];
