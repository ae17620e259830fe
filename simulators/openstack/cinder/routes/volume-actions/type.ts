import type { HttpReply } from "../../../../kernel/index.ts";
import { recordChange } from "../../state/cinder.ts";
import type { VolumeRow } from "../../state/rows.ts";
import { canUseType, findType } from "../../state/types.ts";
import { requireMember } from "../../wire/body.ts";
import { badRequest, notFound, notSimulated } from "../../wire/errors.ts";
import { acceptedReply } from "../../wire/replies.ts";
import type { CinderCall } from "../../wire/request.ts";
import { BOOLEAN, parseBoolean } from "../../wire/schemas.ts";
import { changeMetadata } from "../metadata.ts";
import type { VolumeActions } from "./action.ts";

const RETYPE_REFUSED =
  "Invalid volume: Retype needs volume to be in available or in-use state, not be part of an active migration or a consistency group, requested type has to be different that the one from the volume, and for in-use volumes front-end qos specs cannot change.";

function retype(call: CinderCall, row: VolumeRow): HttpReply {
  const { cinder, actor } = call;
  const fields = requireMember(call, "os-retype", {
    type: "object",
    properties: {
      new_type: { type: "string" },
      migration_policy: { type: ["string", "null"], enum: ["on-demand", "never", null] },
    },
    required: ["new_type"],
    additionalProperties: false,
  });
  const name = fields.new_type;
  const type = findType(cinder, name);
  if (type === undefined || !canUseType(actor, type))
    throw notFound(`Volume type with name ${name} could not be found.`);
  if (!["available", "in-use"].includes(row.status) || type.id === row.typeId) throw badRequest(RETYPE_REFUSED);
  row.typeId = type.id;
  row.updatedMs = cinder.cloud.kernel.nowMs;
  recordChange(cinder, "volume.retype", row.id, { type: type.name });
  return acceptedReply();
}

function setReadonly(call: CinderCall, row: VolumeRow): HttpReply {
  const { readonly } = requireMember(call, "os-update_readonly_flag", {
    type: "object",
    properties: { readonly: BOOLEAN },
    required: ["readonly"],
    additionalProperties: false,
  });
  const flag = parseBoolean(readonly) === true ? "True" : "False";
  changeMetadata(call, "Volume", row, { ...row.metadata, readonly: flag });
  return acceptedReply();
}

/** Changes of type, of the read-only flag and of back end. */
export const TYPE_ACTIONS: VolumeActions = {
  "os-retype": retype,
  "os-update_readonly_flag": setReadonly,
  "os-migrate_volume": () => {
    throw notSimulated("os-migrate_volume: this cloud has one back end");
  },
};
