import type { HttpReply, Route } from "../../kernel/index.ts";
import type { Datacenter } from "../behaviour/datacenter.ts";
import { executeQuery, type QueryResult } from "../resolver/execute.ts";
import type { Authorizer } from "../state/acl-rules.ts";
import { type PreparedQuery, QUERY_NOT_FOUND } from "../state/queries.ts";
import { type ConsulCall, type ConsulSim, decodeBody } from "../wire/call.ts";
import { answerAtOnce, EMPTY_REPLY } from "../wire/handler.ts";
import { ANY, BOOL, type Decoded, INT, STRING, STRINGS, structOf, TEXTS } from "../wire/json/shape.ts";
import { answerRead, consistencyOf, type ReadResult } from "../wire/read.ts";
import { deny, HttpError, PERMISSION_DENIED } from "../wire/refusal.ts";
import { checkView, nodeView, serviceView } from "../wire/views.ts";

const QUERY = structOf("structs.PreparedQuery", {
  ID: STRING,
  Name: STRING,
  Session: STRING,
  Token: STRING,
  Template: structOf("structs.QueryTemplateOptions", { Type: STRING, Regexp: STRING, RemoveEmptyTags: BOOL }),
  Service: structOf("structs.ServiceQuery", {
    Service: STRING,
    Failover: structOf("structs.QueryDatacenterOptions", { NearestN: INT, Datacenters: STRINGS }),
    OnlyPassing: BOOL,
    IgnoreCheckIDs: STRINGS,
    Near: STRING,
    Tags: STRINGS,
    NodeMeta: TEXTS,
    ServiceMeta: TEXTS,
    Connect: BOOL,
  }),
  DNS: structOf("structs.QueryDNSOptions", { TTL: STRING }),
  CreateIndex: ANY,
  ModifyIndex: ANY,
});
type QueryFields = Decoded<typeof QUERY>;

const queryOf = (fields: QueryFields): PreparedQuery => ({
  ID: fields.ID ?? "",
  Name: fields.Name ?? "",
  Session: fields.Session ?? "",
  Token: fields.Token ?? "",
  Template: {
    Type: fields.Template?.Type ?? "",
    Regexp: fields.Template?.Regexp ?? "",
    RemoveEmptyTags: fields.Template?.RemoveEmptyTags ?? false,
  },
  Service: serviceQueryOf(fields.Service ?? {}),
  DNS: { TTL: fields.DNS?.TTL ?? "" },
  CreateIndex: 0,
  ModifyIndex: 0,
});

const serviceQueryOf = (fields: NonNullable<QueryFields["Service"]>): PreparedQuery["Service"] => ({
  Service: fields.Service ?? "",
  Failover: { NearestN: fields.Failover?.NearestN ?? 0, Datacenters: fields.Failover?.Datacenters ?? null },
  OnlyPassing: fields.OnlyPassing ?? false,
  IgnoreCheckIDs: fields.IgnoreCheckIDs ?? null,
  Near: fields.Near ?? "",
  Tags: fields.Tags ?? null,
  NodeMeta: fields.NodeMeta ?? null,
  ServiceMeta: fields.ServiceMeta ?? null,
  Connect: fields.Connect ?? false,
});

/** A caller that may manage everything may see everything; others see what their rules name, but never a captured token. */
const isManager = (authorizer: Authorizer): boolean => authorizer.writes("acl");
/** What stands in place of a token that the caller may not see. */
const HIDDEN = "<hidden>";

function visibleTo(query: PreparedQuery, authorizer: Authorizer): PreparedQuery | undefined {
  if (isManager(authorizer)) return query;
  const isNamed = query.Name !== "" || query.Template.Type !== "";
  if (!isNamed || !authorizer.reads("query", query.Name)) return undefined;
  return query.Token === "" ? query : { ...query, Token: HIDDEN };
}

function mayWrite({ Name, Template }: PreparedQuery, authorizer: Authorizer): boolean {
  return (Name === "" && Template.Type === "") || authorizer.writes("query", Name);
}

const withRights = (call: ConsulCall): { readonly datacenter: Datacenter; readonly authorizer: Authorizer } => {
  const datacenter = call.datacenter();
  return { datacenter, authorizer: call.authorizer(datacenter) };
};

function createQuery(call: ConsulCall): HttpReply {
  const query = queryOf(decodeBody(call, QUERY));
  const { datacenter, authorizer } = withRights(call);
  if (!mayWrite(query, authorizer)) deny();
  return call.json({ ID: datacenter.queries.create(query) });
}

