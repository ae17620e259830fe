import type { Route } from "../../kernel/index.ts";
import type { ConsulCall, ConsulSim } from "../wire/call.ts";
import { answerRead, type ReadResult } from "../wire/read.ts";
import type { NodeRow, ServiceRow } from "../state/rows.ts";
import { compileFilter } from "../wire/filter/filter.ts";
import { filterableOf } from "../wire/filter/types.ts";
import { checkView, nodeView, serviceView } from "../wire/views.ts";
import { filterOf, type ReadableDatacenter, withRights } from "./catalog-reads.ts";

/** How many of these checks have each status. */
function countChecks(statuses: readonly string[]) {
  const count = (status: string): number => statuses.filter((each) => each === status).length;
  return { ChecksPassing: count("passing"), ChecksWarning: count("warning"), ChecksCritical: count("critical") };
}

function serviceSummary({ catalog, authorizer, name: datacenter }: ReadableDatacenter, name: string, isToday: boolean) {
  const rows = catalog.instancesOf(name).filter(({ node }) => authorizer.sees("node", node));
  const checks = new Map(
    rows.flatMap((row) => catalog.instance(row).checks).map((check) => [`${check.node}/${check.id}`, check.status]),
  );
  const kind = isToday ? (rows[0]?.kind ?? "") : "";
  const tags = [...new Set(rows.flatMap((row) => row.tags))];
  const today = {
    TransparentProxy: false,
    ConnectNative: rows.some(({ native }) => native),
    ConnectedWithProxy: (catalog.state.byDestination.get(name.toLowerCase())?.size ?? 0) > 0,
    ConnectedWithGateway: false,
  };
  return {
    ...(kind !== "" && { Kind: kind }),
    Name: name,
    ...(isToday && { Datacenter: datacenter }),
    Tags: tags.length === 0 ? null : tags,
    Nodes: [...new Set(rows.map(({ node }) => node))],
    InstanceCount: rows.length,
    ...countChecks([...checks.values()]),
    ExternalSources: null,
    GatewayConfig: {},
    ...(isToday && today),
  };
}

/** Which instances `?filter=` lets pass. @throws FilterError */
function instanceFilter(
  call: ConsulCall,
  { catalog, name }: ReadableDatacenter,
): (node: NodeRow, service: ServiceRow) => boolean {
  const source = filterOf(call);
  const filter = compileFilter(source, filterableOf(call.style).instance);
  if (source === "") return () => true;
  return (node, service) =>
    filter({
      Node: nodeView(node, name),
      Service: serviceView(service, call.style),
      Checks: catalog.instance(service).checks.map((check) => checkView(check, call.style)),
    });
}

function listServices(call: ConsulCall): ReadResult {
  const datacenter = withRights(call);
  const { catalog, store, authorizer } = datacenter;
  const matches = instanceFilter(call, datacenter);
  const names = catalog
    .entries()
    .flatMap(({ row, services }) => [...services.values()].filter((service) => matches(row, service)))
    .map(({ name }) => name);
  const own = [...new Set(names)]
    .sort()
    .filter((name) => authorizer.sees("service", name))
    .map((name) => serviceSummary(datacenter, name, call.style.isToday));
  const value = call.style.isToday ? [...own, ...importedServices(call, datacenter)] : own;
  return { index: store.latest("nodes", "services", "checks"), value };
}

/** The imports from peers, as the pages show them. */
function importedServices(call: ConsulCall, datacenter: ReadableDatacenter): readonly unknown[] {
  return call
    .datacenter()
    .peerings.list()
    .flatMap(({ name: peer, remote }) => {
      const catalog = call.datacenter().importsFrom(peer);
      if (catalog === undefined) return [];
      const names = [
        ...new Set(catalog.entries().flatMap(({ services }) => [...services.values()].map(({ name }) => name))),
      ];
      return names
        .sort()
        .filter((name) => datacenter.authorizer.sees("service", name))
        .map((name) => ({ ...serviceSummary({ ...datacenter, catalog, name: remote }, name, true), PeerName: peer }));
    });
}

function listNodes(call: ConsulCall): ReadResult {
  const datacenter = withRights(call);
  const { catalog, store, authorizer } = datacenter;
  const filter = compileFilter(filterOf(call), filterableOf(call.style).nodeInfo);
  const value = catalog
    .nodes()
    .filter((row) => authorizer.sees("node", row.name))
    .map((row) => nodeSummary(call, datacenter, row))
    .filter(filter);
  return { index: store.latest("nodes", "services", "checks"), value };
}

/** A node with its services and checks, as the pages show it. */
export function nodeSummary(
  call: ConsulCall,
  { catalog, authorizer, name }: ReadableDatacenter,
  row: NodeRow,
): unknown {
  const node = nodeView(row, name);
  const [services, checks] = [catalog.servicesOf(row.name), catalog.checksOf(row.name)];
  return {
    ID: row.id,
    Node: row.name,
    Address: row.address,
    TaggedAddresses: node.TaggedAddresses,
    Meta: node.Meta,
    Services: services
      .filter((service) => authorizer.sees("service", service.name))
      .map((service) => serviceView(service, call.style, null)),
    Checks: checks
      .filter(({ serviceName }) => serviceName === "" || authorizer.sees("service", serviceName))
      .map((check) => checkView(check, call.style, null)),
  };
}

/** `/v1/internal/ui/…`: what Consul's own web pages read; not part of its documented API. */
export const INTERNAL_UI_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "GET", path: "/v1/internal/ui/services", handler: answerRead("index", listServices) },
  { method: "GET", path: "/v1/internal/ui/nodes", handler: answerRead("index", listNodes) },
];
