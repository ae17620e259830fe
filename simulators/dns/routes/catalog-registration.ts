import { type HttpReply, isObject, type Route } from "../../kernel/index.ts";
import type { Datacenter } from "../behaviour/datacenter.ts";
import { addressesByTag, isAnyAddress, weightsError, weightsOf } from "../behaviour/definitions.ts";
import type { Authorizer } from "../state/acl-rules.ts";
import type { Registration } from "../state/catalog.ts";
import type { Check, Service } from "../state/rows.ts";
import { checkUuid } from "../state/sessions.ts";
import { type ConsulCall, type ConsulSim, decodeBody } from "../wire/call.ts";
import { durationNs, durationText } from "../wire/duration.ts";
import { answerAtOnce } from "../wire/handler.ts";
import { ANY, BOOL, type Decoded, DURATION, INT, listOf, STRING, STRINGS, structOf, TEXTS } from "../wire/json/shape.ts";
import { deny, refuseInternally } from "../wire/refusal.ts";
import { CONNECT, SERVICE_ADDRESSES, WEIGHTS } from "../wire/shapes.ts";

const NODE_SERVICE = structOf("structs.NodeService", {
  Kind: STRING,
  ID: STRING,
  Service: STRING,
  Tags: STRINGS,
  Address: STRING,
  TaggedAddresses: SERVICE_ADDRESSES,
  Meta: TEXTS,
  Port: INT,
  Weights: WEIGHTS,
  EnableTagOverride: BOOL,
  Proxy: ANY,
  Connect: CONNECT,
  CreateIndex: INT,
  ModifyIndex: INT,
});

const HEALTH_CHECK = structOf("structs.HealthCheck", {
  Node: STRING,
  CheckID: STRING,
  Name: STRING,
  Status: STRING,
  Notes: STRING,
  Output: STRING,
  ServiceID: STRING,
  ServiceName: STRING,
  ServiceTags: STRINGS,
  Type: STRING,
  Definition: ANY,
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

type NodeServiceFields = Omit<Decoded<typeof NODE_SERVICE>, "CreateIndex" | "ModifyIndex" | "Proxy">;
type HealthCheckFields = Omit<Decoded<typeof HEALTH_CHECK>, "CreateIndex" | "ModifyIndex" | "Interval" | "Timeout">;

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

/** A service as a registration gives it. @throws HttpError 500 in Consul's words */
export function serviceOf(node: string, fields: NodeServiceFields): Service {
  const { Service: name = "", Address: address = "" } = fields;
  const id = fields.ID || name;
  if (id !== "" && name === "") refuseInternally("Must provide service name with ID");
  if (isAnyAddress(address)) refuseInternally("Invalid service address");
  const weights = weightsOf(fields.Weights);
  return {
    node,
    id,
    name,
    address,
    port: fields.Port ?? 0,
    tags: fields.Tags ?? [],
    meta: fields.Meta ?? null,
    // The catalog takes weights that an agent would refuse, and forgets them.
    weights: weightsError(weights) === undefined ? weights : { passing: 1, warning: 1 },
    taggedAddresses: fields.TaggedAddresses === undefined ? null : addressesByTag(fields.TaggedAddresses),
    enableTagOverride: fields.EnableTagOverride ?? false,
    kind: fields.Kind ?? "",
    native: fields.Connect?.Native ?? false,
  };
}

/** A check as a registration gives it. */
export const checkOf = (node: string, fields: HealthCheckFields): Check => ({
  node: fields.Node || node,
  id: fields.CheckID || (fields.Name ?? ""),
  name: fields.Name ?? "",
  status: fields.Status ?? "",
  notes: fields.Notes ?? "",
  output: fields.Output ?? "",
  serviceId: fields.ServiceID ?? "",
  type: fields.Type || checkTypeOf(fields.Definition),
  definition: definitionOf(fields.Definition),
});

const DURATIONS = ["Interval", "Timeout", "DeregisterCriticalServiceAfter"];
const DEFAULTS = new Set<unknown>(["", "0s", 0, false, null, undefined]);

/** A definition as the catalog shows it: what is not the default, durations in Go's form. */
function definitionOf(given: unknown): Readonly<Record<string, unknown>> {
  const entries = Object.entries(given ?? {}).map(([key, value]: [string, unknown]) => {
    const ns = DURATIONS.includes(key) && typeof value === "string" ? durationNs(value) : undefined;
    return [key, ns === undefined ? value : durationText(ns)] as const;
  });
  return Object.fromEntries(entries.filter(([, value]) => !DEFAULTS.has(value)));
}

function checkTypeOf(definition: unknown): string {
  if (!isObject(definition)) return "";
  return definition.HTTP ? "http" : definition.TCP ? "tcp" : "";
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
