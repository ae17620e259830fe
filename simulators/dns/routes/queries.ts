import type { ConsulCall, ConsulSim } from "../wire/call.ts";
import { executeQuery, type QueryResult } from "../resolver/execute.ts";
import { type PreparedQuery, QUERY_NOT_FOUND } from "../state/queries.ts";
import { parseBool } from "../wire/bool.ts";
import type { HttpReply, Route } from "../../kernel/index.ts";
import type { Datacenter } from "../behaviour/datacenter.ts";
import type { Authorizer } from "../state/acl-authorizer.ts";
import { answerAtOnce, EMPTY_REPLY } from "../wire/handler.ts";
import { answerRead, consistencyOf, type ReadResult } from "../wire/read.ts";
import { deny, HttpError, PERMISSION_DENIED, refuseInternally } from "../wire/refusal.ts";
import { checkView, nodeView, serviceView } from "../wire/views.ts";
import { isToday, readQueryBody, queryView, queryOf } from "./queries-shapes.ts";

/** A caller that may manage everything may see everything; others see what their rules name, but never a captured token. */
const isManager = (authorizer: Authorizer): boolean => authorizer.writes("acl");
/** The text in place of a token that the caller may not see. */
const HIDDEN = "<hidden>";

function visibleTo(query: PreparedQuery, authorizer: Authorizer): PreparedQuery | undefined {
  if (isManager(authorizer)) return query;
  const isNamed = query.Name !== "" || query.Template.Type !== "";
  if (!isNamed || !authorizer.sees("query", query.Name)) return undefined;
  return query.Token === "" ? query : { ...query, Token: HIDDEN };
}

/** @throws HttpError 403 unless the caller may write a query; one without a name is anybody's */
function requireWrite(call: ConsulCall, { Name, Template }: PreparedQuery, authorizer: Authorizer): void {
  if (Name !== "" || Template.Type !== "") call.require(authorizer, "query", "write", Name);
}

const withRights = (call: ConsulCall): { readonly datacenter: Datacenter; readonly authorizer: Authorizer } => {
  const datacenter = call.datacenter();
  return { datacenter, authorizer: call.authorizer(datacenter) };
};

function createQuery(call: ConsulCall): HttpReply {
  const query = queryOf(readQueryBody(call));
  const { datacenter, authorizer } = withRights(call);
  requireWrite(call, query, authorizer);
  return call.json({ ID: datacenter.queries.create(query) });
}

/** @throws HttpError 403 for a known query that the caller may not write */
function requireWritable(call: ConsulCall, { queries }: Datacenter, id: string, authorizer: Authorizer): void {
  const known = queries.list().find(({ ID }) => ID === id);
  if (known !== undefined) requireWrite(call, known, authorizer);
}

function updateQuery(call: ConsulCall): HttpReply {
  const query = { ...queryOf(readQueryBody(call)), ID: call.rest };
  const { datacenter, authorizer } = withRights(call);
  requireWritable(call, datacenter, query.ID, authorizer);
  requireWrite(call, query, authorizer);
  datacenter.queries.update(query);
  return EMPTY_REPLY;
}

function deleteQuery(call: ConsulCall): HttpReply {
  const { datacenter, authorizer } = withRights(call);
  requireWritable(call, datacenter, call.rest, authorizer);
  datacenter.queries.delete(call.rest);
  return EMPTY_REPLY;
}

function listQueries(call: ConsulCall): ReadResult {
  const { datacenter, authorizer } = withRights(call);
  const value = datacenter.queries
    .list()
    .flatMap((query) => visibleTo(query, authorizer) ?? [])
    .map((query) => queryView(call, query));
  return { index: datacenter.queries.tableIndex, value };
}

/** Today the reply has the headers of a read. @throws HttpError 404 */
const refuseUnknown = (call: ConsulCall): never => {
  throw new HttpError(404, QUERY_NOT_FOUND, !isToday(call));
};

function readQuery(call: ConsulCall): ReadResult {
  const { datacenter, authorizer } = withRights(call);
  const query = datacenter.queries.get(call.rest) ?? refuseUnknown(call);
  const seen = visibleTo(query, authorizer) ?? deny();
  return { index: datacenter.queries.tableIndex, value: [queryView(call, seen)] };
}

const META = { Index: 0, LastContact: 0, KnownLeader: true } as const;

