import { type HttpReply, isoSeconds, type Route } from "../../kernel/index.ts";
import { protocolIn } from "../config-entries/lookup.ts";
import type { ConsulCall, ConsulSim } from "../wire/call.ts";
import { answerAtOnce } from "../wire/handler.ts";
import { STRING, STRINGS, structOf } from "../wire/json/shape.ts";
import { answerRead, type ReadResult } from "../wire/read.ts";
import { HttpError, refuseBadRequest, refuseInternally } from "../wire/refusal.ts";
import { authorize } from "./acl-auth.ts";
import { whenEnabled } from "./acl-base.ts";
import { withRights } from "./catalog-reads.ts";
import { nodeSummary } from "./internal-ui.ts";

/** The primary writes its own state a little after it has come up. */
const readFederation = (call: ConsulCall): ReadResult => federationIn(call);

function federationIn(call: ConsulCall): {
  readonly index: number;
  readonly value: readonly { readonly Datacenter: string }[];
} {
  const datacenter = call.datacenter();
  call.require(call.authorizer(datacenter), "operator", "read");
  const index = datacenter.store.latest("federation-states");
  const state = {
    Datacenter: datacenter.name,
    UpdatedAt: isoSeconds(call.agent.kernel.nowMs),
    PrimaryModifyIndex: index,
    CreateIndex: index,
    ModifyIndex: index,
  };
  return { index, value: index === 0 ? [] : [state] };
}

function readNode(call: ConsulCall): ReadResult {
  const datacenter = withRights(call);
  if (call.rest === "") refuseBadRequest("Missing node name");
  const row = datacenter.catalog.node(call.rest);
  if (row === undefined || !datacenter.authorizer.sees("node", row.name)) throw new HttpError(404, "");
  return { index: datacenter.store.latest("nodes", "services", "checks"), value: nodeSummary(call, datacenter, row) };
}

const overview = answerAtOnce((call) => {
  call.require(call.authorizer(call.datacenter()), "operator", "read");
  return call.json({ Nodes: null, Services: null, Checks: null });
});

const metricsProxy = answerAtOnce(() => {
  throw new HttpError(404, "Metrics proxy is not enabled");
});

const none = (call: ConsulCall): ReadResult => {
  withRights(call);
  return { index: 0, value: [] };
};

const TOPOLOGY_KINDS = ["", "ingress-gateway", "api-gateway"];

function readTopology(call: ConsulCall): ReadResult {
  const { authorizer, store } = withRights(call);
  if (call.rest === "") refuseBadRequest("Missing service name");
  if (!call.query.has("kind")) refuseBadRequest("Missing service kind");
  const kind = call.query.get("kind") ?? "";
  if (!TOPOLOGY_KINDS.includes(kind)) refuseBadRequest(`Unsupported service kind ${JSON.stringify(kind)}`);
  call.require(authorizer, "service", "read", call.rest);
  const value = {
    Protocol: protocolIn(call.datacenter().configEntries, call.rest),
    TransparentProxy: false,
    Upstreams: [],
    Downstreams: [],
    FilteredByACLs: false,
  };
  return { index: store.latest("nodes", "services", "checks"), value };
}

/** The services that a peer may see. @throws HttpError without one */
function listExported(call: ConsulCall): ReadResult {
  const peer = call.query.get("peer") ?? "";
  if (peer === "") refuseInternally("must provide PeerName");
  return none(call);
}

/** Gateways of each datacenter, which servers tell one another: there are none. */
function listFederationGateways(call: ConsulCall): ReadResult {
  const datacenter = call.datacenter();
  call.require(call.authorizer(datacenter), "operator", "read");
  return { index: datacenter.store.latest("federation-states"), value: {} };
}

/** The federation state of one datacenter. @throws HttpError 404 without a body */
function readFederationOf(call: ConsulCall): ReadResult {
  const { index, value } = federationIn(call);
  const found = value.find(({ Datacenter }) => Datacenter === call.rest);
  if (found === undefined) throw new HttpError(404, "");
  return { index, value: { State: found } };
}

const MANUAL = structOf("structs.AssignServiceManualVIPsRequest", { Service: STRING, ManualVIPs: STRINGS });

/** Addresses that operators choose for services are not stored. */
function assignAddresses(call: ConsulCall): HttpReply {
  const fields = call.decode(MANUAL, "Request decode failed: ") ?? {};
  const service = fields.Service ?? "";
  call.require(call.authorizer(call.datacenter()), "service", "write", service);
  const isKnown = call.datacenter().virtualIps.of(service) !== undefined;
  return call.json({ Found: isKnown, UnassignedFrom: null });
}

const listRoute = (path: string, run: (call: ConsulCall) => ReadResult): Route<ConsulSim> => ({
  method: "GET",
  path,
  handler: answerRead("index", run),
});

/** `/v1/internal/…` of today: what Consul's own pages and servers read; not part of its documented API. */
export const INTERNAL_TODAY_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "GET", path: "/v1/internal/ui/catalog-overview", handler: overview },
  { method: "GET", path: "/v1/internal/ui/metrics-proxy/*rest", handler: metricsProxy },
  listRoute("/v1/internal/ui/exported-services", listExported),
  listRoute("/v1/internal/ui/service-topology/*rest", readTopology),
  listRoute("/v1/internal/ui/gateway-intentions/*rest", none),
  whenEnabled({ method: "POST", path: "/v1/internal/acl/authorize", handler: answerAtOnce(authorize) }),
  { method: "PUT", path: "/v1/internal/service-virtual-ip", handler: answerAtOnce(assignAddresses) },
];

/** What every release tells its pages and other servers. */
export const INTERNAL_SHARED_ROUTES: readonly Route<ConsulSim>[] = [
  listRoute("/v1/internal/federation-state/*rest", readFederationOf),
  listRoute("/v1/internal/federation-states/mesh-gateways", listFederationGateways),
  listRoute("/v1/internal/federation-states", readFederation),
  { method: "GET", path: "/v1/internal/ui/node/", handler: answerRead("index-on-success", readNode) },
  { method: "GET", path: "/v1/internal/ui/node/*rest", handler: answerRead("index-on-success", readNode) },
  listRoute("/v1/internal/ui/gateway-services-nodes/*rest", none),
];
