import { compilePattern } from "../../kernel/index.ts";
import { hash } from "node:crypto";
import type { HttpReply, Route } from "../../kernel/index.ts";
import { type Agent, SERVER_PORT } from "../behaviour/agent.ts";
import { str } from "../behaviour/definitions.ts";
import type { Datacenter } from "../behaviour/datacenter.ts";
import { ANY, BOOL, FLOAT, INT, type Shape, STRING, type Struct } from "../wire/json/decode.ts";
import { type CoordinateRow, DIMENSIONS } from "../state/coordinates.ts";
import { withRights } from "./catalog.ts";
import {
  refuseBadRequest,
  type ConsulCall,
  decodeBody,
  deny,
  EMPTY_REPLY,
  type ReadResult,
  HttpError,
  refuseNotSimulated,
  answerAtOnce,
  answerRead,
  type ConsulSim,
} from "../wire/frame.ts";
import { checkView, nodeView, serviceView } from "../wire/views.ts";

const EVENT_BYTES_MAX = 512;

const fail = (message: string): never => {
  throw new HttpError(500, message);
};

function leader(call: ConsulCall): HttpReply {
  const datacenter = statusDatacenter(call);
  const [first] = datacenter.hasLeader ? call.sim.cluster.serversOf(datacenter) : [];
  return call.json(first === undefined ? "" : addressOf(first));
}

/** Status is told without a leader too. */
function statusDatacenter(call: ConsulCall): Datacenter {
  const own = call.agent.datacenter;
  const asked = call.query.get("dc") ?? "";
  return asked === "" || asked === own.name ? own : call.datacenter();
}

const addressOf = ({ options }: Agent): string => `${options.address}:${SERVER_PORT}`;

function peers(call: ConsulCall): HttpReply {
  const datacenter = statusDatacenter(call);
  const { cluster } = call.sim;
  const servers = datacenter.hasLeader
    ? cluster.serversOf(datacenter)
    : datacenter.hasData
      ? cluster.peersOf(datacenter)
      : [];
  return call.json(servers.map(addressOf));
}

function fire(call: ConsulCall): HttpReply {
  if (call.rest === "") refuseBadRequest("Missing name");
  const filters = ["node", "service", "tag"].map((name) => [name, call.query.get(name) ?? ""] as const);
  const [node = "", service = "", tag = ""] = filters.map(([, filter]) => filter);
  const datacenter = call.datacenter();
  if (!call.authorizer(datacenter).writes("event", call.rest)) deny();
  if (tag !== "" && service === "") fail("Cannot provide tag filter without service filter");
  for (const [name, filter] of filters) {
    const compiled = compilePattern(filter);
    if (!compiled.ok) fail(`Invalid ${name} filter: ${compiled.error}`);
  }
  const payload = Buffer.from(call.request.body);
  if (payload.length > EVENT_BYTES_MAX)
    fail(
      `1 error occurred:\n\t* error broadcasting event to segment "": user event exceeds configured limit of ${EVENT_BYTES_MAX} bytes before encoding\n\n`,
    );
  const Payload = payload.length === 0 ? null : payload.toString("base64");
  return call.json(
    call.sim.cluster.fireEvent(datacenter, {
      Name: call.rest,
      Payload,
      NodeFilter: node,
      ServiceFilter: service,
      TagFilter: tag,
    }),
  );
}

/** Events have no index of a log: that of the youngest is made of its id. */
function events(call: ConsulCall): HttpReply {
  const authorizer = call.authorizer(call.agent.datacenter);
  const name = call.query.get("name") ?? "";
  const list = call.sim.cluster
    .eventsOf(call.agent)
    .filter((event) => authorizer.reads("event", event.Name) && (name === "" || event.Name === name));
  const last = list.at(-1);
  const index = last === undefined ? 1n : BigInt(`0x${hash("sha256", last.ID, "hex").slice(0, 15)}`);
  return call.json(list, { "X-Consul-Index": String(index) });
}

