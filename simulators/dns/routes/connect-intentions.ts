import { type HttpReply, type Route } from "../../kernel/index.ts";
import { type Fields } from "../config-entries/decode.ts";
import {
  allIntentions,
  decide,
  exactIntention,
  type Intention,
  intentionView,
  matchingIntentions,
} from "../config-entries/intentions.ts";
import { listIn } from "../config-entries/store.ts";
import { textIn } from "../config-entries/fields.ts";
import type { ConsulCall, ConsulSim } from "../wire/call.ts";
import { compileFilter } from "../wire/filter/filter.ts";
import type { FilterType } from "../wire/filter/types.ts";
import { answerAtOnce } from "../wire/handler.ts";
import { answerRead, type ReadResult } from "../wire/read.ts";
import { deny, HttpError, refuseInternally } from "../wire/refusal.ts";
import { filterOf } from "./catalog-reads.ts";
import { create, readById, update, removeById } from "./connect-legacy.ts";
import {
  KIND,
  INTENTION,
  primary,
  requireConnect,
  mayRead,
  intentionIndex,
  readOne,
  save,
  drop,
  sourceOf,
} from "./connect-shared.ts";

const FILTERABLE: Readonly<Record<string, FilterType>> = {
  ID: "string",
  Description: "string",
  SourcePeer: "string",
  SourceSamenessGroup: "string",
  SourcePartition: "string",
  SourceNS: "string",
  SourceName: "string",
  DestinationPartition: "string",
  DestinationNS: "string",
  DestinationName: "string",
  SourceType: "string",
  Action: "string",
  Precedence: "int",
  Meta: "map",
};

function list(call: ConsulCall): ReadResult {
  const datacenter = primary(call);
  const authorizer = call.authorizer(datacenter);
  const filter = compileFilter(filterOf(call), FILTERABLE);
  const shown = allIntentions(datacenter.configEntries).filter((each) => {
    const may = mayRead(authorizer, each);
    if (!may) authorizer.hasFiltered = true;
    return may;
  });
  return { index: intentionIndex(datacenter), value: shown.map(intentionView).filter(filter) };
}

/** One end of an intention as a parameter gives it: `name`, `namespace/name` or `peer:peer/name`. @throws HttpError */
function endOf(
  call: ConsulCall,
  parameter: string,
  takesPeer: boolean,
): { readonly name: string; readonly peer: string } {
  const given = call.query.getAll(parameter);
  const [text = ""] = given;
  if (given.length !== 1) return refuseInternally(`required query parameter '${parameter}' not set`);
  return readEnd(text, takesPeer, `${parameter} ${JSON.stringify(text)} is invalid: `);
}

function readEnd(text: string, takesPeer: boolean, prefix: string): { readonly name: string; readonly peer: string } {
  if (text.startsWith("peer:") && !takesPeer) refuseInternally(`${prefix}cannot specify a peer here`);
  const parts = text.split("/");
  if (parts.length > 3) refuseInternally(`${prefix}input can contain at most two '/'`);
  const [first = ""] = parts;
  if (parts.length === 1 && first.startsWith("peer:"))
    refuseInternally(`${prefix}need to specify the service name as well`);
  const namespace = first.startsWith("peer:") || parts.length === 1 ? "default" : (parts.at(-2) ?? "");
  const side = prefix.startsWith("destination") ? "DestinationNS" : "SourceNS";
  if (namespace !== "default" && namespace !== "" && prefix !== "")
    refuseInternally(`Invalid ${side} ${JSON.stringify(namespace)}: Namespaces is a Consul Enterprise feature`);
  return { name: parts.at(-1) ?? "", peer: first.startsWith("peer:") ? first.slice("peer:".length) : "" };
}

function readExact(call: ConsulCall): ReadResult {
  const [source, destination] = [endOf(call, "source", true), endOf(call, "destination", false)];
  const datacenter = primary(call);
  return readOne(call, datacenter, exactIntention(datacenter.configEntries, destination.name, source));
}

function putExact(call: ConsulCall): HttpReply {
  const [source, destination] = [endOf(call, "source", false), endOf(call, "destination", false)];
  const fields = call.decode(INTENTION) ?? {};
  const datacenter = primary(call);
  if (source.peer !== "" || (fields.SourcePeer ?? "") !== "")
    refuseInternally("SourcePeer field is not supported on this endpoint. Use config entries instead");
  const authorizer = call.authorizer(datacenter);
  if (!authorizer.writes("intention", destination.name)) deny();
  const known = datacenter.configEntries.get(KIND, destination.name);
  const meta = fields.Meta ?? {};
  if (Object.keys(meta).length > 0) {
    if (known === undefined) refuseInternally("Meta must not be specified");
    if (JSON.stringify(known?.fields.Meta ?? {}) !== JSON.stringify(meta))
      refuseInternally("Meta must not be specified, or should be unchanged during an update.");
  }
  const value = sourceOf(fields, source.name);
  save(datacenter, destination.name, withSource(known?.fields, source.name, value), false);
  return call.json(true);
}

