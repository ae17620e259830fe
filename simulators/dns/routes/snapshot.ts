import { deserialize, serialize } from "node:v8";
import { gunzipSync, gzipSync } from "node:zlib";
import type { HttpReply, Route } from "../../kernel/index.ts";
import { serverAddress } from "../behaviour/agent.ts";
import type { ConsulCall, ConsulSim } from "../wire/call.ts";
import { answerAtOnce, EMPTY_REPLY } from "../wire/handler.ts";
import { packSnapshot, unpackSnapshot } from "../wire/snapshot-archive.ts";
import { refuseInternally } from "../wire/refusal.ts";

/** What describes a snapshot: where in the log it was taken, and of which servers. */
function metaOf(call: ConsulCall): object {
  const datacenter = call.datacenter();
  const servers = call.sim.cluster.peersOf(datacenter);
  const Servers = servers.map((server) => ({ Suffrage: 0, ID: server.options.id, Address: serverAddress(server) }));
  const Index = datacenter.store.index;
  return {
    Version: 1,
    ID: `2-${Index}-${Math.trunc(call.agent.kernel.nowMs)}`,
    Index,
    Term: 2,
    Peers: null,
    Configuration: { Servers },
    ConfigurationIndex: 1,
    Size: 0,
  };
}

/** The state of the servers, compressed. It is the simulator's own: a real Consul can't read it, nor can this one a real one's. */
function save(call: ConsulCall): HttpReply {
  const datacenter = call.datacenter();
  call.require(call.authorizer(datacenter), "acl", "write");
  const headers = {
    "Content-Type": "application/x-gzip",
    "X-Consul-Index": String(datacenter.store.index),
    "X-Consul-Knownleader": "true",
    "X-Consul-Lastcontact": "0",
    ...(call.style.isToday && { "X-Consul-Query-Backend": "blocking-query" }),
  };
  return { status: 200, headers, body: gzipSync(packSnapshot(metaOf(call), serialize(datacenter.store.capture()))) };
}

function restore(call: ConsulCall): HttpReply {
  const datacenter = call.datacenter();
  call.require(call.authorizer(datacenter), "acl", "write");
  datacenter.store.bringBack(readSnapshot(Buffer.from(call.request.body)));
  for (const agent of call.sim.cluster.membersOf(datacenter)) agent.local.scheduleRepair();
  return EMPTY_REPLY;
}

const GZIP_HEADER_BYTES = 10;

function readSnapshot(body: Uint8Array): ReadonlyMap<string, unknown> {
  if (body.length === 0) return refuseInternally("failed to decompress snapshot: EOF");
  if (body.length < GZIP_HEADER_BYTES) refuseInternally("failed to decompress snapshot: unexpected EOF");
  let bytes: Uint8Array;
  try {
    bytes = gunzipSync(body);
  } catch {
    return refuseInternally("failed to decompress snapshot: gzip: invalid header");
  }
  let read: unknown;
  try {
    const state = unpackSnapshot(Buffer.from(bytes));
    read = state && deserialize(state);
  } catch {
    read = undefined;
  }
  return read instanceof Map
    ? read
    : refuseInternally("failed to read snapshot file: it is not one of this simulator's");
}

/** `/v1/snapshot` of 1.8 (Consul 1.8, "Snapshot HTTP Endpoint"). */
export const SNAPSHOT_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "GET", path: "/v1/snapshot", handler: answerAtOnce(save) },
];

/** How today's release restores a snapshot. */
export const RESTORE_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "PUT", path: "/v1/snapshot", handler: answerAtOnce(restore) },
];
