import { type Glance, type ImageData, type ImageRow, touch } from "../state.ts";
import { digestData, fill } from "./data.ts";

/** How long an import of staged data takes, in a world of pace 1. */
const IMPORT_MS = 800;

/** Timer of an import's end. */
const IMPORTED = "glance/imported";

/** Declares the timer that ends imports. */
export function defineImports(glance: Glance): void {
  glance.cloud.kernel.onTimer<{ id: string }>(IMPORTED, ({ id }) => endImport(glance, id));
}

/**
 * What an address on the web would have sent: no simulated cloud reaches the web, so the bytes follow from the address. The same address
 * always gives the same image.
 */
export const madeUpData = (uri: string): ImageData => digestData(`simulated content of ${uri}\n`);

/** Starts the import of staged data. */
export function startImport({ cloud }: Glance, row: ImageRow): void {
  row.status = "importing";
  row.properties = { ...row.properties, os_glance_import_task: cloud.uuid("glance") };
  cloud.kernel.timer(cloud.kernel.work(IMPORT_MS), IMPORTED, { id: row.id });
}

/** Does nothing when the image is gone, or is no longer importing. */
function endImport(glance: Glance, id: string): void {
  const row = glance.slot.value.images.get(id);
  if (row?.status !== "importing" || row.staged === null) return;
  row.properties = { ...row.properties, os_glance_importing_to_stores: "", os_glance_failed_import: "" };
  fill(glance, row, row.staged);
}

/** Stages data for a later import. */
export function stageData(glance: Glance, row: ImageRow, staged: ImageRow["staged"] & object): void {
  Object.assign(row, { status: "uploading", size: staged.size, staged });
  touch(glance, row);
}
