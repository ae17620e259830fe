import type { Route } from "../../kernel/index.ts";
import type { ConsulSim } from "../wire/call.ts";
import { answerAtOnce } from "../wire/handler.ts";
import { readAgentRoots, readLeaf } from "./connect-ca.ts";

/** `/v1/agent/connect/…` (Consul 1.22, "Connect - Agent HTTP API"). */
export const AGENT_CONNECT_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "GET", path: "/v1/agent/connect/ca/roots", handler: answerAtOnce(readAgentRoots) },
  { method: "GET", path: "/v1/agent/connect/ca/leaf/*rest", handler: answerAtOnce(readLeaf) },
];
