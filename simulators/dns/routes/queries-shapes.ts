import { type PreparedQuery } from "../state/queries.ts";
import { type ConsulCall, decodeBody } from "../wire/call.ts";
import {
  ANY,
  BOOL,
  type Decoded,
  INT,
  listOf,
  STRING,
  STRINGS,
  type StructFields,
  structOf,
  TEXTS,
} from "../wire/json/shape.ts";

const SERVICE_FIELDS = {
  Service: STRING,
  OnlyPassing: BOOL,
  IgnoreCheckIDs: STRINGS,
  Near: STRING,
  Tags: STRINGS,
  NodeMeta: TEXTS,
  ServiceMeta: TEXTS,
  Connect: BOOL,
} as const;

const FAILOVER_FIELDS = { NearestN: INT, Datacenters: STRINGS } as const;
const TARGET = structOf("structs.QueryFailoverTarget", {
  Peer: STRING,
  Datacenter: STRING,
  Partition: STRING,
  Namespace: STRING,
});

const queryStruct = <const S extends StructFields>(service: S) =>
  structOf("structs.PreparedQuery", {
    ID: STRING,
    Name: STRING,
    Session: STRING,
    Token: STRING,
    Template: structOf("structs.QueryTemplateOptions", { Type: STRING, Regexp: STRING, RemoveEmptyTags: BOOL }),
    Service: structOf("structs.ServiceQuery", service),
    DNS: structOf("structs.QueryDNSOptions", { TTL: STRING }),
    CreateIndex: ANY,
    ModifyIndex: ANY,
  });

const QUERY_1_8 = queryStruct({
  ...SERVICE_FIELDS,
  Failover: structOf("structs.QueryDatacenterOptions", FAILOVER_FIELDS),
});
const QUERY = queryStruct({
  ...SERVICE_FIELDS,
  SamenessGroup: STRING,
  Peer: STRING,
  Failover: structOf("structs.QueryFailoverOptions", {
    ...FAILOVER_FIELDS,
    Targets: listOf(TARGET, "[]structs.QueryFailoverTarget"),
  }),
});
type QueryFields = Decoded<typeof QUERY>;

/** Whether the agent is of today's release. */
export const isToday = (call: ConsulCall): boolean => call.agent.options.profile.isToday;

/** Reads a query from a body. @throws HttpError */
export const readQueryBody = (call: ConsulCall): QueryFields => decodeBody(call, isToday(call) ? QUERY : QUERY_1_8);

/** A query as this release shows it. */
export function queryView(call: ConsulCall, query: PreparedQuery): unknown {
  if (isToday(call)) return query;
  const { SamenessGroup: _group, Peer: _peer, Failover, ...service } = query.Service;
  const { Targets: _targets, ...failover } = Failover;
  return { ...query, Service: { ...service, Failover: failover } };
}

/** The query that a request describes. */
export const queryOf = (fields: QueryFields): PreparedQuery => ({
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
  SamenessGroup: fields.SamenessGroup ?? "",
  Failover: {
    NearestN: fields.Failover?.NearestN ?? 0,
    Datacenters: fields.Failover?.Datacenters ?? null,
    Targets: fields.Failover?.Targets?.map(({ Peer = "", Datacenter = "" }) => ({ Peer, Datacenter })) ?? null,
  },
  OnlyPassing: fields.OnlyPassing ?? false,
  IgnoreCheckIDs: fields.IgnoreCheckIDs ?? null,
  Near: fields.Near ?? "",
  Tags: fields.Tags ?? null,
  NodeMeta: fields.NodeMeta ?? null,
  ServiceMeta: fields.ServiceMeta ?? null,
  Connect: fields.Connect ?? false,
  Peer: fields.Peer ?? "",
});
