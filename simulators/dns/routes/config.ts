import type { HttpReply, Route } from "../../kernel/index.ts";
import { decodeEntry, type Fields } from "../config-entries/decode.ts";
import { checkGraph, relatedServices } from "../config-entries/graph.ts";
import { entryView } from "../config-entries/print.ts";
import { ENTRY_KINDS } from "../config-entries/schema.ts";
import type { ConfigEntry } from "../config-entries/store.ts";
import { normaliseEntry } from "../config-entries/validate.ts";
import { EntryError, textIn } from "../config-entries/fields.ts";
import type { Authorizer } from "../state/acl-authorizer.ts";
import type { ConsulCall, ConsulSim } from "../wire/call.ts";
import { compileFilter } from "../wire/filter/filter.ts";
import type { FilterType } from "../wire/filter/types.ts";
import { answerAtOnce } from "../wire/handler.ts";
import { decodeJson } from "../wire/json/decode.ts";
import { JsonError } from "../wire/json/parse.ts";
import { ANY } from "../wire/json/shape.ts";
import { answerRead, type ReadResult } from "../wire/read.ts";
import { deny, HttpError, Refusal, refuseBadRequest } from "../wire/refusal.ts";
import { filterOf, withRights } from "./catalog-reads.ts";

/** An empty list: the mesh of 1.8 is not simulated, so there are no entries. */
export const answerNone = answerRead("index", (call) => {
  withRights(call);
  return { index: 0, value: [] };
});

const MESH_RIGHTS = ["mesh", "exported-services", "proxy-defaults", "sameness-group", "jwt-provider"];

/** The right that a caller needs for an entry: to its service, its intentions, or the mesh. */
function rightTo(kind: string): string {
  if (MESH_RIGHTS.includes(kind)) return "mesh";
  if (kind === "service-intentions") return "intention";
  return kind.startsWith("service-") ? "service" : "mesh";
}

function requireRight(
  call: ConsulCall,
  authorizer: Authorizer,
  kind: string,
  name: string,
  access: "read" | "write",
): void {
  const right = rightTo(kind);
  if (access === "read" && (kind === "mesh" || kind === "proxy-defaults")) return;
  call.require(authorizer, right, access, right === "mesh" ? "" : name);
}

function readBody(call: ConsulCall): Fields {
  try {
    return decodeEntry(decodeJson(call.text, ANY, true));
  } catch (error) {
    if (error instanceof JsonError || error instanceof Refusal)
      return refuseBadRequest(`Request decoding failed: ${error.message}`);
    throw error;
  }
}

/** The index that `?cas=` gives; undefined for none. @throws HttpError */
function casOf(call: ConsulCall): number | undefined {
  const cas = call.query.get("cas") ?? "";
  if (cas === "") return undefined;
  if (!/^\d+$/.test(cas)) throw new HttpError(500, `strconv.ParseUint: parsing ${JSON.stringify(cas)}: invalid syntax`);
  return Number(cas);
}

const fits = (known: ConfigEntry | undefined, cas: number | undefined): boolean =>
  cas === undefined || (known?.modifyIndex ?? 0) === cas;

/** Entries are written where the primary servers are, whatever datacenter is asked for. */
function applyEntry(call: ConsulCall): HttpReply {
  const given = readBody(call);
  call.refuseEnterprise();
  const cas = casOf(call);
  const datacenter = call.datacenter(call.agent.options.config.primary_datacenter ?? call.agent.datacenter.name);
  const authorizer = call.authorizer(datacenter);
  const fields = normaliseEntry(given);
  const [kind, name] = [textIn(fields, "Kind"), textIn(fields, "Name")];
  requireRight(call, authorizer, kind, name, "write");
  if (rightTo(kind) === "service")
    for (const related of relatedServices(kind, fields))
      if (related !== name) call.require(authorizer, "service", "read", related);
  if (kind === "bound-api-gateway") deny(": only writeable by controller");
  const { configEntries } = datacenter;
  const known = configEntries.get(kind, name);
  // What is there already is not written again, whatever its index.
  if (known !== undefined && JSON.stringify(known.fields) === JSON.stringify(fields)) return call.json(true);
  if (!fits(known, cas)) return call.json(false);
  checkGraph(configEntries, datacenter.name, kind, name, fields);
  configEntries.set(kind, name, fields);
  return call.json(true);
}

