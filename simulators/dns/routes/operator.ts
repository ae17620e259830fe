import { type HttpReply, isoSeconds, type Route } from "../../kernel/index.ts";
import { serverAddress } from "../behaviour/agent.ts";
import { type ConsulCall, type ConsulSim, decodeBody } from "../wire/call.ts";
import { parseBool } from "../wire/bool.ts";
import { answerAtOnce } from "../wire/handler.ts";
import { durationText } from "../wire/duration.ts";
import { BOOL, DURATION, INT, STRING, structOf, UINT64 } from "../wire/json/shape.ts";
import { refuseBadRequest, refuseInternally, refuseNotSimulated } from "../wire/refusal.ts";

const AUTOPILOT = structOf("api.AutopilotConfiguration", {
  CleanupDeadServers: BOOL,
  LastContactThreshold: DURATION,
  MaxTrailingLogs: UINT64,
  MinQuorum: INT,
  ServerStabilizationTime: DURATION,
  RedundancyZoneTag: STRING,
  DisableUpgradeMigration: BOOL,
  UpgradeVersionTag: STRING,
  CreateIndex: INT,
  ModifyIndex: INT,
});

/** The value for what is left out of a configuration: today the default, formerly zero. */
const AUTOPILOT_ZEROS = {
  CleanupDeadServers: false,
  LastContactThreshold: "0s",
  MaxTrailingLogs: 0,
  ServerStabilizationTime: "0s",
};
const AUTOPILOT_DEFAULTS = {
  CleanupDeadServers: true,
  LastContactThreshold: "200ms",
  MaxTrailingLogs: 250,
  ServerStabilizationTime: "10s",
};

/** @throws HttpError 403 unless the caller has this operator right in the datacenter */
function requireOperator(call: ConsulCall, access: "read" | "write"): void {
  call.require(call.authorizer(call.datacenter()), "operator", access);
}

function readRaftConfiguration(call: ConsulCall): HttpReply {
  requireOperator(call, "read");
  const servers = call.style.isToday
    ? call.sim.cluster.peersOf(call.datacenter())
    : call.sim.cluster.serversOf(call.datacenter());
  const shown = servers.map((server, at) => ({
    ID: server.options.id,
    Node: server.name,
    Address: serverAddress(server),
    Leader: at === 0,
    ProtocolVersion: "3",
    Voter: true,
    ...(call.style.isToday && { LastIndex: servers.length === 1 ? 1 : call.datacenter().store.index }),
  }));
  return call.json({ Servers: shown, Index: 0 });
}

function removeRaftPeer(call: ConsulCall): HttpReply {
  const [id, address] = [call.query.get("id") ?? "", call.query.get("address") ?? ""];
  if (id === "" && address === "")
    refuseBadRequest(
      `${call.agent.options.profile.badRequestPrefix}Must specify either ?id with the server's ID or ?address with IP:port of peer to remove`,
    );
  if (id !== "" && address !== "")
    refuseBadRequest(`${call.agent.options.profile.badRequestPrefix}Must specify only one of ?id or ?address`);
  requireOperator(call, "write");
  const servers = call.sim.cluster.serversOf(call.datacenter());
  const isKnown = servers.some((server) => server.options.id === id || serverAddress(server) === address);
  if (!isKnown)
    refuseInternally(`${id === "" ? "address" : "id"} "${id || address}" was not found in the Raft configuration`);
  return refuseNotSimulated("removing a peer");
}

function readAutopilot(call: ConsulCall): HttpReply {
  requireOperator(call, "read");
  return call.json(call.sim.cluster.autopilotOf(call.datacenter()));
}

/** A duration in Go's form, or the one that stands where none is given. */
const shownDuration = (ns: number | undefined, standard: string): string =>
  ns === undefined ? standard : durationText(ns);

function setAutopilot(call: ConsulCall): HttpReply {
  const cas = call.query.get("cas") ?? "";
  const { badRequestPrefix: prefix } = call.agent.options.profile;
  const fields = decodeBody(call, AUTOPILOT, `${prefix}Error parsing autopilot config: `);
  if (cas !== "" && !/^\d+$/.test(cas))
    refuseBadRequest(
      `${prefix}Error parsing cas value: strconv.ParseUint: parsing ${JSON.stringify(cas)}: invalid syntax`,
    );
  requireOperator(call, "write");
  const datacenter = call.datacenter();
  if (cas !== "" && Number(cas) !== call.sim.cluster.autopilotOf(datacenter).ModifyIndex) return call.json(false);
  const { CreateIndex } = call.sim.cluster.autopilotOf(datacenter);
  const standard = call.style.isToday ? AUTOPILOT_DEFAULTS : AUTOPILOT_ZEROS;
  call.sim.cluster.setAutopilot(datacenter, {
    CleanupDeadServers: fields.CleanupDeadServers ?? standard.CleanupDeadServers,
    LastContactThreshold: shownDuration(fields.LastContactThreshold, standard.LastContactThreshold),
    MaxTrailingLogs: Number(fields.MaxTrailingLogs ?? standard.MaxTrailingLogs),
    MinQuorum: fields.MinQuorum ?? 0,
    ServerStabilizationTime: shownDuration(fields.ServerStabilizationTime, standard.ServerStabilizationTime),
    RedundancyZoneTag: fields.RedundancyZoneTag ?? "",
    DisableUpgradeMigration: fields.DisableUpgradeMigration ?? false,
    UpgradeVersionTag: fields.UpgradeVersionTag ?? "",
    CreateIndex,
    ModifyIndex: datacenter.store.next(),
  });
  return call.json(true);
}

