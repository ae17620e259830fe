import type { HttpReply, Route } from "../../kernel/index.ts";
import type { Datacenter } from "../behaviour/datacenter.ts";
import { serverAddress } from "../behaviour/agent.ts";
import type { ConsulCall, ConsulSim } from "../wire/call.ts";
import { answerAtOnce } from "../wire/handler.ts";

function readLeader(call: ConsulCall): HttpReply {
  const datacenter = statusDatacenter(call);
  const [first] = datacenter.hasLeader ? call.sim.cluster.serversOf(datacenter) : [];
  return call.json(first === undefined ? "" : serverAddress(first));
}

/** Status can be read even without a leader. @throws HttpError, NoLeader */
function statusDatacenter(call: ConsulCall): Datacenter {
  const own = call.agent.datacenter;
  const asked = call.query.get("dc") ?? "";
  return asked === "" || asked === own.name ? own : call.datacenter();
}

function listPeers(call: ConsulCall): HttpReply {
  const datacenter = statusDatacenter(call);
  const { cluster } = call.sim;
  const servers = datacenter.hasLeader
    ? cluster.serversOf(datacenter)
    : datacenter.hasData
      ? cluster.peersOf(datacenter)
      : [];
  return call.json(servers.map(serverAddress));
}

/** `/v1/status/…` (Consul 1.8, "Status HTTP API"). */
export const STATUS_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "GET", path: "/v1/status/leader", clients: ["consul"], handler: answerAtOnce(readLeader) },
  { method: "GET", path: "/v1/status/peers", handler: answerAtOnce(listPeers) },
];