/** @throws HttpError 403 for a known query that the caller may not write */
function requireWritable({ queries }: Datacenter, id: string, authorizer: Authorizer): void {
  const known = queries.list().find(({ ID }) => ID === id);
  if (known !== undefined && !mayWrite(known, authorizer)) deny();
}

function updateQuery(call: ConsulCall): HttpReply {
  const query = { ...queryOf(decodeBody(call, QUERY)), ID: call.rest };
  const { datacenter, authorizer } = withRights(call);
  requireWritable(datacenter, query.ID, authorizer);
  if (!mayWrite(query, authorizer)) deny();
  datacenter.queries.update(query);
  return EMPTY_REPLY;
}

function deleteQuery(call: ConsulCall): HttpReply {
  const { datacenter, authorizer } = withRights(call);
  requireWritable(datacenter, call.rest, authorizer);
  datacenter.queries.delete(call.rest);
  return EMPTY_REPLY;
}

function listQueries(call: ConsulCall): ReadResult {
  const { datacenter, authorizer } = withRights(call);
  const value = datacenter.queries.list().flatMap((query) => visibleTo(query, authorizer) ?? []);
  return { index: datacenter.queries.tableIndex, value };
}

const refuseUnknown = (): never => {
  throw new HttpError(404, QUERY_NOT_FOUND);
};

function readQuery(call: ConsulCall): ReadResult {
  const { datacenter, authorizer } = withRights(call);
  const query = datacenter.queries.get(call.rest) ?? refuseUnknown();
  const seen = visibleTo(query, authorizer) ?? deny();
  return { index: datacenter.queries.tableIndex, value: [seen] };
}

const META = { Index: 0, LastContact: 0, KnownLeader: true } as const;

function runQuery(call: ConsulCall): ReadResult {
  const { query } = call;
  const limit = query.get("limit") ?? "";
  if (limit !== "" && !/^[+-]?\d+$/.test(limit))
    throw new HttpError(500, `Bad limit: strconv.Atoi: parsing "${limit}": invalid syntax`, true);
  const { datacenter, authorizer } = withRights(call);
  const result = executeQuery(call.sim.cluster, call.agent, datacenter, call.param("id"), {
    authorizer,
    near: query.get("near") ?? "",
    limit: Number(limit || 0),
    isConnect: query.get("connect") === "true",
  });
  return { index: 0, value: resultView(result ?? refuseUnknown(), consistencyOf(call)) };
}

function resultView({ query, services, datacenter, failovers }: QueryResult, consistency: string): unknown {
  const nodes = services.map((row) => {
    const { node, service, checks } = datacenter.catalog.instance(row);
    return {
      Node: nodeView(node, datacenter.name),
      Service: serviceView(service, null),
      Checks: checks.length === 0 ? null : checks.map((check) => checkView(check, null)),
    };
  });
  return {
    Service: query.Service.Service,
    Nodes: nodes,
    DNS: query.DNS,
    Datacenter: datacenter.name,
    Failovers: failovers,
    ...META,
    ConsistencyLevel: consistency,
  };
}

function explainQuery(call: ConsulCall): ReadResult {
  const { datacenter, authorizer } = withRights(call);
  const query = datacenter.queries.resolve(call.param("id")) ?? refuseUnknown();
  const seen = visibleTo(query, authorizer);
  if (seen === undefined) throw new HttpError(403, PERMISSION_DENIED);
  return { index: 0, value: { Query: seen, ...META, ConsistencyLevel: consistencyOf(call) } };
}

const read = (find: (call: ConsulCall) => ReadResult) => answerRead("consistency", find);

/** `/v1/query…` (Consul 1.8, "Prepared Queries HTTP API"). */
export const QUERY_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "POST", path: "/v1/query", handler: answerAtOnce(createQuery) },
  { method: "GET", path: "/v1/query", handler: answerRead("consistency", listQueries) },
  { method: "GET", path: "/v1/query/", handler: read(readQuery) },
  { method: "GET", path: "/v1/query/:id/execute", handler: read(runQuery) },
  { method: "GET", path: "/v1/query/:id/explain", handler: read(explainQuery) },
  { method: "GET", path: "/v1/query/*rest", handler: read(readQuery) },
  { method: "PUT", path: "/v1/query/*rest", handler: answerAtOnce(updateQuery) },
  { method: "DELETE", path: "/v1/query/*rest", handler: answerAtOnce(deleteQuery) },
];
