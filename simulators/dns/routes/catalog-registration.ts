import type { HttpReply, Route } from "../../kernel/index.ts";
import type { Datacenter } from "../behaviour/datacenter.ts";
import { localityOf } from "../behaviour/definitions.ts";
import { checkOf, serviceOf } from "../behaviour/registration.ts";
import type { Authorizer } from "../state/acl-authorizer.ts";
import type { Registration } from "../state/registration.ts";
import { checkUuid } from "../state/sessions.ts";
import { type ConsulCall, type ConsulSim, decodeBody } from "../wire/call.ts";
import { answerAtOnce } from "../wire/handler.ts";
import { ANY, BOOL, type Decoded, DURATION, INT, listOf, STRING, structOf, TEXTS } from "../wire/json/shape.ts";
import { HttpError, refuseBadRequest, refuseInternally } from "../wire/refusal.ts";
import { LOCALITY, PROXY, REGISTERED_CHECK, REGISTERED_SERVICE, REGISTERED_SERVICE_TODAY } from "../wire/shapes.ts";

const NODE_SERVICE_1_8 = structOf("structs.NodeService", {
  ...REGISTERED_SERVICE,
  Proxy: PROXY,
  CreateIndex: INT,
  ModifyIndex: INT,
});

const NODE_SERVICE = structOf("structs.NodeService", {
  ...REGISTERED_SERVICE_TODAY,
  CreateIndex: INT,
  ModifyIndex: INT,
});

const HEALTH_CHECK = structOf("structs.HealthCheck", {
  ...REGISTERED_CHECK,
  Interval: DURATION,
  Timeout: DURATION,
  CreateIndex: INT,
  ModifyIndex: INT,
});

/** Today's check also says where it is exposed and from which peer it comes. */
const HEALTH_CHECK_TODAY = structOf("structs.HealthCheck", {
  ...REGISTERED_CHECK,
  Interval: ANY,
  Timeout: ANY,
  ExposedPort: INT,
  PeerName: STRING,
  CreateIndex: INT,
  ModifyIndex: INT,
});

const REGISTER_FIELDS = {
  Datacenter: STRING,
  ID: STRING,
  Node: STRING,
  Address: STRING,
  TaggedAddresses: TEXTS,
  NodeMeta: TEXTS,
  SkipNodeUpdate: BOOL,
  Token: STRING,
} as const;

const REGISTER_1_8 = structOf("structs.RegisterRequest", {
  ...REGISTER_FIELDS,
  WriteRequest: ANY,
  Service: NODE_SERVICE_1_8,
  Check: HEALTH_CHECK,
  Checks: listOf(HEALTH_CHECK, "structs.HealthChecks"),
});

const REGISTER = structOf("structs.RegisterRequest", {
  ...REGISTER_FIELDS,
  Service: NODE_SERVICE,
  Check: HEALTH_CHECK_TODAY,
  Checks: listOf(HEALTH_CHECK_TODAY, "structs.HealthChecks"),
  Locality: LOCALITY,
  PeerName: STRING,
  CreateIndex: INT,
  ModifyIndex: INT,
});
type RegisterFields = Decoded<typeof REGISTER>;

/** A registration of either release. */
function decodeRegistration(call: ConsulCall): RegisterFields {
  if (call.agent.options.profile.isToday) {
    try {
      return decodeBody(call, REGISTER);
    } catch (error) {
      const why = error instanceof HttpError ? /unknown field "(Namespace|Partition)"$/.exec(error.message) : null;
      if (why !== null && error instanceof HttpError)
        refuseBadRequest(`${error.message} - ${why[1]}s are a Consul Enterprise feature`);
      throw error;
    }
  }
  const { Service, ...fields } = decodeBody(call, REGISTER_1_8);
  if (Service === undefined) return fields;
  return { ...fields, Service: { ...Service, Connect: { Native: Service.Connect?.Native } } };
}

const DEREGISTER = structOf("structs.DeregisterRequest", {
  Datacenter: STRING,
  Node: STRING,
  // Clients send it, and no server reads it.
  Address: STRING,
  ServiceID: STRING,
  CheckID: STRING,
  PeerName: STRING,
  WriteRequest: ANY,
  Token: STRING,
});

