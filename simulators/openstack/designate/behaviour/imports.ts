import { Refusal } from "../../refusal.ts";
import { checkQuota } from "../state/quotas.ts";
import type { Designate, ZoneExportRow, ZoneImportRow, ZoneRow } from "../state/state.ts";
import { badRequest } from "../wire/errors.ts";
import { parseRecords, recordType } from "../wire/records.ts";
import { parseZoneFile } from "../wire/zone-files.ts";
import { addRecordset, checkRecordCount } from "./recordsets.ts";
import { addZone, checkNewZone, isBelow } from "./zones.ts";

const IMPORT_MS = 1_000;

const IMPORTED = "designate/imported";
const EXPORTED = "designate/exported";

interface ImportEnd {
  readonly id: string;
  /** The zone file. */
  readonly text: string;
  readonly isAdmin: boolean;
}

/** Begins an import, which makes the zone of a file, or fails. */
export function startImport(designate: Designate, projectId: string, text: string, isAdmin: boolean): ZoneImportRow {
  const { kernel } = designate.cloud;
  const row: ZoneImportRow = {
    id: designate.cloud.uuid("designate"),
    projectId,
    zoneId: null,
    status: "PENDING",
    message: null,
    version: 1,
    createdMs: kernel.nowMs,
    updatedMs: null,
  };
  designate.slot.value.imports.set(row.id, row);
  const end: ImportEnd = { id: row.id, text, isAdmin };
  kernel.timer(kernel.work(IMPORT_MS), IMPORTED, end);
  return row;
}

/** Makes the zone and its recordsets. @throws Refusal where the service would refuse them */
function importZone(designate: Designate, projectId: string, { text, isAdmin }: ImportEnd): ZoneRow {
  const parsed = parseZoneFile(text);
  if (parsed === undefined) throw badRequest("bad_request", "Malformed zonefile.");
  checkNewZone(designate, { isAdmin }, projectId, parsed.name);
  const sets = parsed.recordsets.filter(({ name, type }) => !(type === "NS" && name === parsed.name));
  for (const { name, type, records } of sets) {
    if (name !== parsed.name && !isBelow(name, parsed.name))
      throw badRequest("invalid_recordset_location", "RecordSet is not contained within it's parent zone");
    parseRecords(recordType(type), records);
    checkRecordCount(type, records);
  }
  checkQuota(designate, projectId, "zone_recordsets", sets.length);
  const { name, email, ttl } = parsed;
  const zone = addZone(designate, projectId, { name, email, ttl, description: null, attributes: {} });
  for (const set of sets) addRecordset(designate, zone, { ...set, description: null });
  return zone;
}

function endImport(designate: Designate, end: ImportEnd): void {
  const row = designate.slot.value.imports.get(end.id);
  if (row === undefined) return;
  const { nowMs } = designate.cloud.kernel;
  try {
    const { id, name } = importZone(designate, row.projectId, end);
    Object.assign(row, { status: "COMPLETE", zoneId: id, message: `${name} imported` });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    Object.assign(row, { status: "ERROR", message: error.message === "" ? "Malformed zonefile." : error.message });
  }
  Object.assign(row, { version: 2, updatedMs: nowMs });
}

/** Begins an export. */
export function startExport({ slot, cloud }: Designate, row: ZoneExportRow): void {
  slot.value.exports.set(row.id, row);
  cloud.kernel.timer(cloud.kernel.work(IMPORT_MS), EXPORTED, row.id);
}

/** Declares the timers that finish imports and exports. */
export function installImports(designate: Designate): void {
  const { kernel } = designate.cloud;
  kernel.onTimer<string>(EXPORTED, (id) => {
    const row = designate.slot.value.exports.get(id);
    if (row !== undefined) Object.assign(row, { status: "COMPLETE", version: 2, updatedMs: kernel.nowMs });
  });
  kernel.onTimer<ImportEnd>(IMPORTED, (end) => endImport(designate, end));
}
