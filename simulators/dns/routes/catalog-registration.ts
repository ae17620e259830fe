import type { HttpReply, Route } from "../../kernel/index.ts";
import type { Datacenter } from "../behaviour/datacenter.ts";
import { checkOf, serviceOf } from "../behaviour/registration.ts";
import type { Authorizer } from "../state/acl-rules.ts";
import type { Registration } from "../state/registration.ts";
import { checkUuid } from "../state/sessions.ts";
import { type ConsulCall, type ConsulSim, decodeBody } from "../wire/call.ts";
import { answerAtOnce } from "../wire/handler.ts";
import { ANY, BOOL, type Decoded, DURATION, INT, listOf, STRING, structOf, TEXTS } from "../wire/json/shape.ts";
import { deny, refuseInternally } from "../wire/refusal.ts";
import { REGISTERED_CHECK, REGISTERED_SERVICE } from "../wire/shapes.ts";

const NODE_SERVICE = structOf("structs.NodeService", {
  ...REGISTERED_SERVICE,
  Proxy: ANY,
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

const REGISTER = structOf("structs.RegisterRequest", {
  Datacenter: STRING,
  ID: STRING,
  Node: STRING,
  Address: STRING,
  TaggedAddresses: TEXTS,
  NodeMeta: TEXTS,
  Service: NODE_SERVICE,
  Check: HEALTH_CHECK,
  Checks: listOf(HEALTH_CHECK, "structs.HealthChecks"),
  SkipNodeUpdate: BOOL,
  WriteRequest: ANY,
  Token: STRING,
});

const DEREGISTER = structOf("structs.DeregisterRequest", {
  Datacenter: STRING,
  Node: STRING,
  ServiceID: STRING,
  CheckID: STRING,
  WriteRequest: ANY,
  Token: STRING,
});

function register(call: ConsulCall): HttpReply {
  const fields = decodeBody(call, REGISTER);
  const datacenter = call.datacenter(fields.Datacenter ?? "");
  const authorizer = call.authorizer(datacenter);
  const registration = registrationOf(fields);
  if (!mayRegister(authorizer, datacenter, registration)) deny();
  datacenter.catalog.register(registration);
  return call.json(true);
}

/** @throws HttpError 500 in Consul's words */
function registrationOf(fields: Decoded<typeof REGISTER>): Registration {
  const { Node: node = "", Address: address = "", ID: id = "", SkipNodeUpdate: skipNodeUpdate = false } = fields;
  if (node === "") refuseInternally("Must provide node");
  if (address === "" && !skipNodeUpdate) refuseInternally("Must provide address if SkipNodeUpdate is not set");
  if (id !== "") checkNodeId(id);
  const service = fields.Service && serviceOf(node, fields.Service);
  const checks = [...(fields.Checks ?? []), ...(fields.Check === undefined ? [] : [fields.Check])];
  return {
    id,
    node,
    address,
    meta: fields.NodeMeta ?? null,
    taggedAddresses: fields.TaggedAddresses ?? null,
    skipNodeUpdate,
    service,
    checks: checks.map((check) => checkOf(node, check)),
  };
}

function checkNodeId(id: string): void {
  if (id.length !== 36) refuseInternally("Bad node ID: uuid string is wrong length");
  checkUuid(id, "Bad node ID");
}

function mayRegister(
  authorizer: Authorizer,
  { catalog }: Datacenter,
  { node, service, checks, skipNodeUpdate }: Registration,
): boolean {
  if (!skipNodeUpdate && !authorizer.writes("node", node)) return false;
  if (service !== undefined && !authorizer.writes("service", service.name)) return false;
  const entry = catalog.entry(node);
  return checks.every(({ serviceId }) => {
    if (serviceId === "") return authorizer.writes("node", node);
    const name = serviceId === service?.id ? service.name : entry?.services.get(serviceId.toLowerCase())?.name;
    return name === undefined || authorizer.writes("service", name);
  });
}

function deregister(call: ConsulCall): HttpReply {
  const {
    Datacenter = "",
    Node: node = "",
    ServiceID: service = "",
    CheckID: check = "",
  } = decodeBody(call, DEREGISTER);
  const datacenter = call.datacenter(Datacenter);
  const authorizer = call.authorizer(datacenter);
  if (node === "") refuseInternally("Must provide node");
  const { catalog } = datacenter;
  const known = catalog.entry(node)?.services.get(service.toLowerCase());
  if (!authorizer.writes("node", node) && !(known !== undefined && authorizer.writes("service", known.name))) deny();
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
