import type { Datacenter } from "../behaviour/datacenter.ts";
import { checkOf, serviceOf } from "../behaviour/registration.ts";
import type { Authorizer } from "../state/acl-authorizer.ts";
import type { Check } from "../state/rows.ts";
import type { Registration } from "../state/registration.ts";
import { type Decoded, INT, STRING, type StructFields, structOf, TEXTS, UINT64 } from "../wire/json/shape.ts";
import { Refusal } from "../wire/refusal.ts";
import { LOCALITY, REGISTERED_CHECK, REGISTERED_SERVICE_TODAY } from "../wire/shapes.ts";
import { checkView, nodeView, serviceView, type ViewStyle } from "../wire/views.ts";

const apiStruct = <const F extends StructFields>(name: string, fields: F) => structOf(`api.${name}`, fields);

const NODE = apiStruct("Node", {
  ID: STRING,
  Node: STRING,
  Address: STRING,
  Datacenter: STRING,
  TaggedAddresses: TEXTS,
  Meta: TEXTS,
  CreateIndex: UINT64,
  ModifyIndex: UINT64,
  Partition: STRING,
  PeerName: STRING,
  Locality: LOCALITY,
});
const SERVICE = apiStruct("AgentService", {
  ...REGISTERED_SERVICE_TODAY,
  ContentHash: STRING,
  Namespace: STRING,
  Partition: STRING,
  Datacenter: STRING,
  CreateIndex: UINT64,
  ModifyIndex: UINT64,
});
const CHECK = apiStruct("HealthCheck", {
  ...REGISTERED_CHECK,
  Namespace: STRING,
  Partition: STRING,
  ExposedPort: INT,
  PeerName: STRING,
  CreateIndex: UINT64,
  ModifyIndex: UINT64,
});

/** An element of a transaction that is about a node. */
export const NODE_OPERATION = apiStruct("NodeTxnOp", { Verb: STRING, Node: NODE });
/** An element of a transaction that is about a service. */
export const SERVICE_OPERATION = apiStruct("ServiceTxnOp", { Verb: STRING, Node: STRING, Service: SERVICE });
/** An element of a transaction that is about a check. */
export const CHECK_OPERATION = apiStruct("CheckTxnOp", { Verb: STRING, Check: CHECK });

interface Operation {
  readonly verb: string;
  readonly node: string;
  /** The id of the service or check; empty for a node. */
  readonly id: string;
  /** For check-and-set. */
  readonly index: number;
}
interface NodeOperation extends Operation {
  readonly kind: "Node";
  readonly fields: Decoded<typeof NODE>;
}
interface ServiceOperation extends Operation {
  readonly kind: "Service";
  readonly fields: Decoded<typeof SERVICE>;
}
interface CheckOperation extends Operation {
  readonly kind: "Check";
  readonly fields: Decoded<typeof CHECK>;
}

/** An operation of a transaction on the catalog. */
export type CatalogOperation = NodeOperation | ServiceOperation | CheckOperation;

const indexOf = ({ ModifyIndex = 0n }: { readonly ModifyIndex?: bigint | undefined }): number => Number(ModifyIndex);

/** The operation of an element about a node. */
export function nodeOperation({ Verb = "", Node: fields = {} }: Decoded<typeof NODE_OPERATION>): NodeOperation {
  return { kind: "Node", verb: Verb, node: fields.Node ?? "", id: "", index: indexOf(fields), fields };
}

/** The operation of an element about a service. */
export function serviceOperation(operation: Decoded<typeof SERVICE_OPERATION>): ServiceOperation {
  const { Verb: verb = "", Node: node = "", Service: fields = {} } = operation;
  const id = fields.ID || (fields.Service ?? "");
  return { kind: "Service", verb, node, id, index: indexOf(fields), fields };
}

/** The operation of an element about a check. */
export function checkOperation({ Verb = "", Check: fields = {} }: Decoded<typeof CHECK_OPERATION>): CheckOperation {
  const id = fields.CheckID || (fields.Name ?? "");
  return { kind: "Check", verb: Verb, node: fields.Node ?? "", id, index: indexOf(fields), fields };
}

/** Why an operation is refused before any is tried; `undefined` if it is not. */
export function catalogObjection(
  { catalog }: Datacenter,
  authorizer: Authorizer,
  operation: CatalogOperation,
): string | undefined {
  const { kind, verb, node, id } = operation;
  if (verb === "get") return undefined;
  if (catalog.isToday && !WRITES.has(verb)) return `unknown ${kind.toLowerCase()} operation: ${verb}`;
  const isNameless =
    operation.kind === "Service" && (operation.fields.Service ?? "") === "" && (operation.fields.ID ?? "") !== "";
  if (isNameless && catalog.isToday) return "Must provide service name (Service.Service) when service ID is provided";
  if (kind === "Node") return authorizer.writes("node", node) ? undefined : authorizer.denial("node", "write", node);
  const service =
    operation.kind === "Service"
      ? operation.fields.Service || catalog.entry(node)?.services.get(id.toLowerCase())?.name
      : operation.kind === "Check"
        ? operation.fields.ServiceName
        : undefined;
  const may = service ? authorizer.writes("service", service) : authorizer.writes("node", node);
  return may
    ? undefined
    : service
      ? authorizer.denial("service", "write", service)
      : authorizer.denial("node", "write", node);
}

