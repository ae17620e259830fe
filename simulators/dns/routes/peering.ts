import { type HttpReply, isObject, type Route } from "../../kernel/index.ts";
import type { Datacenter } from "../behaviour/datacenter.ts";
import { exportedServices, type Peering } from "../state/peerings.ts";
import type { ConsulCall, ConsulSim } from "../wire/call.ts";
import { answerAtOnce } from "../wire/handler.ts";
import { decodeJson } from "../wire/json/decode.ts";
import { JsonError } from "../wire/json/parse.ts";
import { ANY, BOOL, STRING, STRINGS, structOf, TEXTS } from "../wire/json/shape.ts";
import { answerRead, type ReadResult } from "../wire/read.ts";
import { HttpError, refuseBadRequest, refuseInternally } from "../wire/refusal.ts";
import { trustDomainOf } from "./connect-ca.ts";

const GENERATE = structOf("api.PeeringGenerateTokenRequest", {
  PeerName: STRING,
  Partition: STRING,
  Meta: TEXTS,
  ServerExternalAddresses: STRINGS,
  Token: BOOL,
});
const ESTABLISH = structOf("api.PeeringEstablishRequest", {
  PeerName: STRING,
  PeeringToken: STRING,
  Partition: STRING,
  Meta: TEXTS,
});

const ACTIVE_AFTER_MS = 300;
const GRPC_TLS_PORT = 8503;

function stateOf({ establishedMs, remoteId, isDeleted }: Peering, nowMs: number): string {
  if (isDeleted) return "DELETING";
  if (establishedMs === undefined) return remoteId === "" ? "PENDING" : "ESTABLISHING";
  return nowMs - establishedMs >= ACTIVE_AFTER_MS ? "ACTIVE" : "ESTABLISHING";
}

function peeringView(call: ConsulCall, peering: Peering): Readonly<Record<string, unknown>> {
  const remote = call.sim.cluster.datacenters.get(peering.remote);
  const roots = remote?.connectCa.state;
  const isDialer = peering.remoteId !== "";
  const [server] = remote === undefined ? [] : call.sim.cluster.serversOf(remote);
  const imported = call.agent.datacenter.importsFrom(peering.name);
  const names = imported === undefined ? [] : [...imported.state.byService.keys()];
  const own = call.agent.datacenter;
  const exported = [...exportedServices(own.configEntries, own.catalog, peering.name).keys()];
  // Before a stream has come up nothing is known about it.
  const hasStream = peering.establishedMs !== undefined;
  return {
    ID: peering.id,
    Name: peering.name,
    ...(peering.meta !== null && { Meta: peering.meta }),
    State: stateOf(peering, call.agent.kernel.nowMs),
    ...(isDialer && { PeerID: peering.remoteId }),
    ...(roots !== undefined && { PeerCAPems: [roots.root.pem] }),
    ...(isDialer &&
      remote !== undefined && { PeerServerName: `server.${remote.name}.peering.${trustDomainOf(remote)}` }),
    ...(isDialer && { PeerServerAddresses: [`${server?.options.address ?? "127.0.0.1"}:${GRPC_TLS_PORT}`] }),
    StreamStatus: {
      ImportedServices: hasStream ? names : null,
      ExportedServices: hasStream || exported.length > 0 ? exported : null,
      LastHeartbeat: null,
      LastReceive: null,
      LastSend: null,
    },
    CreateIndex: peering.createIndex,
    ModifyIndex: peering.modifyIndex,
    Remote: { Partition: "", Datacenter: peering.remote },
  };
}

/** Peerings are those of the agent's own datacenter, whatever `?dc=` says. */
const ownDatacenter = (call: ConsulCall): Datacenter => call.datacenter(call.agent.datacenter.name);

function list(call: ConsulCall): ReadResult {
  const datacenter = ownDatacenter(call);
  call.require(call.authorizer(datacenter), "peering", "read");
  const { peerings } = datacenter;
  return { index: peerings.tableIndex, value: peerings.list().map((each) => peeringView(call, each)) };
}

function read(call: ConsulCall): ReadResult {
  if (call.rest === "") refuseBadRequest("Must specify a name to fetch.");
  const datacenter = ownDatacenter(call);
  call.require(call.authorizer(datacenter), "peering", "read");
  const { peerings } = datacenter;
  const found = peerings.get(call.rest);
  if (found === undefined) throw new HttpError(404, `Peering not found for ${JSON.stringify(call.rest)}`);
  return { index: peerings.tableIndex, value: peeringView(call, found) };
}

const NAME = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/;

/** @throws HttpError */
function checkName(name: string): void {
  if (!NAME.test(name))
    refuseInternally(
      `${name} is not a valid peer name: a valid peering name must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character`,
    );
}

function mayWrite(call: ConsulCall): Datacenter {
  const datacenter = ownDatacenter(call);
  call.require(call.authorizer(datacenter), "peering", "write");
  return datacenter;
}

