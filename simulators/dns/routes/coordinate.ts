import type { HttpReply, Route } from "../../kernel/index.ts";
import { type CoordinateRow, DIMENSIONS } from "../state/coordinates.ts";
import { type ConsulCall, type ConsulSim, decodeBody } from "../wire/call.ts";
import { answerAtOnce, EMPTY_REPLY } from "../wire/handler.ts";
import { ANY, FLOAT, listOf, STRING, structOf } from "../wire/json/shape.ts";
import { answerRead, type ReadResult } from "../wire/read.ts";
import { HttpError, refuseInternally } from "../wire/refusal.ts";
import { withRights } from "./catalog-reads.ts";

const COORDINATE = structOf("coordinate.Coordinate", {
  Vec: listOf(FLOAT, "[]float64"),
  Error: FLOAT,
  Adjustment: FLOAT,
  Height: FLOAT,
});
const COORDINATE_UPDATE = structOf("structs.CoordinateUpdateRequest", {
  Datacenter: STRING,
  Node: STRING,
  Segment: STRING,
  Coord: COORDINATE,
  WriteRequest: ANY,
});
const ORIGIN = { Vec: Array.from({ length: DIMENSIONS }, () => 0), Error: 1.5, Adjustment: 0, Height: 1e-5 };

const coordinateView = ({ node, segment, coordinate }: CoordinateRow): Readonly<Record<string, unknown>> => ({
  Node: node,
  Segment: segment,
  Coord: coordinate,
});

function listDatacenters(call: ConsulCall): HttpReply {
  const { cluster } = call.sim;
  const list = [...cluster.datacenters.values()].map((datacenter) => ({
    Datacenter: datacenter.name,
    AreaID: "wan",
    Coordinates: cluster.serversOf(datacenter).map(({ name }) => ({ Node: name, Segment: "", Coord: ORIGIN })),
  }));
  return call.json(list);
}

function listNodes(call: ConsulCall): ReadResult {
  const { coordinates, authorizer } = withRights(call);
  const segment = call.query.get("segment") ?? "";
  const rows = coordinates.list().filter((row) => row.segment === segment && authorizer.sees("node", row.node));
  return { index: coordinates.tableIndex, value: rows.map(coordinateView) };
}

function readNode(call: ConsulCall): ReadResult {
  const { coordinates, authorizer } = withRights(call);
  call.require(authorizer, "node", "read", call.rest);
  const row = coordinates.of(call.rest);
  if (row === undefined) throw new HttpError(404, "");
  return { index: coordinates.tableIndex, value: [coordinateView(row)] };
}

function updateCoordinate(call: ConsulCall): HttpReply {
  const { Node: node = "", Segment: segment = "", Coord: given } = decodeBody(call, COORDINATE_UPDATE);
  const datacenter = call.datacenter();
  // Without a coordinate, Consul's handler crashes and takes the connection with it.
  if (given === undefined) return { status: 0, wire: { kind: "reset" } };
  call.require(call.authorizer(datacenter), "node", "write", node);
  const { Vec, Error = 0, Adjustment = ORIGIN.Adjustment, Height = 0 } = given;
  if (Vec?.length !== DIMENSIONS) return refuseInternally("incompatible coordinate");
  datacenter.coordinates.update({ node, segment, coordinate: { Vec, Error, Adjustment, Height } });
  return EMPTY_REPLY;
}

/** `/v1/coordinate/…` (Consul 1.8, "Coordinate HTTP Endpoint"). */
export const COORDINATE_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "GET", path: "/v1/coordinate/datacenters", handler: answerAtOnce(listDatacenters) },
  { method: "GET", path: "/v1/coordinate/nodes", handler: answerRead("index", listNodes) },
  { method: "GET", path: "/v1/coordinate/node/", handler: answerRead("index", readNode) },
  { method: "GET", path: "/v1/coordinate/node/*rest", handler: answerRead("index", readNode) },
  { method: "PUT", path: "/v1/coordinate/update", handler: answerAtOnce(updateCoordinate) },
];
