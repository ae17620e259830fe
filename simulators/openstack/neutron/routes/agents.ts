import { emptyList } from "./read-only.ts";

/** `/v2.0/agents`: a cloud without agents, like the recorded one. */
export const AGENT_ROUTES = [emptyList("agents", "agents")];