/** The result of an operation. */
export type TxnResult = Readonly<Record<string, unknown>>;

const WRITES = new Set(["set", "cas", "delete", "delete-cas"]);
/** Whether an operation changes the catalog. */
export const isCatalogWrite = ({ verb }: CatalogOperation): boolean => WRITES.has(verb);

/** Performs one operation and answers with its result, if it has one. @throws Refusal */
export function performCatalog(
  datacenter: Datacenter,
  operation: CatalogOperation,
  index: number,
  style: ViewStyle,
): readonly TxnResult[] {
  const { kind, verb, node, id } = operation;
  const known = modifiedAt(datacenter, operation);
  const what = kind === "Node" ? `node "${node}"` : `${kind.toLowerCase()} "${id}" on node "${node}"`;
  const refuse = (why: string): never => {
    throw new Refusal(why);
  };
  switch (verb) {
    case "get":
      return known === undefined ? refuse(`${what} doesn't exist`) : resultOf(datacenter, operation, style);
    case "set":
      write(datacenter, operation, index, style);
      return resultOf(datacenter, operation, style);
    case "cas":
      if ((known ?? 0) !== operation.index) refuse(`failed to set ${what}, index is stale`);
      write(datacenter, operation, index, style);
      return resultOf(datacenter, operation, style);
    case "delete":
      remove(datacenter, operation);
      return [];
    case "delete-cas":
      if (known !== undefined && known !== operation.index) refuse(`failed to delete ${what}, index is stale`);
      remove(datacenter, operation);
      return [];
    default:
      return refuse(`unknown ${kind} verb "${verb}"`);
  }
}

function modifiedAt({ catalog }: Datacenter, { kind, node, id }: CatalogOperation): number | undefined {
  const entry = catalog.entry(node);
  if (kind === "Node") return entry?.row.modifyIndex;
  return (kind === "Service" ? entry?.services : entry?.checks)?.get(id.toLowerCase())?.modifyIndex;
}

function resultOf(
  { catalog, name }: Datacenter,
  { kind, node, id }: CatalogOperation,
  style: ViewStyle,
): readonly TxnResult[] {
  const entry = catalog.entry(node);
  if (entry === undefined) return [];
  if (kind === "Node") return [{ Node: nodeView(entry.row, name) }];
  const service = kind === "Service" ? entry.services.get(id.toLowerCase()) : undefined;
  if (service !== undefined) return [{ Service: serviceView(service, style, null) }];
  const check = entry.checks.get(id.toLowerCase());
  return check === undefined ? [] : [{ Check: checkView(check, style, null) }];
}

/** @throws Refusal for a service or check on a node that doesn't exist */
function write({ catalog }: Datacenter, operation: CatalogOperation, index: number, style: ViewStyle): void {
  const { node } = operation;
  if (operation.kind === "Node") return catalog.register(nodeRegistration(node, operation.fields), index);
  const row = catalog.node(node);
  if (row === undefined) throw new Refusal("Missing node registration");
  const { id, address, meta, taggedAddresses } = row;
  const own = { id, node, address, meta, taggedAddresses, skipNodeUpdate: true };
  const serviceId = operation.kind === "Check" ? (operation.fields.ServiceID ?? "") : "";
  if (serviceId !== "" && catalog.entry(node)?.services.has(serviceId.toLowerCase()) !== true)
    throw new Refusal("Missing service registration");
  if (operation.kind === "Service")
    catalog.register({ ...own, service: serviceOf(node, operation.fields, style.isToday), checks: [] }, index);
  else catalog.register({ ...own, checks: [ownCheck(node, operation.fields, style.isToday)] }, index);
}

/** A check as a transaction writes it: its type is not derived from its definition. @throws Refusal */
const ownCheck = (node: string, fields: CheckOperation["fields"], isToday: boolean): Check => ({
  ...checkOf(node, fields, isToday),
  type: fields.Type ?? "",
});

const nodeRegistration = (node: string, fields: NodeOperation["fields"]): Registration => ({
  id: fields.ID ?? "",
  node,
  address: fields.Address ?? "",
  meta: fields.Meta ?? null,
  taggedAddresses: fields.TaggedAddresses ?? null,
  skipNodeUpdate: false,
  checks: [],
});

function remove({ catalog }: Datacenter, { kind, node, id }: CatalogOperation): void {
  if (kind === "Node") catalog.deregisterNode(node);
  else if (kind === "Service") catalog.deregisterService(node, id);
  else catalog.deregisterCheck(node, id);
}