/** The metadata of a result's reading. */
const metaOf = (call: ConsulCall): object =>
  isToday(call)
    ? {
        Index: 1,
        LastContact: 0,
        KnownLeader: true,
        ConsistencyLevel: consistencyOf(call),
        NotModified: false,
        Backend: 0,
        ResultsFilteredByACLs: call.hasFiltered,
      }
    : { ...META, ConsistencyLevel: consistencyOf(call) };

/** @throws HttpError for a limit that is not a number */
function limitOf(call: ConsulCall): number {
  const limit = call.query.get("limit") ?? "";
  if (limit !== "" && !/^[+-]?\d+$/.test(limit))
    throw new HttpError(500, `Bad limit: strconv.Atoi: parsing "${limit}": invalid syntax`, true);
  return Number(limit || 0);
}

/** @throws HttpError for a `?connect` that is neither true nor false */
function wantsConnect(call: ConsulCall): boolean {
  const given = call.query.get("connect") ?? "";
  if (!isToday(call)) return given === "true";
  if (given === "") return false;
  const why = `Error parsing 'connect' value: strconv.ParseBool: parsing "${given}": invalid syntax`;
  return parseBool(given) ?? refuseInternally(why);
}

function runQuery(call: ConsulCall): ReadResult {
  const limit = limitOf(call);
  const { datacenter, authorizer } = withRights(call);
  const result = executeQuery(call.sim.cluster, call.agent, datacenter, call.param("id"), {
    authorizer,
    near: call.query.get("near") ?? "",
    limit,
    isConnect: wantsConnect(call),
  });
  return { index: indexOf(call, datacenter), value: resultView(call, result ?? refuseUnknown(call)) };
}

/** An execution has no index of its own; today's release gives that of the queries. */
const indexOf = (call: ConsulCall, { queries }: Datacenter): number => (isToday(call) ? queries.tableIndex : 0);

function resultView(call: ConsulCall, { query, services, datacenter, catalog, peer, failovers }: QueryResult): unknown {
  const isNew = isToday(call);
  const home = (peer === "" ? undefined : datacenter.peerings.get(peer)?.remote) ?? datacenter.name;
  const nodes = services.map((row) => {
    const { node, service, checks } = catalog.instance(row);
    return {
      Node: nodeView(node, home),
      Service: serviceView(service, call.style, null),
      Checks: checks.length === 0 ? null : checks.map((check) => checkView(check, call.style, null)),
    };
  });
  return {
    Service: query.Service.Service,
    Nodes: nodes,
    DNS: query.DNS,
    Datacenter: peer === "" ? datacenter.name : "",
    ...(isNew && { PeerName: peer }),
    Failovers: failovers,
    ...metaOf(call),
  };
}

function explainQuery(call: ConsulCall): ReadResult {
  const { datacenter, authorizer } = withRights(call);
  const query = datacenter.queries.resolve(call.param("id")) ?? refuseUnknown(call);
  const seen = visibleTo(query, authorizer);
  if (seen === undefined) throw new HttpError(403, PERMISSION_DENIED);
  return { index: indexOf(call, datacenter), value: { Query: queryView(call, seen), ...metaOf(call) } };
}

const read = (find: (call: ConsulCall) => ReadResult) => answerRead("consistency", find);

/** `/v1/query…` (Consul 1.8, "Prepared Queries HTTP API"). */
export const QUERY_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "POST", path: "/v1/query", handler: answerAtOnce(createQuery) },
  { method: "GET", path: "/v1/query", handler: answerRead("consistency", listQueries) },
  { method: "GET", path: "/v1/query/", handler: read(readQuery) },
  { method: "GET", path: "/v1/query/:id/execute", handler: answerRead("cacheable", runQuery) },
  { method: "GET", path: "/v1/query/:id/explain", handler: read(explainQuery) },
  { method: "GET", path: "/v1/query/*rest", handler: read(readQuery) },
  { method: "PUT", path: "/v1/query/", handler: answerAtOnce(updateQuery) },
  { method: "DELETE", path: "/v1/query/", handler: answerAtOnce(deleteQuery) },
  { method: "PUT", path: "/v1/query/*rest", handler: answerAtOnce(updateQuery) },
  { method: "DELETE", path: "/v1/query/*rest", handler: answerAtOnce(deleteQuery) },
];