/** The sources of a destination, with one replacing its namesake or appended. */
function withSource(known: Fields | undefined, name: string, value: Fields): readonly Fields[] {
  const sources = known === undefined ? [] : listIn(known, "Sources");
  const at = sources.findIndex((each) => textIn(each, "Name") === name && textIn(each, "Peer") === "");
  return at < 0 ? [...sources, value] : sources.with(at, value);
}

function deleteExact(call: ConsulCall): HttpReply {
  const [source, destination] = [endOf(call, "source", false), endOf(call, "destination", false)];
  const datacenter = primary(call);
  if (!call.authorizer(datacenter).writes("intention", destination.name)) deny();
  const found = exactIntention(datacenter.configEntries, destination.name, source);
  if (found !== undefined) drop(datacenter, found);
  return call.json(true);
}

function check(call: ConsulCall): HttpReply {
  const type = call.query.get("source-type") ?? "consul";
  const [source, destination] = [endOf(call, "source", false), endOf(call, "destination", false)];
  requireConnect(call);
  const datacenter = call.datacenter();
  const authorizer = call.authorizer(datacenter);
  if (type !== "consul") refuseInternally(`unsupported SourceType: ${JSON.stringify(type)}`);
  call.require(authorizer, "service", "read", destination.name);
  const policy = call.agent.options.config.default_intention_policy;
  const byDefault = policy === undefined || policy === "" ? authorizer.allowsByDefault : policy === "allow";
  const found = decide(datacenter.configEntries, source.name, destination.name);
  return call.json({ Allowed: found ?? byDefault });
}

function match(call: ConsulCall): ReadResult {
  const by = call.query.getAll("by");
  const [side] = by;
  if (side === undefined || by.length !== 1) return refuseMatch("required query parameter 'by' not set");
  if (side !== "source" && side !== "destination")
    return refuseMatch("'by' parameter must be one of 'source' or 'destination'");
  const names = call.query.getAll("name");
  if (names.length === 0) return refuseMatch("required query parameter 'name' not set");
  const asked = names.map(
    (name) => [name, readEnd(name, false, `name ${JSON.stringify(name)} is invalid: `).name] as const,
  );
  requireConnect(call);
  const datacenter = call.datacenter();
  const authorizer = call.authorizer(datacenter);
  for (const [, name] of asked) if (name !== "") call.require(authorizer, "intention", "read", name);
  const found = asked.map(([name, own]) => [name, listOrNull(matchingIntentions(datacenter.configEntries, side, own))]);
  return { index: intentionIndex(datacenter), value: Object.fromEntries(found) };
}

const listOrNull = (found: readonly Intention[]): unknown => (found.length === 0 ? null : found.map(intentionView));

const refuseMatch = (message: string): never => {
  throw new HttpError(500, message, true);
};

/** Reads that fail before they reach the servers have no headers. */
const readBare = (run: (call: ConsulCall) => ReadResult) =>
  answerAtOnce((call) => {
    const result = run(call);
    return "value" in result ? call.json(result.value) : result.reply;
  });

/** `/v1/connect/intentions…` (Consul 1.22, "Service Intentions HTTP Endpoint"). */
export const INTENTION_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "GET", path: "/v1/connect/intentions", handler: answerRead("index", list) },
  { method: "POST", path: "/v1/connect/intentions", handler: answerAtOnce(create) },
  { method: "GET", path: "/v1/connect/intentions/exact", handler: readBare(readExact) },
  { method: "PUT", path: "/v1/connect/intentions/exact", handler: answerAtOnce(putExact) },
  { method: "DELETE", path: "/v1/connect/intentions/exact", handler: answerAtOnce(deleteExact) },
  { method: "GET", path: "/v1/connect/intentions/check", handler: answerAtOnce(check) },
  { method: "GET", path: "/v1/connect/intentions/match", handler: answerRead("consistency", match) },
  { method: "GET", path: "/v1/connect/intentions/*rest", handler: readBare(readById) },
  { method: "PUT", path: "/v1/connect/intentions/*rest", handler: answerAtOnce(update) },
  { method: "DELETE", path: "/v1/connect/intentions/*rest", handler: answerAtOnce(removeById) },
];
