import { byKey, type Route } from "../../kernel/index.ts";
import { nodeTable } from "../state/catalog-reads.ts";
import type { ConsulCall, ConsulSim } from "../wire/call.ts";
import { compileFilter } from "../wire/filter/filter.ts";
import { filterableOf } from "../wire/filter/types.ts";
import { answerAtOnce, refuseMissing } from "../wire/handler.ts";
import { gatewayServices } from "../config-entries/gateways.ts";
import { refuseBadRequest } from "../wire/refusal.ts";
import { answerRead, type ReadResult } from "../wire/read.ts";
import { catalogServiceView, nodeView, serviceView } from "../wire/views.ts";
import { filterOf, instancesAsked, metaFilter, nearOf, withRights } from "./catalog-reads.ts";

const listDatacenters = answerAtOnce((call) => {
  const { cluster, agent } = call.sim;
  const names = [...cluster.datacenters.values()]
    .filter((datacenter) => datacenter === agent.datacenter || cluster.reachOf(datacenter) !== "unknown")
    .map(({ name }) => name);
  const isCached = call.style.isToday && call.flag("cached");
  return call.json(names, isCached ? { "X-Cache": "MISS" } : {});
});

function listNodes(call: ConsulCall): ReadResult {
  const { catalog, store, name, coordinates, authorizer } = withRights(call);
  const filter = compileFilter(filterOf(call), filterableOf(call.style).node);
  const matches = metaFilter(call);
  const rows = catalog.nodes().filter((row) => authorizer.sees("node", row.name) && matches(row.meta));
  const nearest = coordinates.sortByDistance(nearOf(call), rows, (row) => row.name);
  const translation = call.translation(name);
  return {
    index: store.latest("nodes"),
    value: nearest.map((row) => nodeView(translation.node(row), name)).filter(filter),
  };
}

/** Names of services, each with the tags that its instances have. */
function listServices(call: ConsulCall): ReadResult {
  const { catalog, store, authorizer, name: datacenter } = withRights(call);
  const filter = call.style.isToday
    ? compileFilter(filterOf(call), filterableOf(call.style).catalogService)
    : () => true;
  const isFiltered = call.style.isToday && filterOf(call) !== "";
  const matches = metaFilter(call);
  const tags = new Map<string, Set<string>>();
  for (const { row, services: own } of catalog.entries()) {
    if (!matches(row.meta)) continue;
    for (const service of own.values()) {
      const isSeen = !call.style.isToday || authorizer.sees("node", row.name);
      if (!authorizer.sees("service", service.name) || !isSeen) continue;
      if (isFiltered && !filter(catalogServiceView(row, service, datacenter, call.style))) continue;
      const seen = tags.get(service.name) ?? new Set<string>();
      for (const tag of service.tags) seen.add(tag);
      tags.set(service.name, seen);
    }
  }
  const names = [...tags].sort(byKey).map(([name, seen]) => [name, [...seen]] as const);
  const tables = call.query.has("node-meta") ? ["services", "nodes"] : ["services"];
  return { index: store.latest(...tables), value: Object.fromEntries(names) };
}

const listInstances =
  (isConnect: boolean) =>
  (call: ConsulCall): ReadResult => {
    const service = call.rest;
    const { catalog, name } = withRights(call);
    const filter = compileFilter(filterOf(call), filterableOf(call.style).catalogService);
    const translation = call.translation(name);
    const value = instancesAsked(call, service, isConnect)
      .map((row) => catalog.instance(row))
      .map(({ node, service: row }) =>
        catalogServiceView(translation.node(node), translation.service(row), name, call.style),
      )
      .filter(filter);
    return { index: catalog.serviceIndex(service, catalog.instancesOf(service).length > 0), value };
  };

/** A node with its services, as an object by id or as a list. */
const readNode =
  (asList: boolean) =>
  (call: ConsulCall): ReadResult => {
    const { catalog, store, name, authorizer } = withRights(call);
    const filter = compileFilter(filterOf(call), filterableOf(call.style).service);
    const row = catalog.node(call.rest);
    const nothing = asList ? { Node: null, Services: null } : null;
    if (row === undefined) return { index: 0, value: nothing };
    const tables = call.style.isToday ? [nodeTable(row.name)] : ["nodes", "services"];
    const index = store.latest(...tables);
    if (!authorizer.sees("node", row.name)) return { index, value: nothing };
    const translation = call.translation(name);
    const own = catalog
      .servicesOf(row.name)
      .filter((service) => authorizer.sees("service", service.name))
      .map((service) => serviceView(translation.service(service), call.style))
      .filter(filter);
    const list = asList ? own : Object.fromEntries(own.map((service) => [service.ID, service]));
    return { index, value: { Node: nodeView(translation.node(row), name), Services: list } };
  };

/** The services behind a gateway of the mesh, as its config entry names them; in 1.8 there are none. */
function listGatewayServices(call: ConsulCall): ReadResult {
  const { authorizer, catalog } = withRights(call);
  if (!call.style.isToday) return { index: 0, value: null };
  if (call.rest === "") refuseBadRequest("Missing gateway name");
  call.require(authorizer, "service", "read", call.rest);
  const { configEntries } = call.datacenter();
  const linked = gatewayServices(configEntries, call.rest, (name) => catalog.instancesOf(name).length > 0);
  const value = linked.filter(({ Service }) => authorizer.sees("service", Service.Name));
  return { index: value.length === 0 ? 0 : configEntries.tableIndex, value };
}

/** `/v1/catalog/…` except registration (Consul 1.8, "Catalog HTTP API"). */
export const CATALOG_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "GET", path: "/v1/catalog/datacenters", handler: listDatacenters },
  { method: "GET", path: "/v1/catalog/nodes", handler: answerRead("consistency", listNodes) },
  { method: "GET", path: "/v1/catalog/services", handler: answerRead("cacheable", listServices) },
  { method: "GET", path: "/v1/catalog/service/", handler: refuseMissing("service name") },
  { method: "GET", path: "/v1/catalog/service/*rest", handler: answerRead("cacheable", listInstances(false)) },
  { method: "GET", path: "/v1/catalog/connect/", handler: refuseMissing("service name") },
  { method: "GET", path: "/v1/catalog/connect/*rest", handler: answerRead("cacheable", listInstances(true)) },
  { method: "GET", path: "/v1/catalog/node/", handler: refuseMissing("node name") },
  { method: "GET", path: "/v1/catalog/node/*rest", handler: answerRead("consistency", readNode(false)) },
  { method: "GET", path: "/v1/catalog/node-services/", handler: refuseMissing("node name") },
  { method: "GET", path: "/v1/catalog/node-services/*rest", handler: answerRead("consistency", readNode(true)) },
  { method: "GET", path: "/v1/catalog/gateway-services/", handler: refuseMissing("gateway name") },
  {
    method: "GET",
    path: "/v1/catalog/gateway-services/*rest",
    handler: answerRead("consistency", listGatewayServices),
  },
];
