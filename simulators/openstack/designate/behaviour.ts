import { faultPoint } from "../../kernel/index.ts";
import type { Designate, ZoneRow } from "./state.ts";
import { NAMESERVER, PROPAGATION_MS, recordsetsOf } from "./state.ts";

const SOA_TIMES = "600 86400 3600";

export const soaOf = ({ email, serial, refreshS }: ZoneRow): string =>
  `${NAMESERVER} ${email.replace("@", ".")}. ${serial} ${refreshS} ${SOA_TIMES}`;

/** A change of the zone's content: a new serial goes out to the name servers. */
export function markChanged(designate: Designate, zone: ZoneRow): void {
  const { kernel } = designate.cloud;
  zone.serial = Math.max(zone.serial + 1, Math.floor(kernel.nowMs / 1000));
  Object.assign(zone, { version: zone.version + 1, updatedMs: kernel.nowMs, status: "PENDING" });
  if (zone.action === "NONE") zone.action = "UPDATE";
  for (const row of recordsetsOf(designate, zone.id)) {
    if (row.type !== "SOA") continue;
    Object.assign(row, {
      records: [soaOf(zone)],
      version: row.version + 1,
      updatedMs: kernel.nowMs,
      status: "PENDING",
    });
    if (row.action === "NONE") row.action = "UPDATE";
  }
  propagate(designate, zone);
}

const zonePoint = (what: string, prose: string) =>
  faultPoint({
    point: `designate:zone.${what}`,
    effects: ["error", "stuck", "delay"],
    prose,
    attributes: { id: { prose: "the id of the zone" }, name: { prose: "its name, with the final dot" } },
  });

const POINTS = {
  create: zonePoint(
    "create",
    "A zone that was accepted (202) is never served: it ends in ERROR, stays PENDING, or takes longer.",
  ),
  update: zonePoint(
    "update",
    "A change of a zone or its records (202) does not reach the name servers: ERROR, PENDING for good, or late.",
  ),
  delete: zonePoint(
    "delete",
    "A zone that was to be deleted (202) stays: in ERROR, PENDING for good, or longer than usual.",
  ),
};

interface Announcement {
  readonly id: string;
  readonly serial: number;
  readonly failed: boolean;
}

/** Waits for the name servers. A later change makes an earlier wait void. */
export function propagate(designate: Designate, zone: ZoneRow): void {
  const { kernel } = designate.cloud;
  const point = zone.action === "CREATE" ? "create" : zone.action === "DELETE" ? "delete" : "update";
  const effect = kernel.faults.at(POINTS[point], { id: zone.id, name: zone.name });
  if (effect?.kind === "stuck") return;
  const delayMs = effect?.kind === "delay" ? effect.delayMs : 0;
  const announced: Announcement = { id: zone.id, serial: zone.serial, failed: effect?.kind === "error" };
  kernel.timer(kernel.work(PROPAGATION_MS) + delayMs, "designate/announced", announced);
}

export function installPropagation(designate: Designate): void {
  const { kernel } = designate.cloud;
  for (const point of Object.values(POINTS)) kernel.faults.define(point);
  kernel.onTimer<Announcement>("designate/announced", ({ id, serial, failed }) => {
    const zone = designate.slot.value.zones.get(id);
    if (zone === undefined || zone.serial !== serial) return;
    if (failed) fail(designate, zone);
    else settle(designate, zone);
  });
}

function settle(designate: Designate, zone: ZoneRow): void {
  const { kernel } = designate.cloud;
  const { zones, recordsets } = designate.slot.value;
  for (const row of recordsetsOf(designate, zone.id)) {
    if (row.action === "DELETE" || zone.action === "DELETE") recordsets.delete(row.id);
    else Object.assign(row, { status: "ACTIVE", action: "NONE" });
  }
  if (zone.action === "DELETE") {
    zones.delete(zone.id);
    kernel.record("designate", "zone.delete", zone.id);
    return;
  }
  Object.assign(zone, { status: "ACTIVE", action: "NONE", version: zone.version + 1, updatedMs: kernel.nowMs });
  kernel.record("designate", "zone.active", zone.id, { serial: zone.serial });
}

function fail(designate: Designate, zone: ZoneRow): void {
  const { nowMs } = designate.cloud.kernel;
  Object.assign(zone, { status: "ERROR", version: zone.version + 1, updatedMs: nowMs });
  for (const row of recordsetsOf(designate, zone.id)) if (row.status === "PENDING") row.status = "ERROR";
  designate.cloud.kernel.record("designate", "zone.error", zone.id);
}
