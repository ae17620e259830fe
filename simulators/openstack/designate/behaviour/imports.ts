import type { Designate, ZoneExportRow, ZoneImportRow } from "../state/state.ts";

const IMPORT_MS = 1_000;

const IMPORTED = "designate/imported";
const EXPORTED = "designate/exported";

interface ImportEnd {
  readonly id: string;
  readonly message: string;
}

/** Begins an import. Zone files are not read: it ends in an ERROR that says so. */
export function startImport(designate: Designate, projectId: string, isZoneFile: boolean): ZoneImportRow {
  const { kernel } = designate.cloud;
  const row: ZoneImportRow = {
    id: designate.cloud.uuid("designate"),
    projectId,
    status: "PENDING",
    message: null,
    version: 1,
    createdMs: kernel.nowMs,
    updatedMs: null,
  };
  designate.slot.value.imports.set(row.id, row);
  const message = isZoneFile ? "not simulated: the import of zone files" : "Malformed zonefile.";
  const end: ImportEnd = { id: row.id, message };
  kernel.timer(kernel.work(IMPORT_MS), IMPORTED, end);
  return row;
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
  kernel.onTimer<ImportEnd>(IMPORTED, ({ id, message }) => {
    const row = designate.slot.value.imports.get(id);
    if (row !== undefined) Object.assign(row, { status: "ERROR", message, version: 2, updatedMs: kernel.nowMs });
  });
}
