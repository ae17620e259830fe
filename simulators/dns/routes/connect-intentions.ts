import { type HttpReply, isoMicroseconds, isUuidLike, type Route } from "../../kernel/index.ts";
import { severalErrors, type Fields } from "../config-entries/decode.ts";
import { checkGraph } from "../config-entries/graph.ts";
import {
  allIntentions,
  decide,
  exactIntention,
  type Intention,
  intentionById,
  intentionView,
  matchingIntentions,
} from "../config-entries/intentions.ts";
import { listIn } from "../config-entries/store.ts";
import { refuseEntry, textIn } from "../config-entries/validate.ts";
import { validateIntentions } from "../config-entries/validate-intentions.ts";
import type { Datacenter } from "../behaviour/datacenter.ts";
import type { Authorizer } from "../state/acl-rules.ts";
import type { ConsulCall, ConsulSim } from "../wire/call.ts";
import { compileFilter } from "../wire/filter/filter.ts";
import type { FilterType } from "../wire/filter/types.ts";
import { answerAtOnce } from "../wire/handler.ts";
import { ANY, STRING, structOf, TEXTS } from "../wire/json/shape.ts";
import { answerRead, type ReadResult } from "../wire/read.ts";
import { deny, HttpError, refuseBadRequest, refuseInternally } from "../wire/refusal.ts";
import { filterOf } from "./catalog-reads.ts";

const KIND = "service-intentions";
const NOT_FOUND = "Intention not found";

const INTENTION = structOf("structs.Intention", {
  ID: STRING,
  Description: STRING,
  SourceNS: STRING,
  SourceName: STRING,
  DestinationNS: STRING,
  DestinationName: STRING,
  SourcePartition: STRING,
  DestinationPartition: STRING,
  SourcePeer: STRING,
  SourceSamenessGroup: STRING,
  SourceType: STRING,
  Action: STRING,
  Permissions: ANY,
  JWT: ANY,
  DefaultAddr: STRING,
  DefaultPort: ANY,
  Meta: TEXTS,
  Precedence: ANY,
  CreatedAt: ANY,
  UpdatedAt: ANY,
  Hash: ANY,
  CreateIndex: ANY,
  ModifyIndex: ANY,
});

/** The servers that keep intentions, which those without connect refuse. @throws HttpError */
function primary(call: ConsulCall): Datacenter {
  call.refuseEnterprise();
  requireConnect(call);
  return call.datacenter(call.agent.options.config.primary_datacenter ?? call.agent.datacenter.name);
}

/** @throws HttpError where the mesh is switched off */
export function requireConnect(call: ConsulCall): void {
  const { connect } = call.agent.options.config;
  const isOff = connect?.enabled === false || (connect?.enabled === undefined && !call.agent.options.isDev);
  if (isOff) refuseInternally("Connect must be enabled in order to use this endpoint");
}

const mayRead = (authorizer: Authorizer, { entry, source }: Intention): boolean =>
  (textIn(source, "Peer") === "" && authorizer.reads("intention", textIn(source, "Name"))) ||
  authorizer.reads("intention", entry.name);

const FILTERABLE: Readonly<Record<string, FilterType>> = {
  ID: "string",
  Description: "string",
  SourcePeer: "string",
  SourceNS: "string",
  SourceName: "string",
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

const intentionIndex = ({ store }: Datacenter): number => store.latest("config-entries", "connect-intentions");

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
  return { name: parts.at(-1) ?? "", peer: first.startsWith("peer:") ? first.slice("peer:".length) : "" };
}

function readExact(call: ConsulCall): ReadResult {
  const [source, destination] = [endOf(call, "source", true), endOf(call, "destination", false)];
  const datacenter = primary(call);
  return readOne(call, datacenter, exactIntention(datacenter.configEntries, destination.name, source));
}

function readOne(call: ConsulCall, datacenter: Datacenter, found: Intention | undefined): ReadResult {
  const authorizer = call.authorizer(datacenter);
  if (found === undefined) throw new HttpError(404, NOT_FOUND, true);
  if (!mayRead(authorizer, found)) deny();
  return { index: intentionIndex(datacenter), value: intentionView(found) };
}

function save(datacenter: Datacenter, destination: string, sources: readonly Fields[], isLegacy: boolean): void {
  const { configEntries, name } = datacenter;
  const known = configEntries.get(KIND, destination);
  const fields = validateIntentions({ ...known?.fields, Kind: KIND, Name: destination, Sources: sources }, isLegacy);
  checkGraph(configEntries, name, KIND, destination, fields);
  configEntries.set(KIND, destination, fields);
}

