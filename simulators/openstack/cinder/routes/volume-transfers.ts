import { controls } from "../../cloud.ts";
import { type HttpReply, isoMicroseconds } from "../../../kernel/index.ts";
import { recordChange } from "../state/cinder.ts";
import { checkCount, checkGigabytes } from "../state/quotas.ts";
import type { TransferRow } from "../state/rows.ts";
import { requireVolume, setStatus, transferVolume } from "../state/volumes.ts";
import { requireMember } from "../wire/body.ts";
import { storedTimeOrNull } from "../wire/dates.ts";
import { badRequest, notFoundById } from "../wire/errors.ts";
import { links } from "../wire/links.ts";
import { emptyReply, ok } from "../wire/replies.ts";
import { type CinderCall, isForAllProjects } from "../wire/request.ts";
import type { CinderRoute } from "../wire/route.ts";

/** The project that sees a transfer: that of its volume, whoever has made it. */
const projectOf = ({ cinder }: CinderCall, { volumeId }: TransferRow): string =>
  cinder.slot.value.volumes.get(volumeId)?.projectId ?? "";

/** @throws Refusal 404 */
function requireTransfer(call: CinderCall): TransferRow {
  const { cinder, actor, params } = call;
  const row = cinder.slot.value.transfers.get(params.id ?? "");
  if (row === undefined || !controls(actor, { projectId: projectOf(call, row) }))
    throw notFoundById("Transfer", params.id ?? "");
  return row;
}

const brief = (call: CinderCall, { id, volumeId, name }: TransferRow): object => ({
  id,
  volume_id: volumeId,
  name,
  links: links(call, "os-volume-transfer", id),
});
const view = (call: CinderCall, row: TransferRow): object => ({
  ...brief(call, row),
  created_at: storedTimeOrNull(row.createdMs),
});

function create(call: CinderCall): HttpReply {
  const { cinder, actor } = call;
  const fields = requireMember(call, "transfer", {
    type: "object",
    properties: { volume_id: { type: "string", minLength: 1 }, name: { type: ["string", "null"], maxLength: 255 } },
    required: ["volume_id"],
  });
  const volume = requireVolume(cinder, actor, fields.volume_id);
  if (volume.status !== "available") throw badRequest("Invalid volume: status must be available");
  const row: TransferRow = {
    id: cinder.cloud.uuid("cinder"),
    volumeId: volume.id,
    name: fields.name ?? null,
    authKey: cinder.cloud.secrets("cinder").hex(16),
    createdMs: cinder.cloud.kernel.nowMs,
  };
  cinder.slot.value.transfers.set(row.id, row);
  recordChange(cinder, "transfer.create", row.id, { volume: volume.id });
  setStatus(cinder, volume, "awaiting-transfer");
  return ok(
    { transfer: { ...brief(call, row), created_at: isoMicroseconds(row.createdMs), auth_key: row.authKey } },
    202,
  );
}

function remove(call: CinderCall): HttpReply {
  const row = requireTransfer(call);
  const volume = call.cinder.slot.value.volumes.get(row.volumeId);
  if (volume?.status === "awaiting-transfer") setStatus(call.cinder, volume, "available");
  call.cinder.slot.value.transfers.delete(row.id);
  recordChange(call.cinder, "transfer.delete", row.id);
  return emptyReply();
}

/** Anyone with the key may accept the volume. */
function accept(call: CinderCall): HttpReply {
  const { cinder, actor, params } = call;
  const fields = requireMember(call, "accept", {
    type: "object",
    properties: { auth_key: { type: ["string", "integer"] } },
    required: ["auth_key"],
  });
  const row = cinder.slot.value.transfers.get(params.id ?? "");
  const volume = cinder.slot.value.volumes.get(row?.volumeId ?? "");
  if (row === undefined || volume === undefined) throw notFoundById("Transfer", params.id ?? "");
  if (String(fields.auth_key) !== row.authKey)
    throw badRequest(`Invalid auth key: Attempt to transfer ${row.id} with invalid auth key.`);
  checkGigabytes(cinder, actor.projectId, volume.sizeGb);
  checkCount(cinder, actor.projectId, "volumes");
  transferVolume(cinder, volume, actor.projectId, actor.userId);
  setStatus(cinder, volume, "available");
  cinder.slot.value.transfers.delete(row.id);
  recordChange(cinder, "transfer.accept", row.id, { volume: volume.id, project: actor.projectId });
  return ok({ transfer: brief(call, row) }, 202);
}

const list = (call: CinderCall, shown: (row: TransferRow) => object): HttpReply => {
  const rows = [...call.cinder.slot.value.transfers.values()].filter(
    (row) => isForAllProjects(call) || projectOf(call, row) === call.actor.projectId,
  );
  return ok({ transfers: rows.map(shown) });
};

/** The old path and that of 3.55, both of which the service answers at every microversion. */
export const TRANSFER_ROUTES: readonly CinderRoute[] = ["/os-volume-transfer", "/volume-transfers"].flatMap(
  (path): readonly CinderRoute[] => [
    { method: "GET", path, clients: ["openstack"], handler: (call) => list(call, (row) => brief(call, row)) },
    { method: "GET", path: `${path}/detail`, handler: (call) => list(call, (row) => view(call, row)) },
    { method: "POST", path, clients: ["openstack"], handler: create },
    { method: "GET", path: `${path}/:id`, handler: (call) => ok({ transfer: view(call, requireTransfer(call)) }) },
    { method: "DELETE", path: `${path}/:id`, clients: ["openstack"], handler: remove },
    { method: "POST", path: `${path}/:id/accept`, clients: ["openstack"], handler: accept },
  ],
);
