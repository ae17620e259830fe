import { type Fields } from "../config-entries/decode.ts";
import { checkGraph } from "../config-entries/graph.ts";
import { type Intention, intentionView } from "../config-entries/intentions.ts";
import { listIn } from "../config-entries/store.ts";
import { textIn } from "../config-entries/fields.ts";
import { validateIntentions } from "../config-entries/validate-intentions.ts";
import type { Datacenter } from "../behaviour/datacenter.ts";
import type { Authorizer } from "../state/acl-authorizer.ts";
import type { ConsulCall } from "../wire/call.ts";
import { ANY, STRING, structOf, TEXTS } from "../wire/json/shape.ts";
import { type ReadResult } from "../wire/read.ts";
import { deny, HttpError, refuseInternally } from "../wire/refusal.ts";

/** The kind of entry that holds intentions. */
export const KIND = "service-intentions";
const NOT_FOUND = "Intention not found";

/** An intention as a request gives it. */
export const INTENTION = structOf("structs.Intention", {
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

/** The servers that keep intentions; those without Connect refuse. @throws HttpError */
export function primary(call: ConsulCall): Datacenter {
  call.refuseEnterprise();
  requireConnect(call);
  return call.datacenter(call.agent.options.config.primary_datacenter ?? call.agent.datacenter.name);
}

/** @throws HttpError if the mesh is switched off */
export function requireConnect(call: ConsulCall): void {
  const { connect } = call.agent.options.config;
  const isOff = connect?.enabled === false || (connect?.enabled === undefined && !call.agent.options.isDev);
  if (isOff) refuseInternally("Connect must be enabled in order to use this endpoint");
}

/** Whether a caller may see an intention: from either of its ends. */
export const mayRead = (authorizer: Authorizer, { entry, source }: Intention): boolean =>
  (textIn(source, "Peer") === "" && authorizer.reads("intention", textIn(source, "Name"))) ||
  authorizer.reads("intention", entry.name);

/** The index of all intentions. */
export const intentionIndex = ({ store }: Datacenter): number => store.latest("config-entries", "connect-intentions");

/** One intention, if the caller may see it. @throws HttpError */
export function readOne(call: ConsulCall, datacenter: Datacenter, found: Intention | undefined): ReadResult {
  const authorizer = call.authorizer(datacenter);
  if (found === undefined) throw new HttpError(404, NOT_FOUND, true);
  if (!mayRead(authorizer, found)) deny();
  return { index: intentionIndex(datacenter), value: intentionView(found) };
}

/** Stores the sources of a destination. @throws EntryError */
export function save(datacenter: Datacenter, destination: string, sources: readonly Fields[], isLegacy: boolean): void {
  const { configEntries, name } = datacenter;
  const known = configEntries.get(KIND, destination);
  const fields = validateIntentions({ ...known?.fields, Kind: KIND, Name: destination, Sources: sources }, isLegacy);
  checkGraph(configEntries, name, KIND, destination, fields);
  configEntries.set(KIND, destination, fields);
}

/** Without a source left, the destination has no entry. */
export function drop(datacenter: Datacenter, { entry, source }: Intention): void {
  const rest = listIn(entry.fields, "Sources").filter((each) => each !== source);
  if (rest.length === 0) datacenter.configEntries.delete(KIND, entry.name);
  else datacenter.configEntries.set(KIND, entry.name, { ...entry.fields, Sources: rest });
}

/** The intention in a request. */
export type IntentionFields = NonNullable<ReturnType<typeof decodeIntention>>;
/** Reads an intention from a body. @throws HttpError */
export const decodeIntention = (call: ConsulCall, prefix: string) => call.decode(INTENTION, prefix);

/** The source that a request describes. */
export const sourceOf = (fields: IntentionFields, name: string): Fields => ({
  Name: name,
  ...(fields.Action !== undefined && fields.Action !== "" && { Action: fields.Action }),
  ...(Array.isArray(fields.Permissions) && fields.Permissions.length > 0 && { Permissions: fields.Permissions }),
  ...((fields.SourceType ?? "") !== "" && { Type: fields.SourceType }),
  ...((fields.Description ?? "") !== "" && { Description: fields.Description }),
});
