import type { HttpReply, Route } from "../../kernel/index.ts";
import { str } from "../behaviour/definitions.ts";
import type { Datacenter } from "../behaviour/datacenter.ts";
import { ANY, BOOL, type Fields, INT, STRING, STRINGS, type Struct, TEXTS } from "../wire/json/decode.ts";
import { executeQuery, type QueryResult } from "../resolver/execute.ts";
import type { Authorizer } from "../state/acl-rules.ts";
import { type PreparedQuery, QUERY_NOT_FOUND } from "../state/queries.ts";
import {
  type ConsulCall,
  decodeBody,
  deny,
  EMPTY_REPLY,
  type ReadResult,
  HttpError,
  PERMISSION_DENIED,
  answerAtOnce,
  answerRead,
  type ConsulSim,
} from "../wire/frame.ts";
import { checkView, nodeView, serviceView } from "../wire/views.ts";

const struct = (name: string, fields: Struct["fields"]): Struct => ({
  kind: "struct",
  name,
  go: `structs.${name}`,
  fields,
});

const QUERY = struct("PreparedQuery", {
  ID: STRING,
  Name: STRING,
  Session: STRING,
  Token: STRING,
  Template: struct("QueryTemplateOptions", { Type: STRING, Regexp: STRING, RemoveEmptyTags: BOOL }),
  Service: struct("ServiceQuery", {
    Service: STRING,
    Failover: struct("QueryDatacenterOptions", { NearestN: INT, Datacenters: STRINGS }),
    OnlyPassing: BOOL,
    IgnoreCheckIDs: STRINGS,
    Near: STRING,
    Tags: STRINGS,
    NodeMeta: TEXTS,
    ServiceMeta: TEXTS,
    Connect: BOOL,
  }),
  DNS: struct("QueryDNSOptions", { TTL: STRING }),
  CreateIndex: ANY,
  ModifyIndex: ANY,
});

const part = (fields: Fields, name: string): Fields => (fields[name] as Fields | undefined) ?? {};
const list = (fields: Fields, name: string): readonly string[] | null =>
  (fields[name] as readonly string[] | undefined) ?? null;
const pairs = (fields: Fields, name: string): Readonly<Record<string, string>> | null =>
  (fields[name] as Readonly<Record<string, string>> | undefined) ?? null;

function queryOf(fields: Fields): PreparedQuery {
  const [template, service] = [part(fields, "Template"), part(fields, "Service")];
  const failover = part(service, "Failover");
  return {
    ID: str(fields, "ID"),
    Name: str(fields, "Name"),
    Session: str(fields, "Session"),
    Token: str(fields, "Token"),
    Template: {
      Type: str(template, "Type"),
      Regexp: str(template, "Regexp"),
      RemoveEmptyTags: template.RemoveEmptyTags === true,
    },
    Service: {
      Service: str(service, "Service"),
      Failover: {
        NearestN: (failover.NearestN as number | undefined) ?? 0,
        Datacenters: list(failover, "Datacenters"),
      },
      OnlyPassing: service.OnlyPassing === true,
      IgnoreCheckIDs: list(service, "IgnoreCheckIDs"),
      Near: str(service, "Near"),
      Tags: list(service, "Tags"),
      NodeMeta: pairs(service, "NodeMeta"),
      ServiceMeta: pairs(service, "ServiceMeta"),
      Connect: service.Connect === true,
    },
    DNS: { TTL: str(part(fields, "DNS"), "TTL") },
    CreateIndex: 0,
    ModifyIndex: 0,
  };
}

/** Who may manage all may see all; others see what their rules name, but never a captured token. */
const isManager = (authorizer: Authorizer): boolean => authorizer.writes("acl");
const hidden = "<hidden>";

function visible(query: PreparedQuery, authorizer: Authorizer): PreparedQuery | undefined {
  if (isManager(authorizer)) return query;
  const isNamed = query.Name !== "" || query.Template.Type !== "";
  if (!isNamed || !authorizer.reads("query", query.Name)) return undefined;
  return query.Token === "" ? query : { ...query, Token: hidden };
}

function mayWrite({ Name, Template }: PreparedQuery, authorizer: Authorizer): boolean {
  return (Name === "" && Template.Type === "") || authorizer.writes("query", Name);
}

