import type { Route } from "../../kernel/index.ts";
import type { ConsulSim } from "../wire/call.ts";
import { answerRead } from "../wire/read.ts";
import { withRights } from "./catalog-reads.ts";

/** An empty list: the mesh is not simulated, so there is none of it. */
export const answerNone = answerRead("index", (call) => {
  withRights(call);
  return { index: 0, value: [] };
});

/** `/v1/config/…`: configuration entries, of which there are none (Consul 1.8, "Config HTTP Endpoint"). */
export const CONFIG_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "GET", path: "/v1/config/:kind", handler: answerNone },
];
