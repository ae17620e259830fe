import { type HttpReply, isoMicroseconds, isUuidLike } from "../../kernel/index.ts";
import { severalErrors, type Fields } from "../config-entries/decode.ts";
import { intentionById } from "../config-entries/intentions.ts";
import { listIn } from "../config-entries/store.ts";
import { refuseEntry } from "../config-entries/fields.ts";
import type { ConsulCall } from "../wire/call.ts";
import { type ReadResult } from "../wire/read.ts";
import { deny, HttpError, refuseBadRequest, refuseInternally } from "../wire/refusal.ts";
import {
  KIND,
  primary,
  readOne,
  save,
  drop,
  type IntentionFields,
  decodeIntention,
  sourceOf,
} from "./connect-shared.ts";

/** Checks a legacy intention; reports everything that is wrong at once. @throws EntryError */
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
  const now = `${isoMicroseconds(call.agent.kernel.nowMs)}Z`;
  return {
    ...sourceOf(fields, fields.SourceName ?? ""),
    LegacyID: id,
    LegacyMeta: fields.Meta ?? {},
    LegacyCreateTime: created ?? now,
    LegacyUpdateTime: now,
  };
};

/** Creates an intention that has an id. @throws HttpError, EntryError */
export function create(call: ConsulCall): HttpReply {
  const fields = decodeOrFail(call, 500, "Failed to decode request body: ");
  const datacenter = primary(call);
  refuseNamespaces(fields);
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

/** @throws HttpError 400 for a namespace, which the open edition lacks */
function refuseNamespaces(fields: IntentionFields): void {
  for (const side of ["SourceNS", "DestinationNS"] as const) {
    const given = fields[side] ?? "";
    if (given !== "" && given !== "default")
      refuseBadRequest(`Invalid ${side}(${given}): Namespaces is a Consul Enterprise feature`);
  }
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

/** An intention by its id. @throws HttpError */
export function readById(call: ConsulCall): ReadResult {
  const datacenter = primary(call);
  checkId(call.rest);
  return readOne(call, datacenter, intentionById(datacenter.configEntries, call.rest));
}

/** Updates an intention by its id. @throws HttpError, EntryError */
export function update(call: ConsulCall): HttpReply {
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

/** Deletes an intention by its id. @throws HttpError */
export function removeById(call: ConsulCall): HttpReply {
  const datacenter = primary(call);
  const id = call.rest;
  if (!isUuidLike(id))
    refuseInternally("Intention lookup failed: failed config entry lookup: index error: UUID must be 36 characters");
  const found = intentionById(datacenter.configEntries, id);
  if (found === undefined) return refuseInternally(`Cannot delete non-existent intention: '${id}'`);
  if (!call.authorizer(datacenter).writes("intention", found.entry.name)) deny();
  drop(datacenter, found);
  return call.json(true);
}