/** Kind and name in the path after `/v1/config/`; without a second part there is no name. */
function pathOf(call: ConsulCall): { readonly kind: string; readonly name: string | undefined } {
  const slash = call.rest.indexOf("/");
  if (slash < 0) return { kind: call.rest, name: undefined };
  return { kind: call.rest.slice(0, slash), name: call.rest.slice(slash + 1) };
}

const refuseKind = (kind: string, status: number): never => {
  throw new HttpError(status, `invalid config entry kind: ${kind}`);
};

function removeEntry(call: ConsulCall): HttpReply {
  const { kind, name } = pathOf(call);
  if (name === undefined) throw new HttpError(404, "Must provide both a kind and name to delete", true);
  if (ENTRY_KINDS[kind] === undefined) refuseKind(kind, 400);
  call.refuseEnterprise();
  const cas = casOf(call);
  const datacenter = call.datacenter(call.agent.options.config.primary_datacenter ?? call.agent.datacenter.name);
  requireRight(call, call.authorizer(datacenter), kind, name, "write");
  const { configEntries } = datacenter;
  const known = configEntries.get(kind, name);
  if (!fits(known, cas)) return call.json(false);
  if (known !== undefined) checkGraph(configEntries, datacenter.name, kind, name);
  configEntries.delete(kind, name);
  return call.json(cas === undefined ? {} : true);
}

/** The members of service-defaults by which lists can be filtered. */
const FILTERABLE: Readonly<Record<string, FilterType>> = {
  Kind: "string",
  Name: "string",
  Protocol: "string",
  Mode: "string",
  ExternalSNI: "string",
  Meta: "map",
};

function readEntries(call: ConsulCall): ReadResult {
  call.refuseEnterprise();
  const { kind, name } = pathOf(call);
  const datacenter = call.datacenter();
  const authorizer = call.authorizer(datacenter);
  if (kind !== "" && ENTRY_KINDS[kind] === undefined) refuseKind(kind, 500);
  const { configEntries } = datacenter;
  const index = configEntries.tableIndex;
  if (name === undefined) {
    const filter = filterOf(call);
    if (filter !== "" && kind !== "service-defaults")
      throw new EntryError(`filtering not supported for config entry kind=${kind}`);
    const matches = compileFilter(filter, FILTERABLE);
    const entries = configEntries.list(kind).filter((entry) => {
      const right = rightTo(entry.kind);
      return (
        entry.kind === "proxy-defaults" ||
        entry.kind === "mesh" ||
        authorizer.sees(right, right === "mesh" ? "" : entry.name)
      );
    });
    return { index, value: entries.map(entryView).filter(matches) };
  }
  requireRight(call, authorizer, kind, name, "read");
  const entry = configEntries.get(kind, name);
  if (entry === undefined) {
    const text = `Config entry not found for ${JSON.stringify(kind)} / ${JSON.stringify(name)}`;
    return { index, reply: { status: 404, headers: { "Content-Type": "text/plain; charset=utf-8" }, body: text } };
  }
  return { index, value: entryView(entry), changedAt: entry.modifyIndex };
}

/** `/v1/config/…` of 1.8: configuration entries, of which there are none (Consul 1.8, "Config HTTP Endpoint"). */
export const CONFIG_1_8_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "GET", path: "/v1/config/:kind", handler: answerNone },
];

/** `/v1/config…` (Consul 1.22, "Config HTTP Endpoint"). */
export const CONFIG_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "PUT", path: "/v1/config", handler: answerAtOnce(applyEntry) },
  { method: "GET", path: "/v1/config/", handler: answerRead("index-on-success", readEntries) },
  { method: "DELETE", path: "/v1/config/", handler: answerAtOnce(removeEntry) },
  { method: "GET", path: "/v1/config/*rest", handler: answerRead("index-on-success", readEntries) },
  { method: "DELETE", path: "/v1/config/*rest", handler: answerAtOnce(removeEntry) },
];
