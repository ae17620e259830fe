import type { HttpReply } from "../../../../kernel/index.ts";
import { startExtendVolume } from "../../behaviour/extend-volume.ts";
import { checkGigabytes } from "../../state/quotas.ts";
import type { VolumeRow } from "../../state/rows.ts";
import { requireMember } from "../../wire/body.ts";
import { badRequest } from "../../wire/errors.ts";
import { acceptedReply } from "../../wire/replies.ts";
import type { CinderCall } from "../../wire/request.ts";
import type { VolumeActions } from "./action.ts";
import type { Schema } from "../../../schema/schema.ts";

const SIZE = {
  type: ["integer", "string"],
  pattern: "^[0-9]+$",
  minimum: 1,
  minLength: 1,
  maximum: 2147483647,
} as const satisfies Schema;

function extend(call: CinderCall, row: VolumeRow): HttpReply {
  const { cinder, version } = call;
  const fields = requireMember(call, "os-extend", {
    type: "object",
    properties: { new_size: SIZE },
    required: ["new_size"],
    additionalProperties: false,
  });
  const wanted = Number(fields.new_size);
  const isLive = version >= 42 && row.status === "in-use";
  if (row.status !== "available" && !isLive)
    throw badRequest(
      `Invalid volume: Volume ${row.id} status must be '{'status': 'available'}' to extend, currently ${row.status}.`,
    );
  if (wanted <= row.sizeGb)
    throw badRequest(
      `Invalid input received: New size for extend must be greater than current size. (current: ${row.sizeGb}, extended: ${wanted}).`,
    );
  checkGigabytes(cinder, row.projectId, wanted - row.sizeGb, wanted);
  startExtendVolume(cinder, row, wanted);
  return acceptedReply();
}

/** From 3.42 on also for volumes in use. */
export const SIZE_ACTIONS: VolumeActions = { "os-extend": extend };
