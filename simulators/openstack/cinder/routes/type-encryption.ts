import type { HttpReply } from "../../../kernel/index.ts";
import { textOrNull } from "../../schema/index.ts";
import { recordChange } from "../state/cinder.ts";
import type { TypeEncryption, TypeRow } from "../state/rows.ts";
import { requireBody } from "../wire/body.ts";
import { storedTimeOrNull } from "../wire/dates.ts";
import { badRequest, notFound } from "../wire/errors.ts";
import { emptyReply, ok } from "../wire/replies.ts";
import type { CinderCall } from "../wire/request.ts";
import type { CinderRoute } from "../wire/route.ts";
import { isTypeUsed, requireTypeOf } from "./types/require-type.ts";

const POLICY = "volume_extension:volume_type_encryption";

const view = ({ encryption, id }: TypeRow): Readonly<Record<string, unknown>> =>
  encryption === undefined
    ? {}
    : {
        created_at: storedTimeOrNull(encryption.createdMs),
        updated_at: storedTimeOrNull(encryption.updatedMs),
        deleted_at: null,
        deleted: false,
        encryption_id: encryption.id,
        cipher: encryption.cipher,
        key_size: encryption.keySize,
        provider: encryption.provider,
        control_location: encryption.controlLocation,
        volume_type_id: id,
      };

/** The member of the body, which the tables have checked. */
const BODY = { type: "object", properties: { encryption: { type: "object" } }, required: ["encryption"] } as const;

const sizeOf = (value: unknown): number | null => (value === undefined || value === null ? null : Number(value));

/** @throws Refusal 400 */
function checkUnused(call: CinderCall, row: TypeRow, verb: string): void {
  if (row.encryption !== undefined && isTypeUsed(call, row))
    throw badRequest(`Cannot ${verb} encryption specs. Volume type in use.`);
}

function create(call: CinderCall): HttpReply {
  const { encryption: wanted } = requireBody(call, BODY);
  const row = requireTypeOf(call);
  checkUnused(call, row, "create");
  if (row.encryption !== undefined) throw badRequest(`Volume type encryption for type ${row.id} already exists.`);
  const encryption: TypeEncryption = {
    id: call.cinder.cloud.uuid("cinder"),
    cipher: textOrNull(wanted.cipher),
    keySize: sizeOf(wanted.key_size),
    provider: String(wanted.provider),
    controlLocation: String(wanted.control_location),
    createdMs: call.cinder.cloud.kernel.nowMs,
    updatedMs: null,
  };
  row.encryption = encryption;
  recordChange(call.cinder, "type.encrypt", row.id);
  return ok({
    encryption: {
      ...wanted,
      ...(encryption.keySize !== null && { key_size: encryption.keySize }),
      volume_type_id: row.id,
      encryption_id: encryption.id,
    },
  });
}

/** @throws Refusal 404 */
function encryptionOf(row: TypeRow): TypeEncryption {
  if (row.encryption === undefined) throw notFound(`Volume type encryption for type ${row.id} does not exist.`);
  return row.encryption;
}

function update(call: CinderCall): HttpReply {
  const { encryption: wanted } = requireBody(call, BODY);
  const row = requireTypeOf(call);
  checkUnused(call, row, "update");
  const known = encryptionOf(row);
  row.encryption = {
    ...known,
    ...(wanted.cipher !== undefined && { cipher: textOrNull(wanted.cipher) }),
    ...(wanted.key_size !== undefined && { keySize: sizeOf(wanted.key_size) }),
    ...(typeof wanted.provider === "string" && { provider: wanted.provider }),
    ...(typeof wanted.control_location === "string" && { controlLocation: wanted.control_location }),
    updatedMs: call.cinder.cloud.kernel.nowMs,
  };
  recordChange(call.cinder, "type.encrypt", row.id);
  return ok({ encryption: wanted });
}

function showKey(call: CinderCall): HttpReply {
  const row = requireTypeOf(call);
  const key = call.params.key ?? "";
  const shown = view(row);
  if (!Object.hasOwn(shown, key)) throw notFound(`Volume type encryption for type ${row.id} does not exist.`);
  return ok({ [key]: shown[key] });
}

function remove(call: CinderCall): HttpReply {
  const row = requireTypeOf(call);
  checkUnused(call, row, "delete");
  encryptionOf(row);
  delete row.encryption;
  recordChange(call.cinder, "type.decrypt", row.id);
  return emptyReply();
}

const all = "/types/:id/encryption";
const one = `${all}/:key`;

/** Routes of the API reference, "Volume types": the settings of their encryption; nothing is encrypted here. */
export const TYPE_ENCRYPTION_ROUTES: readonly CinderRoute[] = [
  { method: "GET", path: all, admin: `${POLICY}:get`, handler: (call) => ok(view(requireTypeOf(call))) },
  { method: "POST", path: all, admin: `${POLICY}:create`, handler: create },
  { method: "GET", path: one, admin: `${POLICY}:get`, handler: showKey },
  { method: "PUT", path: one, admin: `${POLICY}:update`, handler: update },
  { method: "DELETE", path: one, admin: `${POLICY}:delete`, handler: remove },
];
