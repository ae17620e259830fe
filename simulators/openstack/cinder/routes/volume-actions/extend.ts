import type { HttpReply } from "../../../../kernel/index.ts";
import type { Schema } from "../../../common/schema.ts";
import { EXTEND_MS } from "../../behaviour/extend-volume.ts";
import { CINDER_POINTS } from "../../faults.ts";
import { checkGigabytes } from "../../state/quotas.ts";
import type { VolumeRow } from "../../state/rows.ts";
import { addUsage } from "../../state/usage.ts";
import { setStatus } from "../../state/volumes.ts";
import { requireMember } from "../../wire/body.ts";
import { badRequest } from "../../wire/errors.ts";
import { acceptedReply } from "../../wire/replies.ts";
import type { CinderCall } from "../../wire/request.ts";
import type { VolumeActions } from "./action.ts";

const size: Schema = {
  type: ["integer", "string"],
  pattern: "^[0-9]+$",
  minimum: 1,
  minLength: 1,
  maximum: 2147483647,
};

function extend(call: CinderCall, row: VolumeRow): HttpReply {
  const { cinder, version } = call;
  const fields = requireMember(call, "os-extend", {
    type: "object",
    properties: { new_size: size },
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
  const { kernel } = cinder.cloud;
  const effect = kernel.faults.at(CINDER_POINTS.extend, { id: row.id, name: row.name ?? "" });
  row.statusBefore = row.status;
  addUsage(cinder, row.projectId, { gigabytes: wanted - row.sizeGb });
  setStatus(cinder, row, "extending");
  const sizeGb = effect?.kind === "error" ? row.sizeGb : wanted;
  const end = { id: row.id, from: row.sizeGb, to: sizeGb, wanted };
  if (effect?.kind !== "stuck") kernel.timer(kernel.work(EXTEND_MS), "cinder/extended", end);
  return acceptedReply();
}

export const SIZE_ACTIONS: VolumeActions = { "os-extend": extend };