const withRights = (call: ConsulCall): { readonly datacenter: Datacenter; readonly authorizer: Authorizer } => {
  const datacenter = call.datacenter();
  return { datacenter, authorizer: call.authorizer(datacenter) };
};

function create(call: ConsulCall): HttpReply {
  const query = queryOf(decodeBody(call, QUERY));
  const { datacenter, authorizer } = withRights(call);
  if (!mayWrite(query, authorizer)) deny();
  return call.json({ ID: datacenter.queries.create(query) });
}

/** @throws HttpError for a query that is there and that the caller may not write */
function checkKnown({ queries }: Datacenter, id: string, authorizer: Authorizer): void {
  const known = queries.list().find(({ ID }) => ID === id);
  if (known !== undefined && !mayWrite(known, authorizer)) deny();
}

function update(call: ConsulCall): HttpReply {
  const query = { ...queryOf(decodeBody(call, QUERY)), ID: call.rest };
  const { datacenter, authorizer } = withRights(call);
  checkKnown(datacenter, query.ID, authorizer);
  if (!mayWrite(query, authorizer)) deny();
  datacenter.queries.update(query);
  return EMPTY_REPLY;
}

function remove(call: ConsulCall): HttpReply {
  const { datacenter, authorizer } = withRights(call);
  checkKnown(datacenter, call.rest, authorizer);
  datacenter.queries.delete(call.rest);
  return EMPTY_REPLY;
}

function all(call: ConsulCall): ReadResult {
  const { datacenter, authorizer } = withRights(call);
  const value = datacenter.queries.list().flatMap((query) => visible(query, authorizer) ?? []);
  return { index: datacenter.queries.tableIndex, value };
}

const missing = (): never => {
  throw new HttpError(404, QUERY_NOT_FOUND);
};

function one(call: ConsulCall): ReadResult {
  const { datacenter, authorizer } = withRights(call);
  const query = datacenter.queries.get(call.rest) ?? missing();
  const seen = visible(query, authorizer) ?? deny();
  return { index: datacenter.queries.tableIndex, value: [seen] };
}

const META = { Index: 0, LastContact: 0, KnownLeader: true } as const;

const consistencyOf = ({ query }: ConsulCall): string =>
  query.has("stale") ? "stale" : query.has("consistent") ? "consistent" : "leader";

function run(call: ConsulCall): ReadResult {
  const { query } = call;
  const limit = query.get("limit") ?? "";
  if (limit !== "" && !/^[+-]?\d+$/.test(limit))
    throw new HttpError(500, `Bad limit: strconv.Atoi: parsing "${limit}": invalid syntax`, true);
  const { datacenter, authorizer } = withRights(call);
  const executed = executeQuery(call.sim.cluster, call.agent, datacenter, call.param("id"), {
    authorizer,
    near: query.get("near") ?? "",
    limit: Number(limit || 0),
    isConnect: query.get("connect") === "true",
  });
  return { index: 0, value: executedView(executed ?? missing(), consistencyOf(call)) };
}

function executedView({ query, services, datacenter, failovers }: QueryResult, consistency: string): unknown {
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

function explain(call: ConsulCall): ReadResult {
  const { datacenter, authorizer } = withRights(call);
  const query = datacenter.queries.resolve(call.param("id")) ?? missing();
  const seen = visible(query, authorizer);
  if (seen === undefined) throw new HttpError(403, PERMISSION_DENIED);
  return { index: 0, value: { Query: seen, ...META, ConsistencyLevel: consistencyOf(call) } };
}

const read = (find: (call: ConsulCall) => ReadResult) => answerRead("consistency", find);

export const QUERY_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "POST", path: "/v1/query", handler: answerAtOnce(create) },
  { method: "GET", path: "/v1/query", handler: answerRead("consistency", all) },
  { method: "GET", path: "/v1/query/", handler: read(one) },
  { method: "GET", path: "/v1/query/:id/execute", handler: read(run) },
  { method: "GET", path: "/v1/query/:id/explain", handler: read(explain) },
  { method: "GET", path: "/v1/query/*rest", handler: read(one) },
  { method: "PUT", path: "/v1/query/*rest", handler: answerAtOnce(update) },
  { method: "DELETE", path: "/v1/query/*rest", handler: answerAtOnce(remove) },
];