function register(call: ConsulCall): HttpReply {
  call.refuseEnterprise();
  const fields = decodeRegistration(call);
  const datacenter = call.datacenter(fields.Datacenter ?? "");
  const authorizer = call.authorizer(datacenter);
  const registration = registrationOf(call, fields);
  requireRegistration(call, authorizer, datacenter, registration);
  datacenter.catalog.register(registration);
  return call.json(true);
}

/** @throws HttpError 500 in Consul's words */
function registrationOf(call: ConsulCall, fields: RegisterFields): Registration {
  const { isToday } = call.agent.options.profile;
  const peers = [fields, fields.Service, fields.Check, ...(fields.Checks ?? [])].map((each) => each?.PeerName);
  if (peers.some(Boolean)) refuseInternally("cannot register requests with PeerName in them");
  const { Node: node = "", Address: address = "", ID: id = "", SkipNodeUpdate: skipNodeUpdate = false } = fields;
  if (node === "") refuseInternally("Must provide node");
  if (address === "" && !skipNodeUpdate) refuseInternally("Must provide address if SkipNodeUpdate is not set");
  if (id !== "") checkNodeId(id);
  const service = fields.Service && serviceOf(node, fields.Service, isToday);
  const checks = [...(fields.Checks ?? []), ...(fields.Check === undefined ? [] : [fields.Check])];
  return {
    id,
    node,
    address,
    meta: fields.NodeMeta ?? null,
    taggedAddresses: fields.TaggedAddresses ?? null,
    skipNodeUpdate,
    service,
    ...(localityOf(fields.Locality) && { locality: localityOf(fields.Locality) }),
    checks: checks.map((check) => checkOf(node, check, isToday)),
  };
}

function checkNodeId(id: string): void {
  if (id.length !== 36) refuseInternally("Bad node ID: uuid string is wrong length");
  checkUuid(id, "Bad node ID");
}

/** @throws HttpError 403 unless the caller may write all of it */
function requireRegistration(
  call: ConsulCall,
  authorizer: Authorizer,
  { catalog }: Datacenter,
  { node, service, checks, skipNodeUpdate }: Registration,
): void {
  const requireService = (name: string): void => call.require(authorizer, "service", "write", name);
  if (call.agent.options.profile.isToday && service !== undefined) requireService(service.name);
  if (!skipNodeUpdate) call.require(authorizer, "node", "write", node);
  if (service !== undefined) requireService(service.name);
  const entry = catalog.entry(node);
  for (const { serviceId } of checks) {
    if (serviceId === "") call.require(authorizer, "node", "write", node);
    const name = serviceId === service?.id ? service.name : entry?.services.get(serviceId.toLowerCase())?.name;
    if (serviceId !== "" && name !== undefined) requireService(name);
  }
}

function deregister(call: ConsulCall): HttpReply {
  call.refuseEnterprise();
  const fields = decodeBody(call, DEREGISTER);
  const { Datacenter = "", Node: node = "", ServiceID: service = "", CheckID: check = "" } = fields;
  const datacenter = call.datacenter(Datacenter);
  const authorizer = call.authorizer(datacenter);
  if (node === "") refuseInternally("Must provide node");
  const { catalog } = datacenter;
  const known = catalog.entry(node)?.services.get(service.toLowerCase());
  const ownsService = known !== undefined && authorizer.writes("service", known.name);
  if (!ownsService) call.require(authorizer, "node", "write", node);
  // Only the other cluster can remove what was imported from it.
  if ((fields.PeerName ?? "") !== "") return call.json(true);
  if (service !== "") catalog.deregisterService(node, service);
  else if (check !== "") catalog.deregisterCheck(node, check);
  else catalog.deregisterNode(node);
  return call.json(true);
}

/** `/v1/catalog/register` and `/v1/catalog/deregister` (Consul 1.8, "Catalog HTTP API"). */
export const REGISTRATION_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "PUT", path: "/v1/catalog/register", clients: ["consul"], handler: answerAtOnce(register) },
  { method: "PUT", path: "/v1/catalog/deregister", clients: ["consul"], handler: answerAtOnce(deregister) },
];
