import { str } from "../behaviour/definitions.ts";
import { CONNECT, SERVICE_ADDRESSES, WEIGHTS } from "../behaviour/shapes.ts";
import type { Datacenter } from "../behaviour/datacenter.ts";
import { ANY, BOOL, type Fields, INT, STRING, STRINGS, type Struct, TEXTS, UINT64 } from "../wire/json/decode.ts";
import { Refusal } from "../wire/refusal.ts";
import type { Authorizer } from "../state/acl-rules.ts";
import type { Meta, NodeRow } from "../state/rows.ts";
import { checkOf, serviceOf } from "./catalog.ts";
import { PERMISSION_DENIED } from "../wire/frame.ts";
import { checkView, nodeView, serviceView } from "../wire/views.ts";

const struct = (name: string, fields: Struct["fields"]): Struct => ({
  kind: "struct",
  name,
  go: `api.${name}`,
  fields,
  lax: true,
});

const NODE = struct("Node", {
  ID: STRING,
  Node: STRING,
  Address: STRING,
  Datacenter: STRING,
  TaggedAddresses: TEXTS,
  Meta: TEXTS,
  CreateIndex: UINT64,
  ModifyIndex: UINT64,
});
const SERVICE = struct("AgentService", {
  Kind: STRING,
  ID: STRING,
  Service: STRING,
  Tags: STRINGS,
  Meta: TEXTS,
  Port: INT,
  Address: STRING,
  TaggedAddresses: SERVICE_ADDRESSES,
  Weights: WEIGHTS,
  EnableTagOverride: BOOL,
  CreateIndex: UINT64,
  ModifyIndex: UINT64,
  Connect: CONNECT,
});
const CHECK = struct("HealthCheck", {
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
  CreateIndex: UINT64,
  ModifyIndex: UINT64,
});

export const NODE_OPERATION = struct("NodeTxnOp", { Verb: STRING, Node: NODE });
export const SERVICE_OPERATION = struct("ServiceTxnOp", { Verb: STRING, Node: STRING, Service: SERVICE });
export const CHECK_OPERATION = struct("CheckTxnOp", { Verb: STRING, Check: CHECK });

/** An operation of a transaction on the catalog. */
export interface CatalogOperation {
  readonly kind: "Node" | "Service" | "Check";
  readonly verb: string;
  readonly node: string;
  readonly id: string;
  /** For check-and-set. */
  readonly index: number;
  readonly fields: Fields;
}

const indexOf = (fields: Fields): number => Number((fields.ModifyIndex as bigint | undefined) ?? 0n);
const part = (fields: Fields, name: string): Fields => (fields[name] as Fields | undefined) ?? {};

export function nodeOperation(operation: Fields): CatalogOperation {
  const fields = part(operation, "Node");
  return {
    kind: "Node",
    verb: str(operation, "Verb"),
    node: str(fields, "Node"),
    id: "",
    index: indexOf(fields),
    fields,
  };
}

export function serviceOperation(operation: Fields): CatalogOperation {
  const fields = part(operation, "Service");
  const id = str(fields, "ID") || str(fields, "Service");
  return {
    kind: "Service",
    verb: str(operation, "Verb"),
    node: str(operation, "Node"),
    id,
    index: indexOf(fields),
    fields,
  };
}

export function checkOperation(operation: Fields): CatalogOperation {
  const fields = part(operation, "Check");
  const id = str(fields, "CheckID") || str(fields, "Name");
  return { kind: "Check", verb: str(operation, "Verb"), node: str(fields, "Node"), id, index: indexOf(fields), fields };
}

/** What is refused before anything is tried. */
export function catalogObjection(
  { catalog }: Datacenter,
  authorizer: Authorizer,
  operation: CatalogOperation,
): string | undefined {
  const { kind, verb, node, id, fields } = operation;
  if (verb === "get") return undefined;
  if (kind === "Node") return authorizer.writes("node", node) ? undefined : PERMISSION_DENIED;
  const entry = catalog.entry(node);
  const service =
    kind === "Service"
      ? str(fields, "Service") || entry?.services.get(id.toLowerCase())?.name
      : str(fields, "ServiceName");
  const may =
    service === undefined || service === "" ? authorizer.writes("node", node) : authorizer.writes("service", service);
  return may ? undefined : PERMISSION_DENIED;
}

export type Result = Readonly<Record<string, unknown>>;

const WRITES = new Set(["set", "cas", "delete", "delete-cas"]);
export const isCatalogWrite = ({ verb }: CatalogOperation): boolean => WRITES.has(verb);

/** Performs one operation and answers with its result, if it has one. @throws Refusal */
export function performCatalog(datacenter: Datacenter, operation: CatalogOperation, index: number): readonly Result[] {
  const { kind, verb, node, id } = operation;
  const known = modifiedAt(datacenter, operation);
  const what = kind === "Node" ? `node "${node}"` : `${kind.toLowerCase()} "${id}" on node "${node}"`;
  const refuse = (why: string): never => {
    throw new Refusal(why);
  };
  switch (verb) {
    case "get":
      return known === undefined ? refuse(`${what} doesn't exist`) : view(datacenter, operation);
    case "set":
      write(datacenter, operation, index);
      return view(datacenter, operation);
    case "cas":
      if ((known ?? 0) !== operation.index) refuse(`failed to set ${what}, index is stale`);
      write(datacenter, operation, index);
      return view(datacenter, operation);
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

function view({ catalog, name }: Datacenter, { kind, node, id }: CatalogOperation): readonly Result[] {
  const entry = catalog.entry(node);
  if (entry === undefined) return [];
  if (kind === "Node") return [{ Node: nodeView(entry.row, name) }];
  const service = kind === "Service" ? entry.services.get(id.toLowerCase()) : undefined;
  if (service !== undefined) return [{ Service: serviceView(service, null) }];
  const check = entry.checks.get(id.toLowerCase());
  return check === undefined ? [] : [{ Check: checkView(check, null) }];
}

function write({ catalog }: Datacenter, { kind, node, fields }: CatalogOperation, index: number): void {
  const row = catalog.node(node);
  if (kind === "Node") return catalog.register({ ...nodeOf(node, fields), skipNodeUpdate: false, checks: [] }, index);
  if (row === undefined) throw new Refusal("Missing node registration");
  const own = {
    id: row.id,
    node,
    address: row.address,
    meta: row.meta,
    taggedAddresses: row.taggedAddresses,
    skipNodeUpdate: true,
  };
  if (kind === "Service") catalog.register({ ...own, service: serviceOf(node, fields), checks: [] }, index);
  else catalog.register({ ...own, checks: [checkOf(node, fields)] }, index);
}

const nodeOf = (
  node: string,
  fields: Fields,
): Pick<NodeRow, "id" | "address" | "meta" | "taggedAddresses"> & { readonly node: string } => ({
  id: str(fields, "ID"),
  node,
  address: str(fields, "Address"),
  meta: (fields.Meta as Meta | undefined) ?? null,
  taggedAddresses: (fields.TaggedAddresses as Meta | undefined) ?? null,
});

function remove({ catalog }: Datacenter, { kind, node, id }: CatalogOperation): void {
  if (kind === "Node") catalog.deregisterNode(node);
  else if (kind === "Service") catalog.deregisterService(node, id);
  else catalog.deregisterCheck(node, id);
}
