import { Refusal } from "../wire/refusal.ts";
import type { CatalogState } from "./catalog-state.ts";
import { SERF_HEALTH } from "./health.ts";
import type { Check, Meta, NodeRow, Service } from "./rows.ts";

/** The contents of a registration. Without `skipNodeUpdate` they replace the node, including its metadata. */
export interface Registration {
  readonly id: string;
  readonly node: string;
  readonly address: string;
  readonly meta: Meta;
  readonly taggedAddresses: Meta;
  readonly locality?: Readonly<Record<string, string>> | undefined;
  readonly skipNodeUpdate: boolean;
  readonly service?: Service | undefined;
  readonly checks: readonly Check[];
}

/** A registration that the catalog refuses; the message is Consul's. */
export class CatalogError extends Refusal {}

/** Whether two values are the same as JSON. */
export function hasSameJson(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

/** Whether a registration changes what is known about its node. */
export const changesNode = (asked: Registration, row: NodeRow): boolean =>
  asked.id !== row.id ||
  asked.node !== row.name ||
  asked.address !== row.address ||
  !hasSameJson(asked.taggedAddresses, row.taggedAddresses) ||
  !hasSameJson(asked.meta, row.meta) ||
  !hasSameJson(asked.locality, row.locality);

/** The node of a registration that leaves the node unchanged. */
export const fieldsOf = ({ id, name, address, meta, taggedAddresses, locality }: NodeRow) => ({
  locality,
  id,
  node: name,
  address,
  meta,
  taggedAddresses,
});

/** @throws CatalogError if the catalog refuses the registration, which then writes nothing */
export function checkRegistration(state: CatalogState, asked: Registration, isToday: boolean): void {
  const { node, service, checks } = asked;
  const entry = state.nodes.get(node.toLowerCase());
  if (entry === undefined || (!asked.skipNodeUpdate && changesNode(asked, entry.row))) checkNodeName(state, asked);
  if (service?.id === "")
    throw new CatalogError("failed inserting service: failed inserting service: object missing primary index");
  for (const { node: on, id, serviceId } of checks) {
    if (on.toLowerCase() !== node.toLowerCase())
      throw new CatalogError(
        isToday
          ? `Node '${on}' for check '${id}' doesn't match register request node '${node}'`
          : `check node "${on}" does not match node "${node}"`,
      );
    const isThere =
      serviceId === "" || serviceId === service?.id || entry?.services.has(serviceId.toLowerCase()) === true;
    const why = !isThere
      ? "Missing service registration"
      : id === ""
        ? "failed inserting check: object missing primary index"
        : undefined;
    if (isToday && !isThere) throw new CatalogError(`Unknown service ID '${serviceId}' for check ID '${id}'`);
    if (isToday && id === "")
      throw new CatalogError(
        `failed inserting check on node "${on}": failed health check lookup: index error: object is missing a value for this index`,
      );
    if (why !== undefined) throw new CatalogError(`failed inserting check: ${why} on node "${on}"`);
  }
}

/** Checks that a node id may take a name: a free one, or that of a node that has no id or is dead. @throws CatalogError */
function checkNodeName({ nodes, byId }: CatalogState, { id, node, address }: Registration): void {
  const entry = nodes.get(node.toLowerCase());
  const holder = entry?.row;
  if (id === "" || holder === undefined || holder.id === id) return;
  const owner = byId.get(id);
  if (owner === undefined && holder.id === "") return;
  if (entry?.checks.get(SERF_HEALTH.toLowerCase())?.status === "critical") return;
  const who = owner === undefined ? `"${id}"` : `"${id}" (${address})`;
  throw new CatalogError(
    `failed inserting node: Error while renaming Node ID: ${who}: Node name ${node} is reserved by node ${holder.id} with name ${holder.name} (${holder.address})`,
  );
}
