import type { HttpReply, Route } from "../../kernel/index.ts";
import type { ConsulCall, ConsulSim } from "../wire/call.ts";
import { answerAtOnce } from "../wire/handler.ts";
import { refuseNotSimulated } from "../wire/refusal.ts";

function saveSnapshot(call: ConsulCall): HttpReply {
  call.datacenter();
  return refuseNotSimulated("snapshots");
}

/** `/v1/snapshot` (Consul 1.8, "Snapshot HTTP Endpoint"). */
export const SNAPSHOT_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "GET", path: "/v1/snapshot", handler: answerAtOnce(saveSnapshot) },
];
