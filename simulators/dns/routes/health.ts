import type { Route } from "../../kernel/index.ts";
import type { CheckRow, Meta } from "../state/rows.ts";
import { parseBool } from "../wire/bool.ts";
import type { ConsulCall, ConsulSim } from "../wire/call.ts";
import { compileFilter } from "../wire/filter/filter.ts";
import { filterableOf } from "../wire/filter/types.ts";
import { refuseMissing } from "../wire/handler.ts";
import { answerRead, type ReadResult } from "../wire/read.ts";
import { refuseBadRequest, refuseInternally } from "../wire/refusal.ts";
import { checkView, nodeView, serviceView } from "../wire/views.ts";
import { filterOf, instancesAsked, metaFilter, nearOf, withRights } from "./catalog-reads.ts";

/** `?passing`, `?passing=false` … @throws HttpError 400 */
function onlyPassing({ query }: ConsulCall): boolean {
  const given = query.get("passing");
  if (given === null) return false;
  return given === "" || (parseBool(given) ?? refuseBadRequest("Invalid value for ?passing"));
}

/** @throws HttpError for groups of peers, which the open edition lacks */
function refuseGroup(call: ConsulCall): void {
  const group = call.query.get("sg") ?? "";
  if (group === "" || !call.style.isToday) return;
  if ((call.query.get("peer") ?? "") !== "") refuseBadRequest("peer-name and sameness-group are mutually exclusive");
  refuseInternally("sameness groups are not supported in consul CE");
}

const listInstances =
  (isConnect: boolean) =>
  (call: ConsulCall): ReadResult => {
    refuseGroup(call);
    const { catalog, name } = withRights(call);
    const filter = compileFilter(filterOf(call), filterableOf(call.style).instance);
    const passing = onlyPassing(call);
    const translation = call.translation(name);
    const value = instancesAsked(call, call.rest, isConnect)
      .map((row) => catalog.instance(row))
      .map(({ node, service: row, checks }) => ({
        Node: nodeView(translation.node(node), name),
        Service: serviceView(translation.service(row), call.style),
        Checks: checks.map((check) => checkView(check, call.style)),
      }))
      .filter(filter)
      .filter(({ Checks }) => !passing || Checks.every(({ Status }) => Status === "passing"));
    const index = catalog.serviceIndex(call.rest, catalog.instancesOf(call.rest).length > 0);
    return { index: isConnect ? Math.max(index, proxyIndex(call)) : index, value };
  };

/** The index of the services through which a service of the mesh is reached. */
function proxyIndex(call: ConsulCall): number {
  const { catalog } = withRights(call);
  const names = call.style.isToday ? catalog.connectInstancesOf(call.rest).map((row) => row.name) : [];
  return Math.max(0, ...names.map((name) => catalog.serviceIndex(name, true)));
}

/** Checks that the caller may see, filtered and sorted. */
function listChecks(call: ConsulCall, rows: readonly CheckRow[], index: number): ReadResult {
  const { catalog, coordinates, authorizer } = withRights(call);
  const filter = compileFilter(filterOf(call), filterableOf(call.style).check);
  const matches = metaFilter(call);
  const metaOf = (row: CheckRow): Meta => catalog.node(row.node)?.meta ?? null;
  const seen = rows
    .filter((row) => matches(metaOf(row)))
    .filter(
      ({ node, serviceName }) =>
        authorizer.sees("node", node) && (serviceName === "" || authorizer.sees("service", serviceName)),
    );
  const nearest = coordinates.sortByDistance(nearOf(call), seen, ({ node }) => node);
  return { index, value: nearest.map((row) => checkView(row, call.style)).filter(filter) };
}

/** Ingress gateways lead nowhere here, so no service is reached through one. */
function listIngress(call: ConsulCall): ReadResult {
  withRights(call);
  return { index: 0, value: [] };
}

/** Today's additional parameters of health. */
export const INGRESS_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "GET", path: "/v1/health/ingress/", handler: refuseMissing("service name") },
  { method: "GET", path: "/v1/health/ingress/*rest", handler: answerRead("cacheable", listIngress) },
];

function allChecks(call: ConsulCall): readonly CheckRow[] {
  const { catalog } = withRights(call);
  return catalog.entries().flatMap(({ row }) => catalog.checksOf(row.name));
}

function listServiceChecks(call: ConsulCall): ReadResult {
  const name = call.rest.toLowerCase();
  const rows = allChecks(call).filter(({ serviceName }) => serviceName.toLowerCase() === name && name !== "");
  return listChecks(call, rows, tableIndex(call));
}

/** Reads that include nodes also wait on them. */
function tableIndex(call: ConsulCall): number {
  const { store } = withRights(call);
  return call.query.has("node-meta") ? store.latest("nodes", "checks") : store.latest("checks");
}

function listNodeChecks(call: ConsulCall): ReadResult {
  const { catalog, store } = withRights(call);
  return listChecks(call, catalog.checksOf(call.rest), store.latest("checks"));
}

function listChecksInState(call: ConsulCall): ReadResult {
  const state = call.style.isToday ? call.rest.toLowerCase() : call.rest;
  const rows = allChecks(call).filter(({ status }) => state === "any" || status === state);
  return listChecks(call, rows, tableIndex(call));
}

const read = (run: (call: ConsulCall) => ReadResult) => answerRead("consistency", run);

/** `/v1/health/…` (Consul 1.8, "Health HTTP API"). */
export const HEALTH_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "GET", path: "/v1/health/service/", handler: refuseMissing("service name") },
  {
    method: "GET",
    path: "/v1/health/service/*rest",
    clients: ["consul"],
    handler: answerRead("cacheable", listInstances(false)),
  },
  { method: "GET", path: "/v1/health/connect/", handler: refuseMissing("service name") },
  { method: "GET", path: "/v1/health/connect/*rest", handler: answerRead("cacheable", listInstances(true)) },
  { method: "GET", path: "/v1/health/checks/", handler: refuseMissing("service name") },
  { method: "GET", path: "/v1/health/checks/*rest", handler: read(listServiceChecks) },
  { method: "GET", path: "/v1/health/node/", handler: refuseMissing("node name") },
  { method: "GET", path: "/v1/health/node/*rest", handler: read(listNodeChecks) },
  { method: "GET", path: "/v1/health/state/", handler: refuseMissing("check state") },
  { method: "GET", path: "/v1/health/state/*rest", handler: read(listChecksInState) },
];
