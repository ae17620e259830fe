import type { Route } from "../../kernel/index.ts";
import type { CheckRow, Meta } from "../state/rows.ts";
import { instancesAsked, metaFilter, nearOf, withRights } from "./catalog.ts";
import { CHECK, INSTANCE } from "../wire/filter/types.ts";
import { compileFilter } from "../wire/filter/filter.ts";
import {
  refuseBadRequest,
  type ConsulCall,
  type ReadResult,
  answerAtOnce,
  answerRead,
  type ConsulSim,
} from "../wire/frame.ts";
import { checkView, nodeView, serviceView } from "../wire/views.ts";

const TRUE = /^(?:1|t|T|TRUE|true|True)$/;
const FALSE = /^(?:0|f|F|FALSE|false|False)$/;

/** `?passing`, `?passing=false` … @throws HttpError */
function onlyPassing({ query }: ConsulCall): boolean {
  const given = query.get("passing");
  if (given === null) return false;
  if (given === "" || TRUE.test(given)) return true;
  return FALSE.test(given) ? false : refuseBadRequest("Invalid value for ?passing");
}

const service =
  (isConnect: boolean) =>
  (call: ConsulCall): ReadResult => {
    const { catalog, name } = withRights(call);
    const filter = compileFilter(call.query.get("filter") ?? "", INSTANCE);
    const passing = onlyPassing(call);
    const translation = call.translation(name);
    const value = instancesAsked(call, call.rest, isConnect)
      .map((row) => catalog.instance(row))
      .map(({ node, service: row, checks }) => ({
        Node: nodeView(translation.node(node), name),
        Service: serviceView(translation.service(row)),
        Checks: checks.map((check) => checkView(check)),
      }))
      .filter(filter)
      .filter(({ Checks }) => !passing || Checks.every(({ Status }) => Status === "passing"));
    return { index: catalog.serviceIndex(call.rest, catalog.instancesOf(call.rest).length > 0), value };
  };

/** Checks that the caller may see, filtered and sorted. */
function checksFound(call: ConsulCall, rows: readonly CheckRow[], index: number): ReadResult {
  const { catalog, coordinates, authorizer } = withRights(call);
  const filter = compileFilter(call.query.get("filter") ?? "", CHECK);
  const matches = metaFilter(call);
  const metaOf = (row: CheckRow): Meta => catalog.node(row.node)?.meta ?? null;
  const seen = rows
    .filter((row) => matches(metaOf(row)))
    .filter(
      ({ node, serviceName }) =>
        authorizer.reads("node", node) && (serviceName === "" || authorizer.reads("service", serviceName)),
    );
  const sorted = coordinates.sortByDistance(nearOf(call), seen, ({ node }) => node);
  return { index, value: sorted.map((row) => checkView(row)).filter(filter) };
}

function allChecks(call: ConsulCall): readonly CheckRow[] {
  const { catalog } = withRights(call);
  return catalog.entries().flatMap(({ row }) => catalog.checksOf(row.name));
}

function serviceChecks(call: ConsulCall): ReadResult {
  const name = call.rest.toLowerCase();
  const rows = allChecks(call).filter(({ serviceName }) => serviceName.toLowerCase() === name && name !== "");
  return checksFound(call, rows, tableIndex(call));
}

/** Reads that look at nodes as well wait on them. */
function tableIndex(call: ConsulCall): number {
  const { store } = withRights(call);
  return call.query.has("node-meta") ? store.latest("nodes", "checks") : store.latest("checks");
}

function nodeChecks(call: ConsulCall): ReadResult {
  const { catalog, store } = withRights(call);
  return checksFound(call, catalog.checksOf(call.rest), store.latest("checks"));
}

function stateChecks(call: ConsulCall): ReadResult {
  const state = call.rest;
  const rows = allChecks(call).filter(({ status }) => state === "any" || status === state);
  return checksFound(call, rows, tableIndex(call));
}

const missing = (what: string) => answerAtOnce(() => refuseBadRequest(`Missing ${what}`));
const read = (run: (call: ConsulCall) => ReadResult) => answerRead("consistency", run);

export const HEALTH_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "GET", path: "/v1/health/service/", handler: missing("service name") },
  {
    method: "GET",
    path: "/v1/health/service/*rest",
    clients: ["consul"],
    handler: answerRead("cacheable", service(false)),
  },
  { method: "GET", path: "/v1/health/connect/", handler: missing("service name") },
  { method: "GET", path: "/v1/health/connect/*rest", handler: answerRead("cacheable", service(true)) },
  { method: "GET", path: "/v1/health/checks/", handler: missing("service name") },
  { method: "GET", path: "/v1/health/checks/*rest", handler: read(serviceChecks) },
  { method: "GET", path: "/v1/health/node/", handler: missing("node name") },
  { method: "GET", path: "/v1/health/node/*rest", handler: read(nodeChecks) },
  { method: "GET", path: "/v1/health/state/", handler: missing("check state") },
  { method: "GET", path: "/v1/health/state/*rest", handler: read(stateChecks) },
];
