import { type Fields, requireField } from "./fields.ts";

/**
 * The resources that a VM needs, from which the CPI makes cloud properties (vm_resources.rb in
 * bosh-director).
 * @throws DirectorError 40000, 40001
 */
export const readVmResources = (fields: Fields): Fields => ({
  cpu: requireField(fields, "cpu", "integer"),
  ram: requireField(fields, "ram", "integer"),
  ephemeral_disk_size: requireField(fields, "ephemeral_disk_size", "integer"),
});
