import { isoSeconds } from "../../../kernel/index.ts";
import type { ImageRow } from "../state.ts";

/** An image as the API shows it. */
export function imageView(row: ImageRow): Readonly<Record<string, unknown>> {
  return {
    ...row.properties,
    name: row.name,
    disk_format: row.diskFormat,
    container_format: row.containerFormat,
    visibility: row.visibility,
    size: row.size,
    virtual_size: virtualSize(row),
    status: row.status,
    checksum: row.checksum,
    protected: row.isProtected,
    min_ram: row.minRamMb,
    min_disk: row.minDiskGb,
    owner: row.projectId,
    os_hidden: row.isHidden,
    os_hash_algo: row.sha512 === null ? null : "sha512",
    os_hash_value: row.sha512,
    id: row.id,
    created_at: isoSeconds(row.createdMs),
    updated_at: isoSeconds(row.updatedMs),
    tags: row.tags,
    self: `/v2/images/${row.id}`,
    file: `/v2/images/${row.id}/file`,
    schema: "/v2/schemas/image",
  };
}

/** Known of raw data only, once it is there. */
function virtualSize({ size, status, diskFormat, containerFormat }: ImageRow): number | null {
  const isKnown = size !== null && size > 0 && status === "active";
  return isKnown && diskFormat === "raw" && containerFormat === "bare" ? size : null;
}