/** A single server of a young datacenter has no health yet; that answer has no media type of its own. */
function readAutopilotHealth(call: ConsulCall): HttpReply {
  requireOperator(call, "read");
  const datacenter = call.datacenter();
  const { cluster } = call.sim;
  if (call.style.isToday && cluster.isSettled(datacenter)) {
    const servers = cluster.peersOf(datacenter);
    const shown = servers.map((server, at) => ({
      ID: server.options.id,
      Name: server.name,
      Address: serverAddress(server),
      SerfStatus: "alive",
      Version: server.options.profile.version,
      Leader: at === 0,
      LastContact: at === 0 ? "0s" : "10ms",
      LastTerm: 2,
      LastIndex: datacenter.store.index,
      Healthy: true,
      Voter: true,
      StableSince: isoSeconds(datacenter.bornMs),
    }));
    return call.json({ Healthy: true, FailureTolerance: Math.floor((servers.length - 1) / 2), Servers: shown });
  }
  const { body } = call.json({ Healthy: false, FailureTolerance: 0, Servers: null });
  return { status: 429, headers: { "Content-Type": "text/plain; charset=utf-8" }, body: body ?? "" };
}

const RELAYS_MAX = 5;

/** Which keyrings a request is about. @throws HttpError for parameters that can't be read */
export function keyringScope(call: ConsulCall): { readonly isLocal: boolean } {
  const { badRequestPrefix: prefix } = call.agent.options.profile;
  const relays = call.query.get("relay-factor") ?? "";
  if (relays !== "" && !/^[+-]?\d+$/.test(relays))
    refuseBadRequest(
      `${prefix}Error parsing relay factor: strconv.Atoi: parsing ${JSON.stringify(relays)}: invalid syntax`,
    );
  if (Number(relays) < 0 || Number(relays) > RELAYS_MAX)
    refuseBadRequest(`${prefix}Invalid relay-factor: Relay factor must be in range: [0, ${RELAYS_MAX}]`);
  const given = call.query.get("local-only") ?? "";
  const isLocal = given === "" ? false : parseBool(given);
  if (isLocal === undefined)
    return refuseBadRequest(
      `${prefix}Error parsing local-only: strconv.ParseBool: parsing ${JSON.stringify(given)}: invalid syntax`,
    );
  if (isLocal && call.request.method !== "GET")
    refuseBadRequest(`${prefix}Invalid use of local-only: local-only can only be set for list requests`);
  return { isLocal };
}

function readKeyring(call: ConsulCall): HttpReply {
  const authorizer = call.authorizer(call.datacenter());
  if (call.style.isToday) call.require(authorizer, "keyring", "read");
  else if (!authorizer.reads("keyring")) refuseInternally("Reading keyring denied by ACLs");
  const { name, datacenter } = call.agent;
  const { isLocal } = keyringScope(call);
  const pools = [...(isLocal ? [] : [["WAN", `${name}.${datacenter.name}`]]), [`${datacenter.name} (LAN)`, name]];
  const lines = pools.flatMap(([pool, member]) => [
    `\t* ${pool} error: 1/1 nodes reported failure\n`,
    `\t* ${member}: Keyring is empty (encryption not enabled)\n`,
  ]);
  return refuseInternally(`${lines.length} errors occurred:\n${lines.join("")}\n`);
}

/** `/v1/operator/…` (Consul 1.8, "Operator HTTP API"). */
export const OPERATOR_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "GET", path: "/v1/operator/raft/configuration", handler: answerAtOnce(readRaftConfiguration) },
  { method: "DELETE", path: "/v1/operator/raft/peer", handler: answerAtOnce(removeRaftPeer) },
  { method: "GET", path: "/v1/operator/autopilot/configuration", handler: answerAtOnce(readAutopilot) },
  { method: "PUT", path: "/v1/operator/autopilot/configuration", handler: answerAtOnce(setAutopilot) },
  { method: "GET", path: "/v1/operator/autopilot/health", handler: answerAtOnce(readAutopilotHealth) },
  { method: "GET", path: "/v1/operator/keyring", handler: answerAtOnce(readKeyring) },
];