const COORDINATE: Struct = {
  kind: "struct",
  name: "Coordinate",
  go: "coordinate.Coordinate",
  fields: { Vec: { kind: "list", of: FLOAT, go: "[]float64" }, Error: FLOAT, Adjustment: FLOAT, Height: FLOAT },
};
const COORDINATE_UPDATE: Struct = {
  kind: "struct",
  name: "CoordinateUpdateRequest",
  go: "structs.CoordinateUpdateRequest",
  fields: { Datacenter: STRING, Node: STRING, Segment: STRING, Coord: COORDINATE, WriteRequest: ANY },
};
const ORIGIN = { Vec: Array.from({ length: DIMENSIONS }, () => 0), Error: 1.5, Adjustment: 0, Height: 1e-5 };

const coordinateView = ({ node, segment, coordinate }: CoordinateRow): Readonly<Record<string, unknown>> => ({
  Node: node,
  Segment: segment,
  Coord: coordinate,
});

function coordinateDatacenters(call: ConsulCall): HttpReply {
  const { cluster } = call.sim;
  const list = [...cluster.datacenters.values()].map((datacenter) => ({
    Datacenter: datacenter.name,
    AreaID: "wan",
    Coordinates: cluster.serversOf(datacenter).map(({ name }) => ({ Node: name, Segment: "", Coord: ORIGIN })),
  }));
  return call.json(list);
}

function coordinateNodes(call: ConsulCall): ReadResult {
  const { coordinates, authorizer } = withRights(call);
  const segment = call.query.get("segment") ?? "";
  const rows = coordinates.list().filter((row) => row.segment === segment && authorizer.reads("node", row.node));
  return { index: coordinates.tableIndex, value: rows.map(coordinateView) };
}

function coordinateNode(call: ConsulCall): ReadResult {
  const { coordinates, authorizer } = withRights(call);
  if (!authorizer.reads("node", call.rest)) deny();
  const row = coordinates.of(call.rest);
  if (row === undefined) throw new HttpError(404, "");
  return { index: coordinates.tableIndex, value: [coordinateView(row)] };
}

function coordinateUpdate(call: ConsulCall): HttpReply {
  const fields = decodeBody(call, COORDINATE_UPDATE);
  const datacenter = call.datacenter();
  // Without a coordinate Consul's handler crashes, and the connection with it.
  if (fields.Coord === undefined) return { status: 0, wire: { kind: "reset" } };
  const node = str(fields, "Node");
  if (!call.authorizer(datacenter).writes("node", node)) deny();
  const given = fields.Coord as Partial<CoordinateRow["coordinate"]>;
  if (given.Vec?.length !== DIMENSIONS) fail("incompatible coordinate");
  datacenter.coordinates.update({
    node,
    segment: str(fields, "Segment"),
    coordinate: { ...ORIGIN, ...given, Error: given.Error ?? 0, Height: given.Height ?? 0 },
  });
  return EMPTY_REPLY;
}

const operates = (call: ConsulCall, access: "read" | "write"): void => {
  const authorizer = call.authorizer(call.datacenter());
  if (access === "write" ? !authorizer.writes("operator") : !authorizer.reads("operator")) deny();
};

function raftConfiguration(call: ConsulCall): HttpReply {
  operates(call, "read");
  const servers = call.sim.cluster.serversOf(call.datacenter()).map(({ options }, at) => ({
    ID: options.id,
    Node: options.name,
    Address: `${options.address}:${SERVER_PORT}`,
    Leader: at === 0,
    ProtocolVersion: "3",
    Voter: true,
  }));
  return call.json({ Servers: servers, Index: 0 });
}

