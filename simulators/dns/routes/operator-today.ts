import { type HttpReply, isoSeconds, type Route } from "../../kernel/index.ts";
import { serverAddress } from "../behaviour/agent.ts";
import type { Datacenter } from "../behaviour/datacenter.ts";
import type { ConsulCall, ConsulSim } from "../wire/call.ts";
import { answerAtOnce } from "../wire/handler.ts";
import { INT, STRING, structOf } from "../wire/json/shape.ts";
import { answerRead, consistencyOf, type ReadResult } from "../wire/read.ts";
import { keyringScope } from "./operator.ts";
import { HttpError, refuseBadRequest, refuseInternally } from "../wire/refusal.ts";

const GATEWAYS = [
  "api-gateway",
  "connect-native",
  "connect-proxy",
  "ingress-gateway",
  "mesh-gateway",
  "terminating-gateway",
];

function usageOf({ catalog }: Datacenter): Readonly<Record<string, unknown>> {
  const rows = catalog.entries().flatMap(({ services }) => [...services.values()]);
  const count = (kind: string): number =>
    rows.filter((row) => (kind === "connect-native" ? row.native : row.kind === kind)).length;
  const names = new Set(rows.map(({ name }) => name.toLowerCase()));
  const billable = rows.filter(({ kind, name }) => kind === "" && name !== "consul").length;
  return {
    Services: names.size,
    ServiceInstances: rows.length,
    ConnectServiceInstances: Object.fromEntries(GATEWAYS.map((kind) => [kind, count(kind)])),
    BillableServiceInstances: billable,
    Nodes: catalog.nodes().length,
  };
}

function readUsage(call: ConsulCall): ReadResult {
  // No other datacenter can be asked for.
  const datacenter = call.datacenter(call.agent.datacenter.name);
  call.require(call.authorizer(datacenter), "operator", "read");
  const { cluster } = call.sim;
  const all = call.flag("global") ? [...cluster.datacenters.values()] : [datacenter];
  const index = datacenter.store.latest("nodes", "services");
  const value = {
    Usage: Object.fromEntries(all.map((each) => [each.name, usageOf(each)])),
    Index: index,
    LastContact: 0,
    KnownLeader: true,
    ConsistencyLevel: consistencyOf(call),
    NotModified: false,
    Backend: 0,
    ResultsFilteredByACLs: false,
  };
  return { index, value };
}

/** A leader only steps down while there is another server. */
function transferLeader(call: ConsulCall): HttpReply {
  const datacenter = call.datacenter();
  call.require(call.authorizer(datacenter), "operator", "write");
  const servers = call.sim.cluster.serversOf(datacenter).filter(({ membership }) => membership === "alive");
  const id = call.query.get("id") ?? "";
  const [, ...others] = servers;
  const target = id === "" ? others[0] : servers.find(({ options }) => options.id === id);
  if (target === undefined)
    return refuseInternally(id === "" ? "cannot find peer" : `Could not find address for server id ${id}`);
  return call.json({ Success: true });
}

function readAutopilotState(call: ConsulCall): HttpReply {
  const datacenter = call.datacenter();
  call.require(call.authorizer(datacenter), "operator", "read");
  const servers = call.sim.cluster.peersOf(datacenter);
  const isHealthy = call.sim.cluster.isSettled(datacenter);
  const { nowMs } = call.agent.kernel;
  const shown = servers.map((server, at) => {
    const { options, name, membership } = server;
    return [
      options.id,
      {
        ID: options.id,
        Name: name,
        Address: serverAddress(server),
        NodeStatus: membership === "alive" ? "alive" : "failed",
        Version: options.profile.version,
        LastContact: "0s",
        LastTerm: 1,
        LastIndex: 1,
        Healthy: isHealthy && membership === "alive",
        StableSince: isoSeconds(nowMs),
        ReadReplica: false,
        Status: isHealthy && at === 0 ? "leader" : "voter",
        Meta: null,
        NodeType: "voter",
      },
    ];
  });
  const tolerance = isHealthy ? Math.floor((servers.length - 1) / 2) : 0;
  return call.json({
    Healthy: isHealthy,
    FailureTolerance: tolerance,
    OptimisticFailureTolerance: tolerance,
    Servers: Object.fromEntries(shown),
    Leader: isHealthy ? (servers[0]?.options.id ?? "") : "",
    Voters: servers.map(({ options }) => options.id),
  });
}

const KEYRING = structOf("agent.keyringArgs", { Key: STRING, Token: STRING, RelayFactor: INT, LocalOnly: INT });

/** Without encryption there is no keyring; the messages of all gossip pools about that. */
function refuseKeyring(call: ConsulCall): HttpReply {
  const { method, body } = call.request;
  if (method === "DELETE" && body.length === 0) refuseBadRequest("Request decode failed: EOF");
  const fields = call.decode(KEYRING) ?? {};
  keyringScope(call);
  const authorizer = call.authorizer(call.datacenter());
  call.require(authorizer, "keyring", "write");
  const { name, datacenter } = call.agent;
  const bad = badKey(fields.Key ?? "");
  const pools = [
    ["WAN", `${name}.${datacenter.name}`],
    [`${datacenter.name} (LAN)`, name],
  ];
  const lines = pools.flatMap(([pool, member]) =>
    bad === undefined
      ? [
          `\t* ${pool} error: 1/1 nodes reported failure\n`,
          `\t* ${member}: No keyring to modify (encryption not enabled)\n`,
        ]
      : [`\t* ${pool} error: ${bad}\n`],
  );
  return refuseInternally(`${lines.length} errors occurred:\n${lines.join("")}\n`);
}

/** Where a text is not base64, in Go's words. */
function badKey(key: string): string | undefined {
  const at = key.search(/[^A-Za-z0-9+/]/);
  if (at >= 0 && !/^[A-Za-z0-9+/]*={0,2}$/.test(key)) return `illegal base64 data at input byte ${at}`;
  return key.length % 4 === 0 ? undefined : `illegal base64 data at input byte ${Math.floor(key.length / 4) * 4}`;
}

const refuseUtilization = (): never => {
  throw new HttpError(404, "operator utilization requires Consul Enterprise");
};

function saveUtilization(): HttpReply {
  return refuseUtilization();
}

/** The routes for operators that came after 1.8. */
export const OPERATOR_TODAY_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "GET", path: "/v1/operator/usage", handler: answerRead("consistency", readUsage) },
  { method: "POST", path: "/v1/operator/raft/transfer-leader", handler: answerAtOnce(transferLeader) },
  { method: "GET", path: "/v1/operator/autopilot/state", handler: answerAtOnce(readAutopilotState) },
  { method: "GET", path: "/v1/operator/utilization", handler: answerAtOnce(saveUtilization) },
];

/** Changes of the keyring. */
export const KEYRING_ROUTES: readonly Route<ConsulSim>[] = ["POST", "PUT", "DELETE"].map((method) => ({
  method,
  path: "/v1/operator/keyring",
  handler: answerAtOnce(refuseKeyring),
}));