function generate(call: ConsulCall): HttpReply {
  const fields = call.decode(GENERATE, "Body decoding failed: ") ?? {};
  const name = fields.PeerName ?? "";
  if (name === "") refuseBadRequest("PeerName is required in the payload when generating a new peering token.");
  if ((fields.Partition ?? "") !== "") refuseInternally("Partitions are a Consul Enterprise feature");
  checkName(name);
  const datacenter = mayWrite(call);
  const mesh = datacenter.configEntries.get("mesh", "mesh")?.fields.Peering;
  const usesGateways = isObject(mesh) && mesh.PeerThroughMeshGateways === true;
  const hasGateway = datacenter.catalog
    .entries()
    .some(({ services }) => [...services.values()].some(({ kind }) => kind === "mesh-gateway"));
  if (usesGateways && !hasGateway)
    refuseInternally("servers are configured to PeerThroughMeshGateways, but no mesh gateway instances are registered");
  const secret = call.agent.kernel.secrets("dns/peering").uuid();
  const known = datacenter.peerings.get(name);
  if (known !== undefined && known.remoteId !== "")
    refuseInternally(`cannot create peering with name: "${name}"; there is already an established peering`);
  const saved = datacenter.peerings.save(name, { secret, ...(fields.Meta && { meta: fields.Meta }) });
  const [server] = call.sim.cluster.serversOf(datacenter);
  const token = {
    CA: datacenter.connectCa.state === undefined ? null : [datacenter.connectCa.state.root.pem],
    ManualServerAddresses: null,
    ServerAddresses: fields.ServerExternalAddresses ?? [`${server?.options.address ?? "127.0.0.1"}:${GRPC_TLS_PORT}`],
    ServerName: `server.${datacenter.name}.peering.${trustDomainOf(datacenter)}`,
    PeerID: saved.id,
    EstablishmentSecret: secret,
    Remote: { Partition: "", Datacenter: datacenter.name },
  };
  return call.json({ PeeringToken: Buffer.from(JSON.stringify(token)).toString("base64") });
}

function readToken(text: string): Readonly<Record<string, unknown>> {
  const wrong = text.search(/[^A-Za-z0-9+/=]/);
  if (wrong >= 0) refuseInternally(`failed to decode token: illegal base64 data at input byte ${wrong}`);
  try {
    const token = decodeJson(Buffer.from(text, "base64").toString("latin1"), ANY, true);
    return isObject(token) ? token : {};
  } catch (error) {
    if (error instanceof JsonError) return refuseInternally(error.message);
    throw error;
  }
}

/** Finds the issuer of a token, and uses up its secret. */
function establish(call: ConsulCall): HttpReply {
  const fields = call.decode(ESTABLISH, "Body decoding failed: ") ?? {};
  const name = fields.PeerName ?? "";
  if (name === "") refuseBadRequest("PeerName is required in the payload when establishing a peering.");
  if ((fields.PeeringToken ?? "") === "")
    refuseBadRequest("PeeringToken is required in the payload when establishing a peering.");
  checkName(name);
  const datacenter = mayWrite(call);
  const token = readToken(fields.PeeringToken ?? "");
  const addresses = Array.isArray(token.ServerAddresses) ? token.ServerAddresses : [];
  if (addresses.length === 0) refuseInternally("peering token server addresses value is empty");
  if (String(token.PeerID ?? "") === "") refuseInternally("peering token peer ID value is empty");
  const remotes = [...call.sim.cluster.datacenters.values()];
  const found = remotes
    .map((remote) => ({ remote, peering: remote.peerings.byId(String(token.PeerID)) }))
    .find(({ peering }) => peering !== undefined);
  if (found?.remote === datacenter)
    refuseInternally("cannot create a peering within the same partition (ENT) or cluster (CE)");
  if (found?.peering === undefined || found.peering.secret === "" || found.peering.secret !== token.EstablishmentSecret)
    throw new HttpError(403, "a new peering token must be generated: invalid peering establishment secret");
  if ((fields.Partition ?? "") !== "") refuseInternally("Partitions are a Consul Enterprise feature");
  const establishedMs = call.agent.kernel.nowMs;
  const { remote, peering } = found;
  datacenter.peerings.save(name, {
    ...(fields.Meta && { meta: fields.Meta }),
    remoteId: peering.id,
    remote: remote.name,
    establishedMs,
  });
  remote.peerings.save(peering.name, { secret: "", remote: datacenter.name, establishedMs });
  return call.json({});
}

function remove(call: ConsulCall): HttpReply {
  if (call.rest === "") refuseBadRequest("Must specify a name to fetch.");
  mayWrite(call).peerings.delete(call.rest);
  return { status: 200, body: "" };
}

function listExported(call: ConsulCall): ReadResult {
  const datacenter = call.datacenter();
  call.require(call.authorizer(datacenter), "mesh", "read");
  const { configEntries, catalog } = datacenter;
  const services = [...exportedServices(configEntries, catalog)].sort(([a], [b]) => (a < b ? -1 : 1));
  const value = services.map(([Service, Peers]) => ({ Service, Consumers: { Peers } }));
  return { index: configEntries.tableIndex, value };
}

/** `/v1/peering…` and what is exported to peers (Consul 1.22, "Cluster Peering HTTP API"). */
export const PEERING_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "GET", path: "/v1/peerings", handler: answerRead("index-on-success", list) },
  { method: "POST", path: "/v1/peering/token", handler: answerAtOnce(generate) },
  { method: "POST", path: "/v1/peering/establish", handler: answerAtOnce(establish) },
  { method: "GET", path: "/v1/peering/", handler: answerRead("index-on-success", read) },
  { method: "DELETE", path: "/v1/peering/", handler: answerAtOnce(remove) },
  { method: "GET", path: "/v1/peering/*rest", handler: answerRead("index-on-success", read) },
  { method: "DELETE", path: "/v1/peering/*rest", handler: answerAtOnce(remove) },
  { method: "GET", path: "/v1/exported-services", handler: answerRead("index-on-success", listExported) },
];
