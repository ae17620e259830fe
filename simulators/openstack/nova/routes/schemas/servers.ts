import type { Schema } from "../../../common/schema.ts";
import {
  ADDRESSES,
  BOOLEAN,
  DESCRIPTION,
  DISK_CONFIG,
  envelope,
  FLAVOR_REF,
  METADATA,
  NAME,
  objectSchema,
  PASSWORD,
  POSITIVE,
  since,
  TAG,
  TAGS,
  TEXT,
} from "./parts.ts";

/*
 * Bodies of requests about servers, by microversion. The order of members decides which failure is told first.
 */

const UUID = "^[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}$";
const IPV4 = "^(?:(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)(?:\\.(?!$)|$)){4}$";
const IPV6 = "^[0-9a-fA-F:]*:[0-9a-fA-F:.]*$";

const IMAGE_REF: Schema = {
  oneOf: [
    { type: "string", pattern: UUID },
    { type: "string", maxLength: 0 },
  ],
};

const network = (version: number): Schema => ({
  type: "object",
  properties: {
    fixed_ip: {
      type: "string",
      oneOf: [
        { type: "string", pattern: IPV4 },
        { type: "string", pattern: IPV6 },
      ],
    },
    port: { oneOf: [{ type: "string", pattern: UUID }, { type: "null" }] },
    uuid: { type: "string" },
    ...((version === 32 || version >= 42) && { tag: TAG }),
  },
  additionalProperties: false,
});

const BLOCK_DEVICE: Schema = {
  type: "object",
  properties: {
    source_type: { type: "string", enum: ["volume", "image", "snapshot", "blank"] },
    uuid: { type: "string", minLength: 1, maxLength: 255 },
    image_id: { type: "string", format: "uuid" },
    destination_type: { type: "string", enum: ["volume", "local"] },
    boot_index: { type: ["integer", "string", "null"], pattern: "^-?[0-9]+$" },
    volume_size: { type: ["integer", "string"], pattern: "^[0-9]+$", minimum: 1, minLength: 1 },
    delete_on_termination: BOOLEAN,
    device_name: { type: "string", minLength: 1, maxLength: 255, pattern: "^[a-zA-Z0-9._-r/]*$" },
    guest_format: { type: "string", maxLength: 255 },
    disk_bus: { type: "string" },
    device_type: { type: "string" },
    no_device: {},
    tag: TAG,
    volume_type: { type: ["string", "null"], minLength: 0, maxLength: 255 },
  },
  additionalProperties: false,
};

const HINTS: Schema = {
  type: "object",
  properties: {
    group: { type: "string", format: "uuid" },
    different_host: {},
    same_host: {},
    query: {},
    target_cell: { type: "string", minLength: 1, maxLength: 255 },
    different_cell: {},
    build_near_host_ip: { type: "string" },
    cidr: { type: "string" },
  },
  additionalProperties: true,
};

export function createSchema(version: number): Schema {
  const networks: Schema =
    version >= 37
      ? {
          oneOf: [
            { type: "array", items: network(version) },
            { type: "string", enum: ["none", "auto"] },
          ],
        }
      : { type: "array", items: network(version) };
  const properties: Record<string, Schema> = {
    name: NAME,
    imageRef: IMAGE_REF,
    flavorRef: FLAVOR_REF,
    adminPass: PASSWORD,
    metadata: METADATA,
    networks,
    "OS-DCF:diskConfig": DISK_CONFIG,
    ...ADDRESSES,
    availability_zone: { type: "string", minLength: 1, maxLength: 255 },
    block_device_mapping: { type: "array", items: { type: "object" } },
    block_device_mapping_v2: { type: "array", items: BLOCK_DEVICE },
    config_drive: BOOLEAN,
    key_name: { type: "string", minLength: 1, maxLength: 255 },
    min_count: POSITIVE,
    max_count: POSITIVE,
    return_reservation_id: BOOLEAN,
    security_groups: {
      type: "array",
      items: { type: "object", properties: { name: TEXT }, additionalProperties: false },
    },
    user_data: { type: "string", format: "base64", maxLength: 65535 },
    ...(version < 57 && { personality: { type: "array", items: { type: "object" } } }),
    ...since(version, 19, { description: DESCRIPTION }),
    ...since(version, 52, { tags: TAGS }),
    ...since(version, 63, { trusted_image_certificates: { type: ["array", "null"], maxItems: 50 } }),
    ...since(version, 74, { host: TEXT, hypervisor_hostname: TEXT }),
    ...since(version, 90, {
      hostname: { type: "string", minLength: 2, maxLength: 63, pattern: "^[a-zA-Z0-9]+[a-zA-Z0-9-]*[a-zA-Z0-9]+$" },
    }),
  };
  const required = version >= 37 ? ["name", "flavorRef", "networks"] : ["name", "flavorRef"];
  return {
    type: "object",
    properties: {
      server: { type: "object", properties, required, additionalProperties: false },
      "os:scheduler_hints": HINTS,
      "OS-SCH-HNT:scheduler_hints": HINTS,
    },
    required: ["server"],
    additionalProperties: false,
  };
}

export const updateSchema = (version: number): Schema =>
  envelope(
    "server",
    objectSchema({
      name: NAME,
      "OS-DCF:diskConfig": DISK_CONFIG,
      ...ADDRESSES,
      ...since(version, 19, { description: DESCRIPTION }),
      ...since(version, 90, { hostname: { type: "string", minLength: 2, maxLength: 63 } }),
    }),
  );
