import type { Route } from "../../kernel/index.ts";
import type { ConsulSim } from "../wire/call.ts";
import { answerNone } from "./config.ts";

/** `/v1/connect/…` of 1.8: intentions, of which there are none (Consul 1.8, "Intentions - Connect HTTP API"). */
export const CONNECT_1_8_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "GET", path: "/v1/connect/intentions", handler: answerNone },
];