function raftPeer(call: ConsulCall): HttpReply {
  const [id, address] = [call.query.get("id") ?? "", call.query.get("address") ?? ""];
  if (id === "" && address === "")
    refuseBadRequest(
      "Bad request: Must specify either ?id with the server's ID or ?address with IP:port of peer to remove",
    );
  if (id !== "" && address !== "") refuseBadRequest("Bad request: Must specify only one of ?id or ?address");
  operates(call, "write");
  const servers = call.sim.cluster.serversOf(call.datacenter());
  const isKnown = servers.some(({ options }) => options.id === id || `${options.address}:${SERVER_PORT}` === address);
  if (!isKnown) fail(`${id === "" ? "address" : "id"} "${id || address}" was not found in the Raft configuration`);
  return refuseNotSimulated("removing a peer");
}

const AUTOPILOT: Readonly<Record<string, Shape>> = {
  CleanupDeadServers: BOOL,
  LastContactThreshold: STRING,
  MaxTrailingLogs: INT,
  MinQuorum: INT,
  ServerStabilizationTime: STRING,
  RedundancyZoneTag: STRING,
  DisableUpgradeMigration: BOOL,
  UpgradeVersionTag: STRING,
};
const AUTOPILOT_CONFIG: Struct = {
  kind: "struct",
  name: "AutopilotConfiguration",
  go: "api.AutopilotConfiguration",
  fields: AUTOPILOT,
  lax: true,
};
const AUTOPILOT_UNSET = {
  CleanupDeadServers: false,
  LastContactThreshold: "0s",
  MaxTrailingLogs: 0,
  MinQuorum: 0,
  ServerStabilizationTime: "0s",
  RedundancyZoneTag: "",
  DisableUpgradeMigration: false,
  UpgradeVersionTag: "",
};

function autopilot(call: ConsulCall): HttpReply {
  operates(call, "read");
  return call.json(call.sim.cluster.autopilotOf(call.datacenter()));
}

function setAutopilot(call: ConsulCall): HttpReply {
  const fields = decodeBody(call, AUTOPILOT_CONFIG, "Bad request: Error parsing autopilot config: ");
  operates(call, "write");
  const datacenter = call.datacenter();
  const { CreateIndex } = call.sim.cluster.autopilotOf(datacenter);
  const given = { ...AUTOPILOT_UNSET, ...fields } as typeof AUTOPILOT_UNSET;
  call.sim.cluster.setAutopilot(datacenter, { ...given, CreateIndex, ModifyIndex: datacenter.store.next() });
  return call.json(true);
}

/** A single server of a young datacenter has no health to tell yet; that answer has no media type of its own. */
function autopilotHealth(call: ConsulCall): HttpReply {
  operates(call, "read");
  const { body } = call.json({ Healthy: false, FailureTolerance: 0, Servers: null });
  return { status: 429, headers: { "Content-Type": "text/plain; charset=utf-8" }, body: body ?? "" };
}

function keyring(call: ConsulCall): HttpReply {
  if (!call.authorizer(call.datacenter()).reads("keyring")) fail("Reading keyring denied by ACLs");
  const { name, datacenter } = call.agent;
  const pools = [
    ["WAN", `${name}.${datacenter.name}`],
    [`${datacenter.name} (LAN)`, name],
  ];
  const lines = pools.flatMap(([pool, member]) => [
    `\t* ${pool} error: 1/1 nodes reported failure\n`,
    `\t* ${member}: Keyring is empty (encryption not enabled)\n`,
  ]);
  return fail(`${lines.length} errors occurred:\n${lines.join("")}\n`);
}

