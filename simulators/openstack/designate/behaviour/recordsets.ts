import type { Refusal } from "../../refusal.ts";
import { checkQuota } from "../state/quotas.ts";
import { type Designate, type RecordSetRow, recordsetsOf, type ZoneRow } from "../state/state.ts";
import { badRequest, duplicate } from "../wire/errors.ts";
import { markChanged } from "./propagation.ts";
import { isBelow } from "./zones.ts";

const invalidLocation = (message: string): Refusal => badRequest("invalid_recordset_location", message);

const isAtOrBelow = (name: string, zone: string): boolean => name === zone || isBelow(name, zone);

/**
 * Checks that a recordset lies in its zone and in none below, and that a CNAME stands alone at its name and never at the apex.
 *
 * @throws Refusal 400, 409
 */
export function checkLocation(designate: Designate, zone: ZoneRow, name: string, type: string): void {
  if (!isAtOrBelow(name, zone.name)) throw invalidLocation("RecordSet is not contained within it's parent zone");
  if (type === "CNAME" && name === zone.name)
    throw invalidLocation("CNAME recordsets may not be created at the zone apex");
  // A recordset that is being deleted no longer counts.
  const others = recordsetsOf(designate, zone.id).filter(
    (row) => row.name.toLowerCase() === name.toLowerCase() && row.action !== "DELETE",
  );
  if (type === "CNAME" ? others.length > 0 : others.some((row) => row.type === "CNAME"))
    throw invalidLocation("CNAME recordsets may not share a name with any other records");
  const child = [...designate.slot.value.zones.values()].find(
    (other) => isBelow(other.name, zone.name) && isAtOrBelow(name, other.name),
  );
  if (child !== undefined) throw invalidLocation(`RecordSet belongs in a child zone: ${child.name}`);
  if (others.some((row) => row.type === type)) throw duplicate("duplicate_recordset", "RecordSet");
}

/**
 * Checks the quotas of records, of a zone and of a recordset; records kept by the service itself don't count.
 *
 * @param ownId the recordset whose records are replaced
 * @throws Refusal 413
 */
export function checkRecordQuota(
  designate: Designate,
  zone: ZoneRow,
  records: readonly string[],
  ownId?: string,
): void {
  if (records.length === 0) return;
  const others = recordsetsOf(designate, zone.id).filter(({ id, managed }) => !managed && id !== ownId);
  const known = others.reduce((sum, row) => sum + row.records.length, 0);
  checkQuota(designate, zone.projectId, "zone_records", known + records.length);
  checkQuota(designate, zone.projectId, "recordset_records", records.length);
}

/** @throws Refusal 400 */
export function checkRecordCount(type: string, records: readonly string[]): void {
  if (type === "CNAME" && records.length > 1)
    throw badRequest("bad_request", "CNAME recordsets may not have more than 1 record");
}

/** Records have to reach the name servers; a recordset without any is ACTIVE at once. */
export const propagationOf = (
  records: readonly string[],
  action: "CREATE" | "UPDATE",
): Pick<RecordSetRow, "status" | "action"> =>
  records.length === 0 ? { status: "ACTIVE", action: "NONE" } : { status: "PENDING", action };

/** The values of a new recordset. */
export type NewRecordset = Pick<RecordSetRow, "name" | "type" | "records" | "ttl" | "description">;

/** Adds a recordset to a zone. */
export function addRecordset(designate: Designate, zone: ZoneRow, fields: NewRecordset): RecordSetRow {
  const { kernel } = designate.cloud;
  const row: RecordSetRow = {
    ...fields,
    ...propagationOf(fields.records, "CREATE"),
    id: designate.cloud.uuid("designate"),
    zoneId: zone.id,
    projectId: zone.projectId,
    managed: false,
    version: 1,
    createdMs: kernel.nowMs,
    updatedMs: null,
  };
  const { name, type, records } = fields;
  designate.slot.value.recordsets.set(row.id, row);
  kernel.record("designate", "recordset.create", row.id, { zone: zone.id, name, type, records });
  markChanged(designate, zone);
  return row;
}
