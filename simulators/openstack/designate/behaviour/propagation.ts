import { DESIGNATE_POINTS } from "../faults.ts";
import { publish, withdraw } from "./serving.ts";
import { type Designate, NAMESERVER, recordsetsOf, type ZoneRow } from "../state/state.ts";

/** How long the name servers take to answer with a new serial. */
const PROPAGATION_MS = 2_000;

/** Retry, expiry and minimum of every zone's SOA record, in seconds. */
const SOA_TIMES = "600 86400 3600";

const PROPAGATED = "designate/announced";

/** The SOA record of a zone as it is now. */
export const soaOf = ({ email, serial, refreshS }: ZoneRow): string =>
  `${NAMESERVER} ${email.replace("@", ".")}. ${serial} ${refreshS} ${SOA_TIMES}`;

/** Counts a change of the zone's content, and sends the new serial to the name servers. */
export function markChanged(designate: Designate, zone: ZoneRow): void {
  const { kernel } = designate.cloud;
  zone.serial = Math.max(zone.serial + 1, Math.floor(kernel.nowMs / 1000));
  Object.assign(zone, { version: zone.version + 1, updatedMs: kernel.nowMs, status: "PENDING" });
  if (zone.action === "NONE") zone.action = "UPDATE";
  updateSoa(designate, zone);
  propagate(designate, zone);
}

function updateSoa(designate: Designate, zone: ZoneRow): void {
  const { nowMs } = designate.cloud.kernel;
  for (const row of recordsetsOf(designate, zone.id)) {
    if (row.type !== "SOA") continue;
    Object.assign(row, { records: [soaOf(zone)], version: row.version + 1, updatedMs: nowMs, status: "PENDING" });
    if (row.action === "NONE") row.action = "UPDATE";
  }
}

interface Propagation {
  readonly id: string;
  readonly serial: number;
  readonly failed: boolean;
}

function pointOf({ action }: ZoneRow): (typeof DESIGNATE_POINTS)[keyof typeof DESIGNATE_POINTS] {
  if (action === "CREATE") return DESIGNATE_POINTS.create;
  return action === "DELETE" ? DESIGNATE_POINTS.delete : DESIGNATE_POINTS.update;
}

/** Waits for the name servers. A later change supersedes an earlier wait. */
export function propagate(designate: Designate, zone: ZoneRow): void {
  const { kernel } = designate.cloud;
  const effect = kernel.faults.at(pointOf(zone), { id: zone.id, name: zone.name });
  if (effect?.kind === "stuck") return;
  const delayMs = effect?.kind === "delay" ? effect.delayMs : 0;
  const propagation: Propagation = { id: zone.id, serial: zone.serial, failed: effect?.kind === "error" };
  kernel.timer(kernel.work(PROPAGATION_MS) + delayMs, PROPAGATED, propagation);
}

/** Declares the timer that finishes what `propagate` begins. */
export function installPropagation(designate: Designate): void {
  const { kernel } = designate.cloud;
  for (const point of Object.values(DESIGNATE_POINTS)) kernel.faults.define(point);
  kernel.onTimer<Propagation>(PROPAGATED, ({ id, serial, failed }) => {
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
    withdraw(designate, zone);
    kernel.record("designate", "zone.delete", zone.id);
    return;
  }
  Object.assign(zone, { status: "ACTIVE", action: "NONE", version: zone.version + 1, updatedMs: kernel.nowMs });
  publish(designate, zone);
  kernel.record("designate", "zone.active", zone.id, { name: zone.name, serial: zone.serial });
}

function fail(designate: Designate, zone: ZoneRow): void {
  const { nowMs } = designate.cloud.kernel;
  Object.assign(zone, { status: "ERROR", version: zone.version + 1, updatedMs: nowMs });
  for (const row of recordsetsOf(designate, zone.id)) if (row.status === "PENDING") row.status = "ERROR";
  designate.cloud.kernel.record("designate", "zone.error", zone.id);
}