function uiServices(call: ConsulCall): ReadResult {
  const { catalog, store, authorizer } = withRights(call);
  const names = [
    ...new Set(catalog.entries().flatMap(({ services }) => [...services.values()].map(({ name }) => name))),
  ].sort();
  const value = names
    .filter((name) => authorizer.reads("service", name))
    .map((name) => {
      const rows = catalog.instancesOf(name).filter(({ node }) => authorizer.reads("node", node));
      const checks = new Map(
        rows.flatMap((row) => catalog.instance(row).checks).map((check) => [`${check.node}/${check.id}`, check.status]),
      );
      const count = (status: string): number => [...checks.values()].filter((each) => each === status).length;
      const tags = [...new Set(rows.flatMap((row) => row.tags))];
      return {
        Name: name,
        Tags: tags.length === 0 ? null : tags,
        Nodes: [...new Set(rows.map(({ node }) => node))],
        InstanceCount: rows.length,
        ChecksPassing: count("passing"),
        ChecksWarning: count("warning"),
        ChecksCritical: count("critical"),
        ExternalSources: null,
        GatewayConfig: {},
      };
    });
  return { index: store.latest("nodes", "services", "checks"), value };
}

function uiNodes(call: ConsulCall): ReadResult {
  const { catalog, store, authorizer, name: datacenter } = withRights(call);
  const value = catalog
    .nodes()
    .filter((row) => authorizer.reads("node", row.name))
    .map((row) => {
      const { Datacenter: _datacenter, ...node } = nodeView(row, datacenter);
      const [services, checks] = [catalog.servicesOf(row.name), catalog.checksOf(row.name)];
      return {
        ID: row.id,
        Node: row.name,
        Address: row.address,
        TaggedAddresses: node.TaggedAddresses,
        Meta: node.Meta,
        Services: services
          .filter((service) => authorizer.reads("service", service.name))
          .map((service) => serviceView(service, null)),
        Checks: checks
          .filter(({ serviceName }) => serviceName === "" || authorizer.reads("service", serviceName))
          .map((check) => checkView(check, null)),
      };
    });
  return { index: store.latest("nodes", "services", "checks"), value };
}

/** Lists of things of the mesh, of which there are none. */
const none = answerRead("index", (call) => {
  withRights(call);
  return { index: 0, value: [] };
});

function snapshot(call: ConsulCall): HttpReply {
  call.datacenter();
  return refuseNotSimulated("snapshots");
}

export const MISC_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "GET", path: "/v1/status/leader", clients: ["consul"], handler: answerAtOnce(leader) },
  { method: "GET", path: "/v1/status/peers", handler: answerAtOnce(peers) },
  { method: "PUT", path: "/v1/event/fire/", handler: answerAtOnce(fire) },
  { method: "PUT", path: "/v1/event/fire/*rest", handler: answerAtOnce(fire) },
  { method: "GET", path: "/v1/event/list", handler: answerAtOnce(events) },
  { method: "GET", path: "/v1/coordinate/datacenters", handler: answerAtOnce(coordinateDatacenters) },
  { method: "GET", path: "/v1/coordinate/nodes", handler: answerRead("index", coordinateNodes) },
  { method: "GET", path: "/v1/coordinate/node/*rest", handler: answerRead("index", coordinateNode) },
  { method: "PUT", path: "/v1/coordinate/update", handler: answerAtOnce(coordinateUpdate) },
  { method: "GET", path: "/v1/operator/raft/configuration", handler: answerAtOnce(raftConfiguration) },
  { method: "DELETE", path: "/v1/operator/raft/peer", handler: answerAtOnce(raftPeer) },
  { method: "GET", path: "/v1/operator/autopilot/configuration", handler: answerAtOnce(autopilot) },
  { method: "PUT", path: "/v1/operator/autopilot/configuration", handler: answerAtOnce(setAutopilot) },
  { method: "GET", path: "/v1/operator/autopilot/health", handler: answerAtOnce(autopilotHealth) },
  { method: "GET", path: "/v1/operator/keyring", handler: answerAtOnce(keyring) },
  { method: "GET", path: "/v1/internal/ui/services", handler: answerRead("index", uiServices) },
  { method: "GET", path: "/v1/internal/ui/nodes", handler: answerRead("index", uiNodes) },
  { method: "GET", path: "/v1/config/:kind", handler: none },
  { method: "GET", path: "/v1/connect/intentions", handler: none },
  { method: "GET", path: "/v1/snapshot", handler: answerAtOnce(snapshot) },
];
