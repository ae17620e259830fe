import type { NodeEntry, NodeRow } from "../state/rows.ts";
import type { DnsSettings } from "./settings.ts";
import { addressBytes, reverseName } from "../wire/codec/address.ts";
import { nodeName } from "./instance-records.ts";
import type { ReachedDatacenter } from "./reach.ts";

/** Who has an address. */
type AddressHolder =
  | { readonly kind: "node"; readonly node: NodeRow }
  | { readonly kind: "service"; readonly name: string };

/** The holder of the address of a reverse name: the first node that has it, else the first service. */
function holderOf({ datacenter, authorizer }: ReachedDatacenter, name: string): AddressHolder | undefined {
  const { catalog } = datacenter;
  const node = firstNode(
    catalog.state.nodes.values(),
    (row) => isAt(row.address, name) && authorizer.reads("node", row.name),
  );
  if (node !== undefined) return { kind: "node", node };
  for (const { row } of catalog.entries()) {
    if (!authorizer.reads("node", row.name)) continue;
    const service = catalog
      .servicesOf(row.name)
      .find((each) => isAt(each.address, name) && authorizer.reads("service", each.name));
    if (service !== undefined) return { kind: "service", name: service.name };
  }
  return undefined;
}

/** The name of the node, or else the service, that has the address of a reverse name; undefined if nobody has it. */
export function nameOfHolder(reached: ReachedDatacenter, name: string, settings: DnsSettings): string | undefined {
  const { name: datacenter } = reached.datacenter;
  const holder = holderOf(reached, name);
  if (holder?.kind === "node") return nodeName(holder.node, datacenter, settings.domain);
  return holder && `${holder.name}.service.${datacenter}.${settings.domain}`;
}

/** The first by name among those that match. */
function firstNode(entries: Iterable<NodeEntry>, fits: (row: NodeRow) => boolean): NodeRow | undefined {
  let first: NodeRow | undefined;
  for (const { row } of entries)
    if ((first === undefined || row.name.toLowerCase() < first.name.toLowerCase()) && fits(row)) first = row;
  return first;
}

function isAt(address: string, name: string): boolean {
  // The last digit of an address is the first of its reverse name; most differ there.
  const last = address.charCodeAt(address.length - 1);
  if (address === "" || !(name.charCodeAt(name.indexOf(".") - 1) === last || address.includes(":"))) return false;
  const bytes = addressBytes(address);
  return bytes !== undefined && reverseName(bytes) === name;
}
