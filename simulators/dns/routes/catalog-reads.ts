import type { Datacenter } from "../behaviour/datacenter.ts";
import type { Authorizer } from "../state/acl-authorizer.ts";
import type { Meta, ServiceRow } from "../state/rows.ts";
import type { ConsulCall } from "../wire/call.ts";

/** A datacenter with what the caller may see there. */
export type ReadableDatacenter = Pick<Datacenter, "catalog" | "store" | "name" | "coordinates"> & {
  readonly authorizer: Authorizer;
};

/** Reads that can also concern imports from a peer. */
const OF_PEERS = /^\/v1\/(?:health|catalog)\/(?:service|connect)\//;

/** The datacenter to which a read is addressed, with what the caller may see there. @throws HttpError, NoLeader */
export function withRights(call: ConsulCall): ReadableDatacenter {
  const datacenter = call.datacenter();
  const authorizer = call.authorizer(datacenter);
  const { catalog, store, name, coordinates } = datacenter;
  const peer = call.query.get("peer") ?? "";
  if (peer !== "" && call.style.isToday && OF_PEERS.test(call.request.path)) {
    const remote = datacenter.peerings.get(peer)?.remote ?? name;
    const imported = datacenter.importsFrom(peer) ?? datacenter.nothing;
    return { catalog: imported, store, name: remote, coordinates, authorizer };
  }
  return { catalog, store, name, coordinates, authorizer };
}

/** Whether a node has all pairs of `?node-meta=key:value`. */
export function metaFilter(call: ConsulCall): (meta: Meta) => boolean {
  const wanted = call.query.getAll("node-meta").map((pair) => {
    const colon = pair.indexOf(":");
    return colon < 0 ? ([pair, ""] as const) : ([pair.slice(0, colon), pair.slice(colon + 1)] as const);
  });
  return (meta) => wanted.every(([key, value]) => meta?.[key] === value);
}

/** The node by whose distance results are sorted; empty for none. */
export const nearOf = (call: ConsulCall): string => {
  const near = call.query.get("near") ?? "";
  return near === "_agent" ? call.agent.name : near;
};

/** `?filter=`, empty for none. */
export const filterOf = (call: ConsulCall): string => call.query.get("filter") ?? "";

const hasTags = (row: ServiceRow, wanted: readonly string[]): boolean => {
  const tags = row.tags.map((tag) => tag.toLowerCase());
  return wanted.every((tag) => tags.includes(tag.toLowerCase()));
};

/** Instances of a service with `?tag=`, `?node-meta=` and `?near=` applied, as far as the caller may see them. */
export function instancesAsked(call: ConsulCall, service: string, isConnect: boolean): readonly ServiceRow[] {
  const { catalog, coordinates, authorizer } = withRights(call);
  const matches = metaFilter(call);
  const tags = call.query.getAll("tag");
  const rows = (isConnect ? catalog.connectInstancesOf(service) : catalog.instancesOf(service))
    .filter((row) => tags.length === 0 || hasTags(row, tags))
    .filter((row) => matches(catalog.node(row.node)?.meta ?? null))
    .filter((row) => authorizer.sees("node", row.node) && authorizer.sees("service", row.name));
  return coordinates.sortByDistance(nearOf(call), rows, ({ node }) => node);
}