/** Without a source left, the destination has no entry. */
function drop(datacenter: Datacenter, { entry, source }: Intention): void {
  const rest = listIn(entry.fields, "Sources").filter((each) => each !== source);
  if (rest.length === 0) datacenter.configEntries.delete(KIND, entry.name);
  else datacenter.configEntries.set(KIND, entry.name, { ...entry.fields, Sources: rest });
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

type IntentionFields = NonNullable<ReturnType<typeof decodeIntention>>;
const decodeIntention = (call: ConsulCall, prefix: string) => call.decode(INTENTION, prefix);

const sourceOf = (fields: IntentionFields, name: string): Fields => ({
  Name: name,
  ...(fields.Action !== undefined && fields.Action !== "" && { Action: fields.Action }),
  ...(Array.isArray(fields.Permissions) && fields.Permissions.length > 0 && { Permissions: fields.Permissions }),
  ...((fields.SourceType ?? "") !== "" && { Type: fields.SourceType }),
  ...((fields.Description ?? "") !== "" && { Description: fields.Description }),
});

/** The sources of a destination with one put in the place of its namesake, or at the end. */
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

/** What a legacy intention must say; all that is wrong at once. @throws EntryError */
function checkLegacy(fields: IntentionFields): void {
  const errors: string[] = [];
  for (const side of ["Source", "Destination"] as const) {
    const name = fields[`${side}Name`] ?? "";
    if (name === "") errors.push(`${side}Name must be set`);
  }
  for (const side of ["Source", "Destination"] as const) {
    const name = fields[`${side}Name`] ?? "";
    if (name !== "*" && name.includes("*"))
      errors.push(`${side}Name: wildcard character '*' cannot be used with partial values`);
  }
  if (fields.Action !== "allow" && fields.Action !== "deny") errors.push("Action must be set to 'allow' or 'deny'");
  if (Array.isArray(fields.Permissions) && fields.Permissions.length > 0)
    errors.push("Permissions must not be set when using the legacy APIs");
  if ((fields.SourceType || "consul") !== "consul") errors.push("SourceType must be set to 'consul'");
  if (errors.length > 0) refuseEntry(severalErrors(errors));
}

const legacySource = (call: ConsulCall, fields: IntentionFields, id: string, created?: unknown): Fields => {
  const now = isoMicroseconds(call.agent.kernel.nowMs);
  return {
    ...sourceOf(fields, fields.SourceName ?? ""),
    LegacyID: id,
    LegacyMeta: fields.Meta ?? {},
    LegacyCreateTime: created ?? now,
    LegacyUpdateTime: now,
  };
};

function create(call: ConsulCall): HttpReply {
  const fields = decodeOrFail(call, 500, "Failed to decode request body: ");
  const datacenter = primary(call);
  const destination = fields.DestinationName ?? "";
  if (destination === "" || !call.authorizer(datacenter).writes("intention", destination)) deny();
  if ((fields.ID ?? "") !== "") refuseInternally("ID must be empty when creating a new intention");
  checkLegacy(fields);
  const id = call.agent.kernel.random("dns/intentions").uuid();
  const known = datacenter.configEntries.get(KIND, destination)?.fields;
  const sources = [...(known === undefined ? [] : listIn(known, "Sources")), legacySource(call, fields, id)];
  save(datacenter, destination, sources, true);
  return call.json({ ID: id });
}

function decodeOrFail(call: ConsulCall, status: number, prefix: string): IntentionFields {
  try {
    return decodeIntention(call, prefix) ?? {};
  } catch (error) {
    if (error instanceof HttpError && status !== error.status) throw new HttpError(status, error.message);
    throw error;
  }
}

const checkId = (id: string): void => {
  if (!isUuidLike(id)) refuseBadRequest("failed config entry lookup: index error: UUID must be 36 characters");
};

function readById(call: ConsulCall): ReadResult {
  const datacenter = primary(call);
  checkId(call.rest);
  return readOne(call, datacenter, intentionById(datacenter.configEntries, call.rest));
}

function update(call: ConsulCall): HttpReply {
  const fields = decodeIntention(call, "Request decode failed: ") ?? {};
  const datacenter = primary(call);
  const id = call.rest;
  const found = intentionById(datacenter.configEntries, id);
  if (found === undefined) return refuseInternally(`Cannot modify non-existent intention: '${id}'`);
  const { entry, source } = found;
  if (!call.authorizer(datacenter).writes("intention", entry.name)) deny();
  if (entry.name !== (fields.DestinationName ?? ""))
    refuseInternally("Cannot modify Destination partition/namespace/name for an intention once it exists.");
  checkLegacy(fields);
  const value = legacySource(call, fields, id, source.LegacyCreateTime);
  save(
    datacenter,
    entry.name,
    listIn(entry.fields, "Sources").map((each) => (each === source ? value : each)),
    true,
  );
  return call.json({ ID: id });
}

function removeById(call: ConsulCall): HttpReply {
  const datacenter = primary(call);
  const id = call.rest;
  const found = intentionById(datacenter.configEntries, id);
  if (found === undefined) return refuseInternally(`Cannot delete non-existent intention: '${id}'`);
  if (!call.authorizer(datacenter).writes("intention", found.entry.name)) deny();
  drop(datacenter, found);
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

/** Headers of reads that fail before they reach the servers are none. */
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
