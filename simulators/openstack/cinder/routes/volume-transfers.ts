import type { HttpReply } from "../../../kernel/index.ts";
import { checkCount, checkGigabytes } from "../state/quotas.ts";
import type { TransferRow } from "../state/rows.ts";
import { handOver, setStatus, volumeOf } from "../state/volumes.ts";
import { member } from "../wire/body.ts";
import { dated, exact } from "../wire/dates.ts";
import { badRequest, missing } from "../wire/errors.ts";
import { links } from "../wire/links.ts";
import { emptied, ok } from "../wire/replies.ts";
import { type Call, seesAll } from "../wire/request.ts";
import type { CinderRoute } from "../wire/route.ts";

/** @throws Refusal 404 */
function transferOf({ cinder, actor, params }: Call): TransferRow {
  const row = cinder.slot.value.transfers.get(params.id ?? "");
  if (row === undefined || !(actor.isAdmin || row.projectId === actor.projectId))
    throw missing("Transfer", params.id ?? "");
  return row;
}

const brief = (call: Call, { id, volumeId, name }: TransferRow): object => ({
  id,
  volume_id: volumeId,
  name,
  links: links(call, "os-volume-transfer", id),
});
const view = (call: Call, row: TransferRow): object => ({ ...brief(call, row), created_at: dated(row.createdMs) });

function create(call: Call): HttpReply {
  const { cinder, actor } = call;
  const fields = member(call, "transfer", {
    type: "object",
    properties: { volume_id: { type: "string", minLength: 1 }, name: { type: ["string", "null"], maxLength: 255 } },
    required: ["volume_id"],
  });
  const volume = volumeOf(cinder, actor, String(fields.volume_id));
  if (volume.status !== "available") throw badRequest("Invalid volume: status must be available");
  const row: TransferRow = {
    id: cinder.cloud.uuid("cinder"),
    volumeId: volume.id,
    projectId: actor.projectId,
    name: (fields.name as string | null | undefined) ?? null,
    authKey: cinder.cloud.secrets("cinder").hex(16),
    createdMs: cinder.cloud.kernel.nowMs,
  };
  cinder.slot.value.transfers.set(row.id, row);
  setStatus(cinder, volume, "awaiting-transfer");
  return ok({ transfer: { ...brief(call, row), created_at: exact(row.createdMs), auth_key: row.authKey } }, 202);
}

function remove(call: Call): HttpReply {
  const row = transferOf(call);
  const volume = call.cinder.slot.value.volumes.get(row.volumeId);
  if (volume?.status === "awaiting-transfer") setStatus(call.cinder, volume, "available");
  call.cinder.slot.value.transfers.delete(row.id);
  return emptied();
}

/** Anyone who has the key may take the volume. */
function accept(call: Call): HttpReply {
  const { cinder, actor, params } = call;
  const fields = member(call, "accept", {
    type: "object",
    properties: { auth_key: { type: ["string", "integer"] } },
    required: ["auth_key"],
  });
  const row = cinder.slot.value.transfers.get(params.id ?? "");
  const volume = cinder.slot.value.volumes.get(row?.volumeId ?? "");
  if (row === undefined || volume === undefined) throw missing("Transfer", params.id ?? "");
  if (String(fields.auth_key) !== row.authKey)
    throw badRequest(`Invalid auth key: Attempt to transfer ${row.id} with invalid auth key.`);
  checkGigabytes(cinder, actor.projectId, volume.sizeGb);
  checkCount(cinder, actor.projectId, "volumes");
  handOver(cinder, volume, actor.projectId, actor.userId);
  setStatus(cinder, volume, "available");
  cinder.slot.value.transfers.delete(row.id);
  return ok({ transfer: brief(call, row) }, 202);
}

const list = (call: Call, shown: (row: TransferRow) => object): HttpReply => {
  const rows = [...call.cinder.slot.value.transfers.values()].filter(
    ({ projectId }) => seesAll(call) || projectId === call.actor.projectId,
  );
  return ok({ transfers: rows.map(shown) });
};

/** The old path and the one of 3.55, which the services answer at every microversion. */
export const TRANSFER_ROUTES: readonly CinderRoute[] = ["/os-volume-transfer", "/volume-transfers"].flatMap(
  (path): readonly CinderRoute[] => [
    { method: "GET", path, clients: ["openstack"], handler: (call) => list(call, (row) => brief(call, row)) },
    { method: "GET", path: `${path}/detail`, handler: (call) => list(call, (row) => view(call, row)) },
    { method: "POST", path, clients: ["openstack"], handler: create },
    { method: "GET", path: `${path}/:id`, handler: (call) => ok({ transfer: view(call, transferOf(call)) }) },
    { method: "DELETE", path: `${path}/:id`, clients: ["openstack"], handler: remove },
    { method: "POST", path: `${path}/:id/accept`, clients: ["openstack"], handler: accept },
  ],
);
